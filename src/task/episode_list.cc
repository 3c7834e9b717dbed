// SPDX-License-Identifier: MIT
#include "task/episode_list.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/hash.h"

namespace inknav::task {

void EpisodeList::add(Episode&& episode) {
  if (size_ % kBlock == 0) blocks_.emplace_back().reserve(kBlock);
  blocks_.back().push_back(std::move(episode));
  ++size_;
}

std::vector<Episode> EpisodeList::take() {
  std::vector<Episode> episodes;
  episodes.reserve(size_);
  for (std::vector<Episode>& block : blocks_) {
    std::move(block.begin(), block.end(), std::back_inserter(episodes));
    std::vector<Episode>().swap(block);
  }
  blocks_.clear();
  size_ = 0;
  return episodes;
}

base::Status EpisodeList::check_unique(std::size_t first, const std::string& name) const {
  struct Entry {
    std::uint64_t hash;
    std::uint32_t index;
    auto operator<=>(const Entry&) const = default;
  };
  std::vector<Entry> entries;
  entries.reserve(size_ - first);
  std::string text;
  for (std::size_t i = first; i < size_; ++i) {
    const Episode& episode = (*this)[i];
    text = episode.scene_id;
    text += '\n';
    text += episode.episode_id;
    entries.push_back({base::xxh3_128(text.data(), text.size()).low, static_cast<std::uint32_t>(i)});
  }
  std::sort(entries.begin(), entries.end());
  std::optional<std::uint32_t> twice;  // the first in the file
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    for (std::size_t k = i; k > 0 && entries[k - 1].hash == entry.hash; --k) {
      const Episode &a = (*this)[entries[k - 1].index], &b = (*this)[entry.index];
      if (a.episode_id != b.episode_id || a.scene_id != b.scene_id) continue;
      twice = std::min(twice.value_or(entry.index), entry.index);
      break;
    }
  }
  if (!twice) return base::ok_status();
  const Episode& episode = (*this)[*twice];
  return base::Error{base::ErrorCode::kData, name + ": episodes[" + std::to_string(*twice - first) +
                                                 "].episode_id '" + episode.episode_id +
                                                 "' appears twice in scene '" + episode.scene_id +
                                                 "', so its drawing is not determined; number them anew"};
}

}  // namespace inknav::task
