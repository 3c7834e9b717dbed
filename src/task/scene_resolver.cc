// SPDX-License-Identifier: MIT
#include "task/scene_resolver.h"

#include <system_error>
#include <utility>

#include "base/safe_path.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

bool names_a_config(std::string_view name) { return !name.empty() && name != "default"; }

/// The config that counts, as it was given; empty: none.
std::string config_name(const Dataset& dataset, const Episode& episode) {
  if (names_a_config(episode.scene_dataset_config)) return episode.scene_dataset_config;
  const std::string of_all = dataset.scene_dataset.string();
  return names_a_config(of_all) ? of_all : std::string();
}

}  // namespace

std::string_view below_scenes(std::string_view path) {
  for (const std::string_view prefix : {"./", "data/scene_datasets/"}) {
    if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
  }
  return path;
}

std::string scene_key(const Dataset& dataset, const Episode& episode) {
  const std::string config = config_name(dataset, episode);
  std::string key = episode.scene_id;
  if (!config.empty()) key.append(1, '\n').append(config);
  return key;
}

SceneResolver::SceneResolver(const Dataset& dataset) {
  places_.scenes_dir = dataset.scenes_dir;
  places_.scene_dataset = dataset.scene_dataset;
}

base::Result<scene::SceneDatasetPtr> SceneResolver::config(const Episode& episode) {
  const std::string name = config_name(places_, episode);
  if (name.empty()) return scene::SceneDatasetPtr();
  // The user's own path counts as it is; an episode's only beneath the scenes.
  const bool from_episode = names_a_config(episode.scene_dataset_config);
  const std::string key = (from_episode ? "episode " : "user ") + name;
  const auto known = configs_.find(key);
  if (known != configs_.end()) return known->second;
  std::error_code none;
  base::Result<fs::path> path = fs::path(name);
  if (from_episode || !fs::exists(name, none))
    path = base::resolve_beneath(places_.scenes_dir, below_scenes(name));
  auto loaded = path.ok() ? scene::SceneDataset::load(*path)
                          : base::Result<scene::SceneDatasetPtr>(base::Error{
                                base::ErrorCode::kData, "scene dataset config '" + name.substr(0, 120) +
                                                            "': " + path.error().message});
  return configs_.emplace(key, std::move(loaded)).first->second;
}

base::Result<scene::ResolvedScene> SceneResolver::resolve(const Episode& episode) {
  INKNAV_ASSIGN_OR_RETURN(const scene::SceneDatasetPtr dataset, config(episode));
  base::Result<fs::path> path = scene_path(places_, episode);
  if (dataset == nullptr) {
    if (!path.ok()) return path.error();
    return scene::resolve_scene(*path);
  }
  return dataset->resolve(below_scenes(episode.scene_id), path.ok() ? *path : fs::path());
}

}  // namespace inknav::task
