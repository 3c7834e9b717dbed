// SPDX-License-Identifier: MIT
#pragma once
// SceneResolver: the scene of an episode as files on the disk (scene/scene_dataset.h).
//
// Which scene dataset config counts: the episode's `scene_dataset_config` unless it is empty or "default",
// else the dataset's (TASK_CONFIG.SIMULATOR.SCENE_DATASET) unless that is, else none. (Habitat lets the
// episode's "default" win over the key; here the key is what the user asked for.) Without one the scene is
// SCENES_DIR / scene_id with a leading "./" and "data/scene_datasets/" dropped. With one, scene_id is what
// that config calls the scene, and that file where the config does not list it. The episode's config is a
// stranger's path: it lies beneath SCENES_DIR, with the same prefixes dropped. The key's path is the user's:
// as it is, and beneath SCENES_DIR where it is not there. Errors: kData. Each config is read once. Not
// thread-safe; the answers are values.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scene/scene_dataset.h"
#include "task/episode.h"

namespace inknav::task {

/// A scene id or a path of Habitat's without what they begin with: "./", "data/scene_datasets/".
std::string_view below_scenes(std::string_view path);

/// Equal for episodes of the same scene under the same dataset config: the scene id alone where there is
/// none.
std::string scene_key(const Dataset& dataset, const Episode& episode);

class SceneResolver {
 public:
  /// Of `dataset` only the two folders and the config's name are kept.
  explicit SceneResolver(const Dataset& dataset);
  base::Result<scene::ResolvedScene> resolve(const Episode& episode);

 private:
  base::Result<scene::SceneDatasetPtr> config(const Episode& episode);

  Dataset places_;
  std::map<std::string, base::Result<scene::SceneDatasetPtr>> configs_;  // by their paths as given
};

}  // namespace inknav::task
