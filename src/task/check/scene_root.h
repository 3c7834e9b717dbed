// SPDX-License-Identifier: MIT
#pragma once
// choose_scene_root: beneath which folder the scenes of a list lie. A list names its scenes by ids only; in
// training SCENES_DIR says where these begin, a check has to find out.
//
// Candidates, the likeliest first: scenes/, scene_datasets/ and homes/ beside the list and above it (of
// homes/ the folders within too), these folders themselves, and every folder of the checked one beneath which
// a scene of the ids lies; farther up only where scenes are missing. The only one with scenes of the list
// counts. Generated homes of two sets have the same names: where several have half of them or more, that one
// counts on whose scenes the episodes stand as the list says (start and goal on the navmesh, its distance),
// by up to 3 scenes and 24 episodes of each; then the one with more scenes.
// Scenes are found as training finds them (task/scene_resolver.h). Pure; safe from any thread. Cost: some
// look-ups an id; where scenes must be read, three of them a candidate.

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nav/nav_settings.h"
#include "scene/scene_dataset.h"
#include "task/episode.h"
#include "task/scene_resolver.h"

namespace inknav::task {

/// The scene files of the checked folder, by name.
class SceneNames {
 public:
  explicit SceneNames(std::span<const std::filesystem::path> scenes);
  /// Appends the folders beneath which `scene_id` names one of them.
  void add_roots(std::string_view scene_id, std::vector<std::filesystem::path>& roots) const;

 private:
  std::multimap<std::string, std::filesystem::path> files_;
};

/// A scene as training reads it.
struct SceneFile {
  std::filesystem::path file;
  std::optional<scene::ResolvedScene> resolved;  // by a scene dataset config; none: as the file itself says
};

/// The scene of the episode, if it is there; else kData, with the reason. `resolver` is of `places`.
base::Result<SceneFile> find_scene(SceneResolver& resolver, const Dataset& places, const Episode& episode);

struct SceneSearch {
  const std::filesystem::path& list;
  std::span<const Episode> episodes;
  const SceneNames& names;
  std::filesystem::path scene_dataset;  // Dataset::scene_dataset
  nav::NavSettings nav;
};

/// The likeliest candidate when none has a scene of the list.
std::filesystem::path choose_scene_root(const SceneSearch& search);

}  // namespace inknav::task
