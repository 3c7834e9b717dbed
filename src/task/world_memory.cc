// SPDX-License-Identifier: MIT
#include "task/world_memory.h"

#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include "nav/nav_memory.h"
#include "scene/scene_memory.h"
#include "task/scene_resolver.h"

namespace inknav::task {
namespace {

// Measured on twelve generated homes (.glb): of a byte of the file come 0.95 bytes of geometry and 1.72 of
// textures with their smaller levels, 69 bytes of it are a triangle, and navigation meshes take 0.23 of the
// scenes' bytes. Photographs as textures become several times larger still; that is counted once they are
// loaded.
constexpr double kSceneBytes = 2.7;
constexpr double kFileBytesATriangle = 69.0;
constexpr double kNavShare = 0.25;

}  // namespace

WorldMemory planned_worlds(const Dataset& dataset) {
  WorldMemory memory;
  memory.is_estimate = true;
  std::set<std::string> seen;
  std::uint64_t bytes = 0;
  SceneResolver resolver(dataset);
  for (const Episode& episode : dataset.episodes) {
    if (!seen.insert(scene_key(dataset, episode)).second) continue;
    const auto scene = resolver.resolve(episode);
    if (!scene.ok()) continue;
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(scene->file, problem);
    if (problem) continue;
    ++memory.scenes;
    bytes += size;
  }
  const auto file_bytes = static_cast<double>(bytes);
  memory.triangles = static_cast<std::uint64_t>(file_bytes / kFileBytesATriangle);
  memory.scene_bytes = static_cast<std::uint64_t>(kSceneBytes * file_bytes);
  memory.nav_bytes = static_cast<std::uint64_t>(kNavShare * kSceneBytes * file_bytes);
  return memory;
}

void add_world(const sim::World& world, WorldMemory& memory) {
  ++memory.scenes;
  if (world.scene != nullptr) {
    memory.triangles += world.scene->num_triangles();
    memory.scene_bytes += scene::num_bytes(*world.scene);
  }
  if (world.nav_mesh != nullptr) memory.nav_bytes += nav::num_bytes(*world.nav_mesh);
}

}  // namespace inknav::task
