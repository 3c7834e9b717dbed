// SPDX-License-Identifier: MIT
#pragma once
// The files of one stage, found on the disk once its attributes are known. Internal to the module; the rules
// are those of scene/scene_dataset.h. Errors: kData.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scene/scene_dataset.h"

namespace inknav::scene::internal {

/// Ends in ".glb", ".gltf", ".ply" or ".obj", in any case of letters.
bool is_mesh_name(const std::filesystem::path& path);

struct StagePlace {
  std::filesystem::path root;    // canonical; no name leads out of it
  std::filesystem::path folder;  // of names in default attributes
  std::filesystem::path mesh;    // the stage's own file; empty where a config must name one
  std::string name;              // replaces kStageNameTag
  std::string label;             // for messages: the config or the handle
};

base::Result<ResolvedScene> complete_stage(const StagePlace& place, StageAttributes attributes);

/// Path without links of the folder that holds `file`.
base::Result<std::filesystem::path> canonical_folder(const std::filesystem::path& file);

}  // namespace inknav::scene::internal
