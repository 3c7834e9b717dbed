// SPDX-License-Identifier: MIT
#pragma once
// Logging: spdlog behind one name. log_info("{} scenes", n) and so on, formatted by fmt.
// The console sink writes to stderr; run/ adds train.log as a second sink.
// Threads: safe from any. Never called inside a step of the hot loop.

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace inknav::base {

template <typename... Args>
void log_info(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
/// Only in train.log, and only with DEBUG True.
template <typename... Args>
void log_debug(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_warning(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_error(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}

}  // namespace inknav::base
