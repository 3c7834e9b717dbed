// SPDX-License-Identifier: MIT
#include "task/episode_worlds.h"

#include <utility>

namespace inknav::task {

base::Result<EpisodeWorlds> EpisodeWorlds::add(std::vector<sim::World> worlds, std::vector<int> of_episode,
                                               sim::Simulator& simulator) {
  EpisodeWorlds made;
  made.worlds_ = std::move(worlds);
  made.of_episode_ = std::move(of_episode);
  made.sim_ids_.assign(made.worlds_.size(), -1);
  std::vector<std::uint8_t> used(made.worlds_.size());
  for (const int world : made.of_episode_) used[static_cast<std::size_t>(world)] = 1;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] == 0) continue;
    INKNAV_ASSIGN_OR_RETURN(made.sim_ids_[i], simulator.add_world(made.worlds_[i]));
  }
  return made;
}

WorldMemory EpisodeWorlds::memory() const {
  WorldMemory memory;
  for (const sim::World& world : worlds_) add_world(world, memory);
  return memory;
}

}  // namespace inknav::task
