// SPDX-License-Identifier: MIT
#pragma once
// BlockPool: many short lists of one plain type in few large blocks, each list named by eight bytes. For
// tables of a million episodes, where a vector a list would cost more than what is in it.
//
// A list never moves, lies in one piece and is at most kBlock elements long. Blocks are of kBlock elements,
// so growing copies nothing and at most one block is not full but for the ends that a list did not fit into.
// At most 2^32 - 1 elements in all. Reading is safe from many threads, appending is not.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "base/check.h"

namespace inknav::task::habitat {

struct Slice {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
  bool operator==(const Slice&) const = default;
};

template <typename T, std::uint32_t kBlock = (1u << 20) / sizeof(T)>
class BlockPool {
 public:
  static_assert(std::is_trivially_copyable_v<T>);
  static constexpr std::size_t kMaxList = kBlock;

  /// Whether a list of `size` elements still has a place.
  bool has_room(std::size_t size) const {
    return size <= kBlock && end_ + kBlock + size <= std::numeric_limits<std::uint32_t>::max();
  }

  Slice append(std::span<const T> list) {
    INKNAV_CHECK(has_room(list.size()), list.size(), end_);
    if (list.empty()) return {};
    const std::uint64_t left = blocks_.size() * std::uint64_t{kBlock} - end_;
    if (list.size() > left) {
      end_ += left;
      blocks_.push_back(std::make_unique_for_overwrite<T[]>(kBlock));
    }
    std::copy(list.begin(), list.end(), blocks_.back().get() + end_ % kBlock);
    const Slice slice{static_cast<std::uint32_t>(end_), static_cast<std::uint32_t>(list.size())};
    end_ += list.size();
    return slice;
  }

  std::span<const T> view(const Slice& slice) const {
    if (slice.size == 0) return {};
    return {blocks_[slice.begin / kBlock].get() + slice.begin % kBlock, slice.size};
  }

  std::size_t num_bytes() const { return blocks_.size() * std::size_t{kBlock} * sizeof(T); }

 private:
  std::uint64_t end_ = 0;  // of the list appended last
  std::vector<std::unique_ptr<T[]>> blocks_;
};

}  // namespace inknav::task::habitat
