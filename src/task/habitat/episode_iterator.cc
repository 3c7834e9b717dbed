// SPDX-License-Identifier: MIT
#include "task/habitat/episode_iterator.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "base/check.h"

namespace inknav::task::habitat {

namespace {

template <typename T>
void put(std::vector<std::uint8_t>& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof(T));
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

void put_list(std::vector<std::uint8_t>& bytes, const std::vector<std::uint32_t>& list) {
  put(bytes, static_cast<std::uint64_t>(list.size()));
  for (const std::uint32_t value : list) put(bytes, value);
}

class Taker {
 public:
  explicit Taker(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  template <typename T>
  bool take(T& value) {
    if (bytes_.size() < sizeof(T)) return false;
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_ = bytes_.subspan(sizeof(T));
    return true;
  }
  /// Indices below `limit`, at most as many.
  bool take_list(std::vector<std::uint32_t>& list, std::size_t limit) {
    std::uint64_t size = 0;
    if (!take(size) || size > limit || bytes_.size() < size * sizeof(std::uint32_t)) return false;
    list.resize(size);
    for (std::uint32_t& value : list) {
      if (!take(value) || value >= limit) return false;
    }
    return true;
  }
  bool empty() const { return bytes_.empty(); }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace

EpisodeIterator::EpisodeIterator(const IteratorSettings& settings,
                                 std::span<const std::uint32_t> scene_of_episode, std::uint64_t seed,
                                 std::uint32_t environment)
    : settings_(settings),
      scenes_(scene_of_episode.begin(), scene_of_episode.end()),
      seed_(seed),
      environment_(environment),
      order_(scene_of_episode.size()) {
  std::iota(order_.begin(), order_.end(), 0u);
  if (settings_.num_episode_sample >= 0) {
    shuffle(order_);  // the first of a shuffled list are a sample without replacement
    order_.resize(std::min(order_.size(), static_cast<std::size_t>(settings_.num_episode_sample)));
  }
  if (settings_.shuffle) shuffle(order_);
  if (settings_.group_by_scene) group(order_);
  round_ = order_;
  draw_step_limit();
}

base::PhiloxStream EpisodeIterator::stream() {
  return base::PhiloxStream({seed_, environment_, draws_++, 0, base::Purpose::kEpisodeOrder});
}

/// Fisher and Yates.
void EpisodeIterator::shuffle(std::vector<std::uint32_t>& list) {
  base::PhiloxStream random = stream();
  for (std::size_t i = list.size(); i > 1; --i) {
    std::swap(list[i - 1], list[random.uniform_int(static_cast<std::uint32_t>(i))]);
  }
}

/// Stable: scenes in order of their first episode.
void EpisodeIterator::group(std::vector<std::uint32_t>& list) const {
  std::unordered_map<std::uint32_t, std::uint32_t> rank;
  for (const std::uint32_t episode : list) {
    rank.emplace(scenes_[episode], static_cast<std::uint32_t>(rank.size()));
  }
  std::stable_sort(list.begin(), list.end(), [&](std::uint32_t a, std::uint32_t b) {
    return rank.at(scenes_[a]) < rank.at(scenes_[b]);
  });
}

void EpisodeIterator::draw_step_limit() {
  const auto steps = static_cast<double>(settings_.max_scene_repeat_steps);
  if (settings_.max_scene_repeat_steps <= 0) return;
  const auto low = static_cast<std::int64_t>(steps * (1.0 - settings_.step_repetition_range));
  const auto high = static_cast<std::int64_t>(steps * (1.0 + settings_.step_repetition_range));
  base::PhiloxStream random = stream();
  const auto width = static_cast<std::uint32_t>(std::clamp<std::int64_t>(high - low, 0, 0xfffffffe)) + 1;
  step_limit_ = low + random.uniform_int(width);
}

/// The first run of equal scenes of what is left goes behind the others, whichever scene it is.
void EpisodeIterator::next_scene() {
  const auto left = round_.begin() + static_cast<std::ptrdiff_t>(at_);
  const auto other = std::find_if(left, round_.end(),
                                  [&](std::uint32_t episode) { return scenes_[episode] != scenes_[*left]; });
  std::rotate(left, other, round_.end());
}

std::optional<std::uint32_t> EpisodeIterator::next() {
  ++episodes_;
  const bool too_many =
      settings_.max_scene_repeat_episodes > 0 && episodes_ >= settings_.max_scene_repeat_episodes;
  const bool too_long = step_limit_ >= 0 && steps_ >= step_limit_;
  if (too_many || too_long) {
    next_scene();
    draw_step_limit();
  }
  if (at_ == round_.size()) {
    if (!settings_.cycle || order_.empty()) return std::nullopt;
    round_ = order_;
    at_ = 0;
    if (settings_.shuffle) {
      shuffle(round_);
      if (settings_.group_by_scene) group(round_);
    }
  }
  const std::uint32_t episode = round_[at_++];
  if (scene_ && *scene_ != scenes_[episode]) episodes_ = steps_ = 0;
  scene_ = scenes_[episode];
  return episode;
}

std::vector<std::uint8_t> EpisodeIterator::save() const {
  std::vector<std::uint8_t> bytes;
  put_list(bytes, order_);
  put_list(bytes, round_);
  put(bytes, static_cast<std::uint64_t>(at_));
  put(bytes, draws_);
  put(bytes, episodes_);
  put(bytes, steps_);
  put(bytes, step_limit_);
  put(bytes, static_cast<std::uint8_t>(scene_.has_value()));
  put(bytes, scene_.value_or(0));
  return bytes;
}

base::Status EpisodeIterator::restore(std::span<const std::uint8_t> bytes) {
  Taker in(bytes);
  EpisodeIterator read = *this;
  std::uint64_t at = 0;
  std::uint8_t has_scene = 0;
  std::uint32_t scene = 0;
  const bool sound = in.take_list(read.order_, scenes_.size()) && in.take_list(read.round_, scenes_.size()) &&
                     in.take(at) && in.take(read.draws_) && in.take(read.episodes_) && in.take(read.steps_) &&
                     in.take(read.step_limit_) && in.take(has_scene) && in.take(scene) && in.empty() &&
                     read.order_.size() == order_.size() && read.round_.size() == order_.size() &&
                     at <= order_.size();
  if (!sound) {
    return base::Error{base::ErrorCode::kData,
                       "the order of episodes: a state of " + std::to_string(order_.size()) +
                           " episodes was wanted, the checkpoint has another; was the data set changed?"};
  }
  read.at_ = at;
  read.scene_ = has_scene != 0 ? std::optional(scene) : std::nullopt;
  *this = std::move(read);
  return base::ok_status();
}

}  // namespace inknav::task::habitat
