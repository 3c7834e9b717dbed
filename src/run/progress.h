// SPDX-License-Identifier: MIT
#pragma once
// Progress: what a person watches while something long runs. On a terminal one line that is redrawn (bar,
// done/total, rate, extra facts such as success, time left); elsewhere a plain line every few seconds.
// Goes to stderr; a closed or full stderr is ignored. Threads: one.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inknav::run {

struct ProgressSettings {
  std::string title;       // "training", "generating homes"
  std::int64_t total = 0;  // 0: unknown
  std::string unit = "updates";
  double plain_interval_s = 10.0;  // between lines when stderr is not a terminal
  std::optional<bool> terminal;    // nullopt: ask the system
  bool quiet = false;              // ranks other than 0
};

class Progress {
 public:
  explicit Progress(ProgressSettings settings, std::int64_t done = 0);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `facts` stands after the bar: "812 frames/s  success 0.31". Cheap when called often (10 Hz at most
  /// drawn).
  void update(std::int64_t done, std::string_view facts = {});
  /// Draws the last state and leaves it; then the display is off.
  void finish(std::string_view facts = {});

 private:
  void draw(std::string_view facts, bool last);

  ProgressSettings settings_;
  bool terminal_ = false;
  bool finished_ = false;
  std::int64_t first_ = 0;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::optional<std::chrono::steady_clock::time_point> drawn_;
};

struct ProgressState {
  std::string title;
  std::string unit;
  std::int64_t done = 0;
  std::int64_t total = 0;
  double elapsed_s = 0.0;
  std::optional<double> left_s;
  std::string facts;
};
/// The line for a terminal of `columns`, never longer; and the plain form.
std::string progress_bar_line(const ProgressState& state, int columns);
std::string progress_plain_line(const ProgressState& state);

}  // namespace inknav::run
