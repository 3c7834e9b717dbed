// SPDX-License-Identifier: MIT
#pragma once
// INKNAV_CHECK(condition, values...): our own bug. Always on; prints the condition, the place and the
// values, then aborts. Never used for a fault of the outside world (that is base/result.h).

#include <sstream>
#include <string>

namespace inknav::base::internal {

[[noreturn]] void check_failed(const char* condition, const char* file, int line, const std::string& values);

template <typename... Values>
std::string check_values(const Values&... values) {
  std::ostringstream text;
  ((text << " [" << values << "]"), ...);
  return text.str();
}

}  // namespace inknav::base::internal

#define INKNAV_CHECK(condition, ...)                                                               \
  do {                                                                                             \
    if (!(condition)) [[unlikely]] {                                                               \
      ::inknav::base::internal::check_failed(#condition, __FILE__, __LINE__,                       \
                                             ::inknav::base::internal::check_values(__VA_ARGS__)); \
    }                                                                                              \
  } while (false)
