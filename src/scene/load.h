// SPDX-License-Identifier: MIT
#pragma once
// load_scene: an untrusted file (.glb, .gltf, .ply, .obj) -> validated Scene, through the on-disk cache.
//
// Frame (spec/habitat.md 0.4, 2): a ".glb" is turned (x,y,z) -> (x,z,-y) unless "<stem>.stage_config.json"
// beside it names up and front; every other ending is taken as it is.
// Errors (kData) name file, what was wanted, what was found. Limits: scene/limits.h.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/result.h"
#include "scene/scene.h"

namespace inknav::scene {

/// Which axis of the file points up. kByFile: the rule above.
enum class UpAxis : std::uint8_t { kByFile, kY, kZ };

/// What the Scene no longer shows of its file; not filled from the cache.
struct LoadStatistics {
  std::size_t degenerate_triangles = 0;  // without area, left out
};

struct LoadOptions {
  std::optional<std::filesystem::path> cache_dir;  // none: no cache
  UpAxis up = UpAxis::kByFile;
  bool add_ground_plane = false;  // for meshes that have walls and no floor, see add_ground_plane()
  LoadStatistics* statistics = nullptr;
};

/// Adds a floor at the lowest vertex, facing up, with a material of its own: under all that the scene's walls
/// enclose (open doors up to 1 m count as closed), so that nobody walks around the building; under the whole
/// bounds if the walls enclose next to nothing. `scene` must be valid.
void add_ground_plane(Scene& scene);

base::Result<ScenePtr> load_scene(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace inknav::scene
