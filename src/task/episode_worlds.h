// SPDX-License-Identifier: MIT
#pragma once
// EpisodeWorlds: the world of each episode of a list, and its id in a simulator. Worlds that no episode uses
// are kept but not put into the simulator. Constant once made; threads: const.

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "sim/simulator.h"
#include "task/world_memory.h"

namespace inknav::task {

class EpisodeWorlds {
 public:
  /// `of_episode`: [episodes] index into `worlds`. Errors are the simulator's.
  static base::Result<EpisodeWorlds> add(std::vector<sim::World> worlds, std::vector<int> of_episode,
                                         sim::Simulator& simulator);

  std::size_t num_worlds() const { return worlds_.size(); }
  bool is_used(std::size_t world) const { return sim_ids_[world] >= 0; }
  /// Index of the episode's world among all.
  std::size_t index_of(std::int64_t episode) const {
    return static_cast<std::size_t>(of_episode_[static_cast<std::size_t>(episode)]);
  }
  const sim::World& of(std::int64_t episode) const { return worlds_[index_of(episode)]; }
  int sim_id(std::int64_t episode) const { return sim_ids_[index_of(episode)]; }
  WorldMemory memory() const;

 private:
  std::vector<sim::World> worlds_;
  std::vector<int> of_episode_;  // [episodes]
  std::vector<int> sim_ids_;     // [worlds], -1: not used
};

}  // namespace inknav::task
