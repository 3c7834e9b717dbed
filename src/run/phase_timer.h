// SPDX-License-Identifier: MIT
#pragma once
// PhaseTimer: where the time of an update goes. Phases are named once; begin/end cost two clock reads and no
// allocation. medians() is over the updates since the last clear (at most kWindow of them).
//
//   PhaseTimer timer({"simulate", "render", "infer", "learn"});
//   { PhaseTimer::Scope scope(timer, kRender); ... }
//   timer.end_update();
// Threads: one.

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace inknav::run {

class PhaseTimer {
 public:
  static constexpr std::size_t kWindow = 256;

  explicit PhaseTimer(std::vector<std::string> phases);

  class Scope {
   public:
    Scope(PhaseTimer& timer, std::size_t phase)
        : timer_(timer), phase_(phase), start_(std::chrono::steady_clock::now()) {}
    ~Scope() {
      timer_.add(phase_, std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    PhaseTimer& timer_;
    std::size_t phase_;
    std::chrono::steady_clock::time_point start_;
  };

  void add(std::size_t phase, double seconds);
  /// Closes an update: the phases' sums since the last call become one sample each.
  void end_update();

  const std::vector<std::string>& phases() const { return phases_; }
  /// Seconds an update, per phase; 0 before the first update.
  std::vector<double> medians() const;
  /// Seconds since clear(), per phase.
  const std::vector<double>& totals() const { return totals_; }
  void clear();

 private:
  std::vector<std::string> phases_;
  std::vector<double> current_;
  std::vector<double> totals_;
  std::vector<std::array<double, kWindow>> samples_;
  std::size_t num_updates_ = 0;
};

}  // namespace inknav::run
