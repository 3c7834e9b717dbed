// SPDX-License-Identifier: MIT
#include "task/world_set.h"

#include <map>
#include <utility>

#include "base/log.h"
#include "nav/scene_mesh.h"
#include "scene/load.h"
#include "task/scene_resolver.h"

namespace inknav::task {

namespace {
base::Status load_world(const base::Result<scene::ResolvedScene>& resolved, const nav::NavSettings& settings,
                        const std::optional<std::filesystem::path>& cache_dir, LoadedWorld& loaded) {
  if (!resolved.ok()) return resolved.error();
  scene::LoadOptions options;
  options.cache_dir = cache_dir;
  INKNAV_ASSIGN_OR_RETURN(scene::ScenePtr scene, scene::load_scene(*resolved, options));
  INKNAV_ASSIGN_OR_RETURN(nav::SceneMesh found, nav::mesh_for_scene(*scene, *resolved, settings, cache_dir));
  loaded.world = {std::move(scene), std::move(found.mesh)};
  loaded.mesh_reason = std::move(found.reason);
  loaded.navmesh_beside = found.file_beside;
  return base::ok_status();
}

/// A line for each scene with a navmesh file, in their order, and one for all others; where no scene has one,
/// as with generated homes, that is no news.
void log_meshes(const std::vector<LoadedWorld>& worlds) {
  int without_file = 0;
  for (const LoadedWorld& loaded : worlds) {
    if (loaded.error.empty() && !loaded.navmesh_beside) ++without_file;
    if (loaded.navmesh_beside) base::log_info("scene '{}': {}", loaded.scene_id, loaded.mesh_reason);
  }
  if (without_file > 0 && without_file < static_cast<int>(worlds.size()))
    base::log_info("{} of {} scenes have no .navmesh beside them; their navmeshes are built", without_file,
                   worlds.size());
}
}  // namespace

WorldSet load_worlds(const Dataset& dataset, const nav::NavSettings& settings,
                     const std::optional<std::filesystem::path>& cache_dir, base::ThreadPool& pool) {
  std::map<std::string, const Episode*> first;  // by scene id and config, so that numbers follow the ids
  for (const Episode& episode : dataset.episodes) first.emplace(scene_key(dataset, episode), &episode);
  WorldSet set;
  SceneResolver resolver(dataset);
  std::vector<base::Result<scene::ResolvedScene>> samples;
  std::map<std::string, int> number;
  for (const auto& [key, episode] : first) {
    number[key] = static_cast<int>(set.worlds.size());
    set.worlds.emplace_back().scene_id = episode->scene_id;
    samples.push_back(resolver.resolve(*episode));
    if (!samples.back().ok()) continue;
    for (const std::string& note : samples.back()->notes) base::log_warning("{}", note);
  }
  for (const Episode& episode : dataset.episodes)
    set.world_of_episode.push_back(number.at(scene_key(dataset, episode)));
  pool.parallel_for(static_cast<std::int64_t>(samples.size()), 1,
                    [&](std::int64_t begin, std::int64_t end, int) {
                      for (std::int64_t i = begin; i < end; ++i) {
                        LoadedWorld& loaded = set.worlds[static_cast<std::size_t>(i)];
                        const base::Status status =
                            load_world(samples[static_cast<std::size_t>(i)], settings, cache_dir, loaded);
                        if (!status.ok()) loaded.error = status.error().message;
                      }
                    });
  log_meshes(set.worlds);
  return set;
}

}  // namespace inknav::task
