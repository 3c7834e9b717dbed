// SPDX-License-Identifier: MIT
#include "run/console_log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace inknav::run {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";
std::atomic<bool> bar_standing{false};

class ConsoleSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line = bar_standing.exchange(false) ? kClearLine : "";
    if (message.level == spdlog::level::warn) line += "warning: ";
    if (message.level >= spdlog::level::err) line += "error: ";
    line.append(message.payload.data(), message.payload.size());
    line += '\n';
    // A closed or full stderr loses the line, never the run.
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
  }
  void flush_() override {}
};

}  // namespace

void install_console_log(bool main_rank) {
  auto sink = std::make_shared<ConsoleSink>();
  sink->set_level(main_rank ? spdlog::level::info : spdlog::level::warn);
  auto logger = std::make_shared<spdlog::logger>("inknav", sink);
  logger->set_level(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

namespace internal {
void set_bar_on_terminal(bool standing) { bar_standing.store(standing); }
}  // namespace internal

}  // namespace inknav::run
