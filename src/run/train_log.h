// SPDX-License-Identifier: MIT
#pragma once
// train.log: everything that base/log.h says also goes, with date and level, into the run's log file; and the
// one line that training writes every LOG_INTERVAL updates.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace inknav::run {

/// Adds the file as a second sink (appending) for the life of the object.
class TrainLog {
 public:
  /// `debug`: also the lines of log_debug.
  static base::Result<TrainLog> open(const std::filesystem::path& path, bool debug = false);
  TrainLog(TrainLog&&) noexcept;
  TrainLog& operator=(TrainLog&&) = delete;
  ~TrainLog();

 private:
  explicit TrainLog(std::shared_ptr<void> sink);
  std::shared_ptr<void> sink_;
};

struct TrainStatus {
  std::int64_t update = 0;  // done
  std::int64_t num_updates = 0;
  std::int64_t frames = 0;  // agent steps over all ranks
  double frames_per_second = 0.0;
  double env_seconds = 0.0;      // since the last line: simulation and rendering
  double network_seconds = 0.0;  // since the last line: inference and learning
  std::optional<double> reward;  // window means; none before the first finished episode
  std::optional<double> success;
  std::optional<double> spl;
  std::optional<double> eta_seconds;
};

/// "update 120/10000  frames 61440  fps 812  env 1.90 s  network 3.20 s  reward 2.14  success 0.31  spl 0.25
/// eta 2 h 10 min"
std::string format_status(const TrainStatus& status);

/// "45 s", "12 min 30 s", "2 h 10 min", "3 d 4 h".
std::string format_duration(double seconds);

}  // namespace inknav::run
