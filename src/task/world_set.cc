// SPDX-License-Identifier: MIT
#include "task/world_set.h"

#include <map>
#include <utility>

#include "scene/load.h"

namespace inknav::task {

namespace {
base::Result<sim::World> load_world(const Dataset& dataset, const Episode& episode,
                                    const nav::NavSettings& settings,
                                    const std::optional<std::filesystem::path>& cache_dir) {
  INKNAV_ASSIGN_OR_RETURN(const std::filesystem::path path, scene_path(dataset, episode));
  scene::LoadOptions options;
  options.cache_dir = cache_dir;
  sim::World world;
  INKNAV_ASSIGN_OR_RETURN(world.scene, scene::load_scene(path, options));
  if (cache_dir) {
    INKNAV_ASSIGN_OR_RETURN(world.nav_mesh, nav::NavMesh::build_cached(*world.scene, settings, *cache_dir));
  } else {
    INKNAV_ASSIGN_OR_RETURN(world.nav_mesh, nav::NavMesh::build(*world.scene, settings));
  }
  return world;
}
}  // namespace

WorldSet load_worlds(const Dataset& dataset, const nav::NavSettings& settings,
                     const std::optional<std::filesystem::path>& cache_dir, base::ThreadPool& pool) {
  std::map<std::string, const Episode*> first;  // by scene id, so that numbers follow the ids
  for (const Episode& episode : dataset.episodes) first.emplace(episode.scene_id, &episode);
  WorldSet set;
  std::vector<const Episode*> samples;
  std::map<std::string, int> number;
  for (const auto& [scene_id, episode] : first) {
    number[scene_id] = static_cast<int>(set.worlds.size());
    set.worlds.push_back(LoadedWorld{scene_id, {}, {}});
    samples.push_back(episode);
  }
  for (const Episode& episode : dataset.episodes) set.world_of_episode.push_back(number.at(episode.scene_id));
  pool.parallel_for(
      static_cast<std::int64_t>(samples.size()), 1, [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t i = begin; i < end; ++i) {
          LoadedWorld& loaded = set.worlds[static_cast<std::size_t>(i)];
          auto world = load_world(dataset, *samples[static_cast<std::size_t>(i)], settings, cache_dir);
          if (world.ok()) {
            loaded.world = std::move(world).value();
          } else {
            loaded.error = world.error().message;
          }
        }
      });
  return set;
}

}  // namespace inknav::task
