// SPDX-License-Identifier: MIT
#pragma once
// WorldSet: every scene that a list of episodes names, loaded once, with its navigation mesh. Scenes are
// numbered in order of their ids, so a number does not depend on threads or on the order of episodes.
// Which navmesh a scene has, and why, is logged (nav/scene_mesh.h).
// A scene that cannot be had is kept as an error, for its episodes to be skipped and counted.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "sim/simulator.h"
#include "task/episode.h"

namespace inknav::task {

struct LoadedWorld {
  std::string scene_id;
  sim::World world;             // both null when `error` is set
  std::string error;            // empty: sound
  std::string mesh_reason;      // which navmesh it has, and why
  bool navmesh_beside = false;  // a file lies beside the scene, used or not
};

struct WorldSet {
  std::vector<LoadedWorld> worlds;
  std::vector<int> world_of_episode;  // [episodes] index into worlds
};

WorldSet load_worlds(const Dataset& dataset, const nav::NavSettings& settings,
                     const std::optional<std::filesystem::path>& cache_dir, base::ThreadPool& pool);

}  // namespace inknav::task
