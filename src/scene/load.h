// SPDX-License-Identifier: MIT
#pragma once
// load_scene: an untrusted file (.glb, .gltf, .ply, .obj) -> validated Scene, through the on-disk cache.
//
// Frame (spec/habitat.md 0.4, 2): a ".glb" is turned (x,y,z) -> (x,z,-y) unless "<stem>.stage_config.json"
// beside it names up and front; every other ending is taken as it is.
// Errors (kData) name file, what was wanted, what was found. Limits: scene/limits.h.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/result.h"
#include "scene/scene.h"

namespace inknav::scene {

/// Which axis of the file points up. kByFile: the rule above.
enum class UpAxis : std::uint8_t { kByFile, kY, kZ };

struct LoadOptions {
  std::optional<std::filesystem::path> cache_dir;  // none: no cache
  UpAxis up = UpAxis::kByFile;
  bool add_ground_plane = false;  // a floor at the lowest vertex, for meshes that have walls only
};

/// Adds a floor over the scene's bounds at its lowest vertex, facing up, with a material of its own.
void add_ground_plane(Scene& scene);

base::Result<ScenePtr> load_scene(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace inknav::scene
