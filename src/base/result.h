// SPDX-License-Identifier: MIT
#pragma once
// Result<T>: the way in which the world's faults (files, configs, disks, peers, memory) travel.
//
// A function that can fail because of something outside the program returns Result<T> or Status.
// Our own bugs are INKNAV_CHECK (base/check.h), never a Result.
// An Error says what was wanted, what was found, where, and what to do. ErrorCode is the exit code of the
// program when nobody handles the error (DESIGN.md, "Command line").
// Threads: values, no shared state. Cost: one std::variant. Reading the wrong side is a bug and is checked.

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace inknav::base {

/// The values are the documented exit codes.
enum class ErrorCode : int {
  kUsage = 2,         // command line or configuration
  kData = 3,          // scene, drawing, episode or checkpoint
  kDiverged = 4,      // training produced non-finite numbers and could not recover
  kDeviceMemory = 5,  // out of device memory
  kDisk = 6,          // no space, read-only, I/O error
  kPeer = 7,          // another rank was lost
  kPreempted = 75,    // stopped by a signal after saving
};

struct Error {
  ErrorCode code = ErrorCode::kData;
  std::string message;  // "<where>: <wanted>, <found>; <what to do>"
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    INKNAV_CHECK(ok(), error_text());
    return std::get<0>(state_);
  }
  const T& value() const& {
    INKNAV_CHECK(ok(), error_text());
    return std::get<0>(state_);
  }
  T&& value() && {
    INKNAV_CHECK(ok(), error_text());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    INKNAV_CHECK(!ok());
    return std::get<1>(state_);
  }

 private:
  std::string error_text() const { return ok() ? std::string() : std::get<1>(state_).message; }
  std::variant<T, Error> state_;
};

struct Unit {};
using Status = Result<Unit>;
inline Status ok_status() { return Unit{}; }

}  // namespace inknav::base

/// Returns the error of `expression` (a Result) from the enclosing function, if it has one.
#define INKNAV_RETURN_IF_ERROR(expression)                 \
  do {                                                     \
    auto inknav_status = (expression);                     \
    if (!inknav_status.ok()) return inknav_status.error(); \
  } while (false)

#define INKNAV_CONCAT_INNER(a, b) a##b
#define INKNAV_CONCAT(a, b) INKNAV_CONCAT_INNER(a, b)
/// `INKNAV_ASSIGN_OR_RETURN(auto mesh, load(path));` declares mesh or returns the error.
#define INKNAV_ASSIGN_OR_RETURN(declaration, expression) \
  INKNAV_ASSIGN_OR_RETURN_INNER(INKNAV_CONCAT(inknav_result_, __LINE__), declaration, expression)
#define INKNAV_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                          \
  if (!result.ok()) return result.error();                             \
  declaration = std::move(result).value()
