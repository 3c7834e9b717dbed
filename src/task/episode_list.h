// SPDX-License-Identifier: MIT
#pragma once
// EpisodeList: episodes while a file is read. Growing moves nothing and needs no second copy, so that the
// peak of memory is the list itself. Not thread-safe.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "task/episode.h"

namespace inknav::task {

class EpisodeList {
 public:
  static constexpr std::size_t kMaxEpisodes = 10'000'000;

  void add(Episode&& episode);
  std::size_t size() const { return size_; }
  Episode& operator[](std::size_t i) { return blocks_[i / kBlock][i % kBlock]; }
  const Episode& operator[](std::size_t i) const { return blocks_[i / kBlock][i % kBlock]; }
  /// Leaves the list empty. Each block is freed as soon as it is moved.
  std::vector<Episode> take();

  /// Drops the episodes from `first` on that `keep` does not hold for; their order stays.
  template <typename Keep>
  void keep_from(std::size_t first, const Keep& keep) {
    std::size_t kept = first;
    for (std::size_t i = first; i < size_; ++i) {
      if (!keep((*this)[i])) continue;
      if (kept != i) (*this)[kept] = std::move((*this)[i]);
      ++kept;
    }
    while (size_ > kept) {
      blocks_.back().pop_back();
      if (blocks_.back().empty()) blocks_.pop_back();
      --size_;
    }
  }

  /// kData when two episodes from `first` on have the same scene and id; `name` is the file.
  base::Status check_unique(std::size_t first, const std::string& name) const;

 private:
  static constexpr std::size_t kBlock = 4096;
  std::vector<std::vector<Episode>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace inknav::task
