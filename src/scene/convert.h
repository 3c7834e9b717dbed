// SPDX-License-Identifier: MIT
#pragma once
// convert_scene: what `inknav data convert` does. A mesh that load_scene() reads, or a robot's map
// (.yaml, scene/robot_map.h), becomes OUT.glb with its stage config beside it (scene/write_glb.h).
//
// A mesh without a stage config says nowhere which axis points up (Habitat takes z for a .glb, glTF itself
// y). With UpAxis::kByFile, one that by that rule would stand more than twice as high as it is deep lies on
// its side, and is turned to its other axis; `turned` says so.
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

struct Converted {
  ScenePtr scene;               // as it was written
  UpAxis up = UpAxis::kByFile;  // the axis that was taken when `turned`
  bool turned = false;
};

/// Makes the folder of `out` when it is not there.
base::Result<Converted> convert_scene(const std::filesystem::path& in, const std::filesystem::path& out,
                                      const ConvertOptions& options);

}  // namespace inknav::scene
