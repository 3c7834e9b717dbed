// SPDX-License-Identifier: MIT
#include "task/episode_hash.h"

namespace inknav::task {

base::Hash128 hash_of(const std::vector<Episode>& episodes) {
  base::Hasher hasher;
  for (const Episode& episode : episodes) {
    hasher.update(episode.scene_id.data(), episode.scene_id.size() + 1);
    hasher.update(episode.episode_id.data(), episode.episode_id.size() + 1);
    hasher.update_value(episode.start.position);
    hasher.update_value(episode.start.rotation);
    for (const Goal& goal : episode.goals) hasher.update_value(goal.position);
  }
  return hasher.digest();
}

}  // namespace inknav::task
