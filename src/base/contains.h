// SPDX-License-Identifier: MIT
#pragma once
// contains: whether a value is in a list.
//
// Compares with ==, one after the other, so a list of strings can be asked for a string_view. Linear; for the
// short lists of a configuration. Threads: pure. Never fails.

#include <algorithm>

namespace inknav::base {

template <typename List, typename Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace inknav::base
