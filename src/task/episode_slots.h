// SPDX-License-Identifier: MIT
#pragma once
// EpisodeSlots: which episode each of N environments is in, who begins another, and what a step brought: the
// part of a NavigationEnv that does not depend on its task. DrawnMapEnv and HabitatEnv each hold one.
//
//   begin_step(); settle() of every environment in mask(); collect_finished(); result(), of all or of some
//   list_all() or list_done(); assign(); then listed() are those that begin, and mask() marks them
//
// An environment whose episode has ended must be listed before the next step. One for which there is no
// episode any more rests: it is not in mask() and its rows stay as they were. Threads: settle() of different
// environments may run at once, all else from one thread. Nothing allocates after construction but saving.

#include <cstdint>
#include <span>
#include <vector>

#include "base/hash.h"
#include "sim/simulator.h"
#include "sim/state_bytes.h"
#include "task/vector_env.h"

namespace inknav::task {

struct NavigationEnvSettings;

/// Plain and without gaps, so that a checkpoint copies it.
struct EpisodeSlot {
  std::int64_t episode = -1;  // -1: none yet
  double reward = 0.0;        // sum since the episode began
  std::uint32_t draws = 0;    // episodes begun so far
  std::uint8_t active = 0;    // 0: rests
  std::uint8_t done = 0;      // the last step ended the episode
  std::uint8_t unused[2]{};
};
static_assert(sizeof(EpisodeSlot) == 24, "without gaps, so that bytes say everything");

class EpisodeSlots {
 public:
  /// What a checkpoint holds; read whole before anything is changed.
  struct Saved {
    std::vector<EpisodeSlot> slots;
    std::vector<float> reward;
    std::vector<std::uint8_t> terminated;
    std::vector<std::uint8_t> truncated;
  };

  EpisodeSlots(const NavigationEnvSettings& settings, std::size_t num_measures);
  EpisodeSlots(const EpisodeSlots&) = delete;  // result() looks into it
  EpisodeSlots& operator=(const EpisodeSlots&) = delete;

  std::size_t size() const { return slots_.size(); }
  const EpisodeSlot& operator[](std::size_t environment) const { return slots_[environment]; }
  bool all_rest() const;

  /// Of the environments first, first + 1, ... alone; all must be in an episode that goes on, or rest.
  void begin_step(std::size_t first, std::size_t count);
  /// [num_envs] who takes part: those of the step that do not rest, after assign() those that begin.
  std::span<const std::uint8_t> mask() const { return mask_; }
  /// What the step brought an environment of mask().
  void settle(std::size_t environment, float reward, bool terminated, bool truncated);
  /// Of the environments of the last step.
  const StepResult& result() const { return result_; }
  /// fill(environment, result) writes steps and measures of every episode that the step ended.
  template <typename Fill>
  void collect_finished(Fill fill) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].done != 0) fill(i, add_finished(i));
    }
  }
  std::span<const EpisodeResult> finished() const { return {finished_.data(), num_finished_}; }

  /// Forgets all episodes; every environment is to begin one.
  void list_all();
  /// Those whose episode has ended; false if there are none.
  bool list_done();
  /// next(environment, draw): the draw-th episode of an environment, or -1; who gets none leaves the list.
  template <typename Next>
  void assign(Next next) {
    std::size_t kept = 0;
    for (const int e : listed_) {
      if (begin(e, next(e, slots_[static_cast<std::size_t>(e)].draws))) listed_[kept++] = e;
    }
    keep_listed(kept);
  }
  std::span<const int> listed() const { return listed_; }
  /// The draw-th episode of an environment where each of `count` is run once, in their order; else -1.
  std::int64_t in_order(int environment, std::uint32_t draw, std::size_t count) const;

  /// `tag` and `episodes` (a hash of the list) tell apart what cannot go on from these bytes.
  void save(std::uint32_t tag, const base::Hash128& episodes, sim::StateWriter& out) const;
  Saved read(std::uint32_t tag, const base::Hash128& episodes, std::size_t count, sim::StateReader& in) const;
  /// listed() are those that have an episode.
  void restore(const Saved& saved);

 private:
  bool begin(int environment, std::int64_t episode);
  void keep_listed(std::size_t kept);
  EpisodeResult& add_finished(std::size_t environment);

  int first_env_;
  int total_envs_;
  std::uint64_t seed_;
  std::vector<EpisodeSlot> slots_;  // [num_envs]
  std::vector<std::uint8_t> mask_;  // [num_envs]
  std::vector<int> listed_;         // environments
  std::vector<float> reward_;       // [num_envs] of the last step, likewise below
  std::vector<std::uint8_t> terminated_;
  std::vector<std::uint8_t> truncated_;
  StepResult result_;
  std::vector<EpisodeResult> finished_;  // [num_envs], the first num_finished_ count
  std::size_t num_finished_ = 0;
};

/// The simulator's state with its length before it, and its bytes again.
void write_bodies(const sim::Simulator& simulator, sim::StateWriter& out);
std::span<const std::uint8_t> read_bodies(sim::StateReader& in);

}  // namespace inknav::task
