// SPDX-License-Identifier: MIT
#pragma once
// load_scene: an untrusted file (.glb, .gltf, .ply, .obj) -> validated Scene, through the on-disk cache.
//
// Frame (spec/habitat.md 0.4, 2): a ".glb" is turned (x,y,z) -> (x,z,-y) unless "<stem>.stage_config.json"
// beside it names up and front; every other ending is taken as it is.
// Errors (kData) name file, what was wanted, what was found. Limits: scene/limits.h.

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "scene/scene.h"

namespace inknav::scene {

struct LoadOptions {
  std::optional<std::filesystem::path> cache_dir;  // none: no cache
  bool add_ground_plane = false;  // a floor at the lowest vertex, for meshes that have walls only
};

base::Result<ScenePtr> load_scene(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace inknav::scene
