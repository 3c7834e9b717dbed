// SPDX-License-Identifier: MIT
#pragma once
// EpisodeCache: what has been computed for episodes (distance fields, drawings), by episode index, the
// longest unused dropped when a budget of bytes is passed. Entries in use live on through their shared_ptr.
// What is cached never changes a result, only its cost. Not thread-safe. find() allocates nothing.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"

namespace inknav::task {

template <typename T>
class EpisodeCache {
 public:
  EpisodeCache(std::size_t num_episodes, std::size_t budget_bytes)
      : budget_(budget_bytes), entries_(num_episodes + 1), end_(num_episodes) {
    entries_[end_].previous = entries_[end_].next = end_;
  }

  /// Null when it is not there; otherwise it is now the most recently used.
  const std::shared_ptr<const T>& find(std::size_t episode) {
    Entry& entry = entries_.at(episode);
    if (entry.value != nullptr) {
      unlink(episode);
      link_first(episode);
    }
    return entry.value;
  }

  void insert(std::size_t episode, std::shared_ptr<const T> value, std::size_t num_bytes) {
    INKNAV_CHECK(value != nullptr && entries_.at(episode).value == nullptr, episode);
    entries_[episode].value = std::move(value);
    entries_[episode].num_bytes = num_bytes;
    link_first(episode);
    used_ += num_bytes;
    while (used_ > budget_ && entries_[end_].previous != episode) drop(entries_[end_].previous);
  }

  std::size_t used_bytes() const { return used_; }

 private:
  struct Entry {
    std::shared_ptr<const T> value;
    std::size_t num_bytes = 0;
    std::size_t previous = 0;  // ring of the present entries, most recently used after end_
    std::size_t next = 0;
  };

  void unlink(std::size_t episode) {
    entries_[entries_[episode].previous].next = entries_[episode].next;
    entries_[entries_[episode].next].previous = entries_[episode].previous;
  }
  void link_first(std::size_t episode) {
    entries_[episode].previous = end_;
    entries_[episode].next = entries_[end_].next;
    entries_[entries_[end_].next].previous = episode;
    entries_[end_].next = episode;
  }
  void drop(std::size_t episode) {
    unlink(episode);
    used_ -= entries_[episode].num_bytes;
    entries_[episode].value.reset();
  }

  std::size_t budget_;
  std::size_t used_ = 0;
  std::vector<Entry> entries_;
  std::size_t end_;
};

}  // namespace inknav::task
