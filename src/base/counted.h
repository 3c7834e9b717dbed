// SPDX-License-Identifier: MIT
#pragma once
// counted: a number with its noun, for sentences that a person reads: "1 scene", "2 scenes".
//
// The plural takes an s; a noun that does not is written out by the caller. Threads: pure. Never fails.

#include <cstddef>
#include <string>
#include <string_view>

namespace inknav::base {

inline std::string counted(std::size_t number, std::string_view noun) {
  std::string text = std::to_string(number);
  text += ' ';
  text += noun;
  if (number != 1) text += 's';
  return text;
}

}  // namespace inknav::base
