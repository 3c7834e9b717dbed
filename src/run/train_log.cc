// SPDX-License-Identifier: MIT
#include "run/train_log.h"

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace inknav::run {

base::Result<TrainLog> TrainLog::open(const std::filesystem::path& path, bool debug) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string(), /*truncate=*/false);
    sink->set_pattern("%Y-%m-%d %H:%M:%S %l %v");
    spdlog::default_logger()->sinks().push_back(sink);
    // The console's own level stays as it is.
    spdlog::default_logger()->set_level(debug ? spdlog::level::debug : spdlog::level::info);
    spdlog::default_logger()->flush_on(spdlog::level::info);
    return TrainLog(std::move(sink));
  } catch (const spdlog::spdlog_ex& problem) {
    return base::Error{base::ErrorCode::kDisk,
                       path.string() + ": a log file to append to was wanted, found: " + problem.what() +
                           "; check the folder or set LOG_FILE"};
  }
}

TrainLog::TrainLog(std::shared_ptr<void> sink) : sink_(std::move(sink)) {}
TrainLog::TrainLog(TrainLog&&) noexcept = default;

TrainLog::~TrainLog() {
  if (sink_ == nullptr) return;
  auto& sinks = spdlog::default_logger()->sinks();
  std::erase_if(sinks, [this](const spdlog::sink_ptr& sink) { return sink.get() == sink_.get(); });
}

std::string format_status(const TrainStatus& status) {
  std::string line = fmt::format("update {}/{}  frames {}  fps {:.0f}  env {:.2f} s  network {:.2f} s",
                                 status.update, status.num_updates, status.frames, status.frames_per_second,
                                 status.env_seconds, status.network_seconds);
  if (status.reward) line += fmt::format("  reward {:.2f}", *status.reward);
  if (status.success) line += fmt::format("  success {:.2f}", *status.success);
  if (status.spl) line += fmt::format("  spl {:.2f}", *status.spl);
  if (status.eta_seconds) line += "  eta " + format_duration(*status.eta_seconds);
  return line;
}

std::string format_duration(double seconds) {
  const auto total = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  const long long days = total / 86400, hours = total / 3600 % 24, minutes = total / 60 % 60;
  if (days > 0) return fmt::format("{} d {} h", days, hours);
  if (hours > 0) return fmt::format("{} h {} min", hours, minutes);
  if (minutes > 0) return fmt::format("{} min {} s", minutes, total % 60);
  return fmt::format("{} s", total);
}

}  // namespace inknav::run
