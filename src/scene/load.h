// SPDX-License-Identifier: MIT
#pragma once
// load_scene: an untrusted file (.glb, .gltf, .ply, .obj) -> validated Scene, through the on-disk cache.
//
// A path is resolved first (scene/scene_dataset.h): it may be a folder or a stage config, and the config
// beside a scene file counts. Frame (spec/habitat.md 0.4, 2): without a config a ".glb" is turned (x,y,z) ->
// (x,z,-y) and every other ending is taken as it is; with one its up and front count, or up Y, front -Z.
// Errors (kData) name file, what was wanted, what was found. Limits: scene/limits.h.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/result.h"
#include "scene/scene.h"
#include "scene/scene_dataset.h"

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
/// `up` other than kByFile takes the place of the stage's attributes.
base::Result<ScenePtr> load_scene(const ResolvedScene& scene, const LoadOptions& options = {});

}  // namespace inknav::scene
