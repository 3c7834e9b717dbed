// SPDX-License-Identifier: MIT
#pragma once
// An environment variable for the length of a test. Threads: none may read or write the environment
// meanwhile.

#include <cstdlib>
#include <optional>
#include <string>

namespace inknav::base {

class ScopedEnvironment {
 public:
  /// A null value: not set.
  ScopedEnvironment(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name); before != nullptr) before_ = before;
    set(value);
  }
  ~ScopedEnvironment() { set(before_ ? before_->c_str() : nullptr); }
  ScopedEnvironment(const ScopedEnvironment&) = delete;
  ScopedEnvironment& operator=(const ScopedEnvironment&) = delete;

 private:
  void set(const char* value) const { value == nullptr ? unsetenv(name_) : setenv(name_, value, 1); }

  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace inknav::base
