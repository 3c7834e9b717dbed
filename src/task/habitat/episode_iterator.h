// SPDX-License-Identifier: MIT
#pragma once
// EpisodeIterator: in which order one environment runs its episodes, by the rules of habitat-lab's
// EpisodeIterator (v0.3.3). Pure: numbers of episodes in, numbers of episodes out.
//
// At construction: a sample without replacement (in random order), a shuffle, a stable grouping by first
// appearance of the scene; this is the stored order. next() first counts the episode; at the limit of
// repetitions or of steps, what is left of the round is taken as runs of equal scenes, the first run goes to
// the end, and the limit of steps is drawn anew. When the round is over and `cycle` is set, a copy of the
// stored order begins, shuffled and grouped anew with `shuffle`. Both counters begin at 0 when the scene
// changes, only then.
//
// Unlike Habitat's, the random numbers are philox(seed, environment, ...), not Python's Mersenne twister, so
// the order for a seed is another; and seed 0 is a seed like any other. A restored iterator goes on as if it
// had not stopped. Not thread-safe; next() is O(1) but when a run is moved or a round begins, which are
// O(episodes).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/philox.h"
#include "base/result.h"

namespace inknav::task::habitat {

struct IteratorSettings {
  bool cycle = true;
  bool shuffle = true;
  bool group_by_scene = true;
  std::int64_t num_episode_sample = -1;          // -1, or more than there are: all
  std::int64_t max_scene_repeat_episodes = -1;   // -1: no limit
  std::int64_t max_scene_repeat_steps = 10'000;  // -1: no limit
  double step_repetition_range = 0.2;            // the limit of steps is drawn within +- this part of it
};

class EpisodeIterator {
 public:
  /// `scene_of_episode`: any number that is equal for equal scenes, by episode of the list.
  EpisodeIterator(const IteratorSettings& settings, std::span<const std::uint32_t> scene_of_episode,
                  std::uint64_t seed, std::uint32_t environment);

  /// Index into the list; nullopt when all have been run and `cycle` is not set, or the list is empty.
  std::optional<std::uint32_t> next();
  /// After every step of the environment; counts towards max_scene_repeat_steps.
  void step_taken() { ++steps_; }

  /// Episodes of this scene before the present one (-1: none yet), and steps since the scene changed.
  std::int64_t repeated_episodes() const { return episodes_; }
  std::int64_t repeated_steps() const { return steps_; }
  /// The present limit of steps, -1: none.
  std::int64_t step_limit() const { return step_limit_; }
  std::size_t size() const { return order_.size(); }

  std::vector<std::uint8_t> save() const;
  /// kData when the bytes are not of an iterator with these episodes.
  base::Status restore(std::span<const std::uint8_t> bytes);

 private:
  void shuffle(std::vector<std::uint32_t>& list);
  void group(std::vector<std::uint32_t>& list) const;
  void next_scene();
  void draw_step_limit();
  base::PhiloxStream stream();

  IteratorSettings settings_;
  std::vector<std::uint32_t> scenes_;  // by episode of the list
  std::uint64_t seed_ = 0;
  std::uint32_t environment_ = 0;
  std::vector<std::uint32_t> order_;  // the stored order
  std::vector<std::uint32_t> round_;  // this round; round_[at_...] is still to come
  std::size_t at_ = 0;
  std::uint32_t draws_ = 0;  // random decisions made so far
  std::int64_t episodes_ = -1;
  std::int64_t steps_ = 0;
  std::int64_t step_limit_ = -1;
  std::optional<std::uint32_t> scene_;  // of the episode given last
};

}  // namespace inknav::task::habitat
