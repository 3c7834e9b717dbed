// SPDX-License-Identifier: MIT
#pragma once
// Fault: an Error on its way through an interface that returns no Result, because what fails there is rare
// and nothing on the way could do anything about it (memory of a device in the middle of a step). Thrown
// where it happens, caught where there is a Result again. Everything else returns its Error.

#include <exception>
#include <utility>

#include "base/result.h"

namespace inknav::base {

class Fault : public std::exception {
 public:
  explicit Fault(Error error) : error_(std::move(error)) {}
  const Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

}  // namespace inknav::base
