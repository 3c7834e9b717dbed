// SPDX-License-Identifier: MIT
#pragma once
// Damaged copies of a valid file, for tests: cut off at 50 places, one byte changed at 500. Tests only.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/philox.h"

namespace inknav::scene::testing {

using Bytes = std::vector<std::uint8_t>;

inline Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

/// `check` is called with each copy and whether it was cut off.
inline void for_each_damage(const Bytes& whole, const std::function<void(const Bytes&, bool)>& check) {
  constexpr std::size_t kCuts = 50;
  constexpr std::uint32_t kFlips = 500;
  for (std::size_t i = 0; i < kCuts; ++i) {
    const std::size_t length = whole.size() * i / kCuts;
    check({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}, true);
  }
  for (std::uint32_t i = 0; i < kFlips; ++i) {
    base::PhiloxStream random({.seed = 11, .step = i});
    Bytes changed = whole;
    const auto at = random.uniform_int(static_cast<std::uint32_t>(whole.size()));
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ (1 + random.uniform_int(255u)));
    check(changed, false);
  }
}

}  // namespace inknav::scene::testing
