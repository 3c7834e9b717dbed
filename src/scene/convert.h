// SPDX-License-Identifier: MIT
#pragma once
// convert_scene: what `inknav data convert` does. A mesh that load_scene() reads, or a robot's map
// (.yaml, scene/robot_map.h), becomes OUT.glb with its stage config beside it (scene/write_glb.h).
// Errors: kUsage for an output that does not end in .glb, kData for the input, kDisk for writing.

#include <filesystem>

#include "base/result.h"
#include "scene/load.h"
#include "scene/robot_map.h"
#include "scene/scene.h"

namespace inknav::scene {

struct ConvertOptions {
  UpAxis up = UpAxis::kByFile;  // of a mesh
  bool ground_plane = false;    // add a floor to a mesh that has none
  RobotMapOptions map;          // of a robot's map
};

/// Returns the scene as it was written.
base::Result<ScenePtr> convert_scene(const std::filesystem::path& in, const std::filesystem::path& out,
                                     const ConvertOptions& options);

}  // namespace inknav::scene
