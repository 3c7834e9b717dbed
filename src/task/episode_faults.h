// SPDX-License-Identifier: MIT
#pragma once
// Which episodes of a dataset cannot be run, and why: no scene, start or goal off the mesh, goal on another
// island, no drawing or a damaged one (told by checksums, nothing is decoded).

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "task/episode.h"
#include "task/world_set.h"

namespace inknav::task {

/// Error: the episode cannot be run; `query` is of its scene.
using EpisodeCheck = std::function<base::Status(nav::NavQuery& query, const Episode& episode)>;
/// [episodes] messages of `check`, empty where it finds nothing; of all episodes of a scene that cannot be
/// had, that fault. Scenes in parallel.
std::vector<std::string> check_each(const Dataset& dataset, const WorldSet& worlds, const EpisodeCheck& check,
                                    base::ThreadPool& pool);

/// [episodes]; empty text: the episode can be run.
std::vector<std::string> find_faults(const Dataset& dataset, const WorldSet& worlds, bool with_pictures,
                                     base::ThreadPool& pool);

/// Removes the episodes that have a fault; logs the first few and their number, which is returned. kData when
/// it is more than 1 %.
base::Result<int> drop_faulty(const std::vector<std::string>& faults, std::vector<Episode>& episodes,
                              std::vector<int>& world_of_episode);

}  // namespace inknav::task
