// SPDX-License-Identifier: MIT
#pragma once
// How many members an aggregate has, at compile time: for tests that a list of members names all of them.
// Arrays as members would be counted by their elements; there are none where this is used.

#include <cstddef>
#include <utility>

namespace inknav::base {
namespace internal {

struct AnyMember {
  template <typename T>
  operator T() const;  // NOLINT: implicit by design; never defined
};

template <typename Aggregate, std::size_t... kIndices>
constexpr bool takes(std::index_sequence<kIndices...>) {
  return requires { Aggregate{(static_cast<void>(kIndices), AnyMember{})...}; };
}

}  // namespace internal

/// Of more than kMost members, kMost.
template <typename Aggregate, std::size_t kMost = 64>
constexpr std::size_t member_count() {
  if constexpr (kMost == 0 || internal::takes<Aggregate>(std::make_index_sequence<kMost>{})) {
    return kMost;
  } else {
    return member_count<Aggregate, kMost - 1>();
  }
}

}  // namespace inknav::base
