// SPDX-License-Identifier: MIT
#include "nav/scene_mesh.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace inknav::nav {
namespace {

namespace fs = std::filesystem;

/// Part of the mesh's rectangle in the plane that lies in the scene's; a mesh of the scene has all of it
/// there.
constexpr float kLeastOverlap = 0.5f;

float overlap(const base::Aabb& mesh, const base::Aabb& scene) {
  const auto common = [](float low_a, float high_a, float low_b, float high_b) {
    return std::max(0.0f, std::min(high_a, high_b) - std::max(low_a, low_b));
  };
  const float x = common(mesh.min.x, mesh.max.x, scene.min.x, scene.max.x);
  const float z = common(mesh.min.z, mesh.max.z, scene.min.z, scene.max.z);
  const base::Vec3 size = mesh.size();
  return size.x * size.z > 0.0f ? x * z / (size.x * size.z) : 0.0f;
}

base::Status check_place(const NavMesh& mesh, const scene::Scene& scene, const fs::path& path) {
  if (overlap(mesh.bounds(), scene.bounds) >= kLeastOverlap) return base::ok_status();
  const base::Aabb &m = mesh.bounds(), &s = scene.bounds;
  return base::Error{
      base::ErrorCode::kData,
      fmt::format(
          "{}: a navmesh of '{}' was wanted, from ({:.1f}, {:.1f}) to ({:.1f}, {:.1f}) in x and z; this "
          "one lies from ({:.1f}, {:.1f}) to ({:.1f}, {:.1f}): does the scene's frame differ (up and "
          "front in its stage_config.json)? Without the file the navmesh is built",
          path.string(), scene.name, s.min.x, s.min.z, s.max.x, s.max.z, m.min.x, m.min.z, m.max.x, m.max.z)};
}

base::Result<NavMeshPtr> build(const scene::Scene& scene, const NavSettings& wanted,
                               const std::optional<fs::path>& cache_dir) {
  return cache_dir ? NavMesh::build_cached(scene, wanted, *cache_dir) : NavMesh::build(scene, wanted);
}

}  // namespace

fs::path navmesh_path(const fs::path& scene_path) {
  fs::path path = scene_path;
  return path.replace_extension(".navmesh");
}

base::Result<SceneMesh> mesh_for_scene(const scene::Scene& scene, const fs::path& scene_path,
                                       const NavSettings& wanted, const std::optional<fs::path>& cache_dir) {
  scene::ResolvedScene resolved;
  resolved.file = scene_path;
  std::error_code code;
  if (fs::exists(scene_path, code)) {
    INKNAV_ASSIGN_OR_RETURN(resolved, scene::resolve_scene(scene_path));
  }
  return mesh_for_scene(scene, resolved, wanted, cache_dir);
}

base::Result<SceneMesh> mesh_for_scene(const scene::Scene& scene, const scene::ResolvedScene& resolved,
                                       const NavSettings& wanted, const std::optional<fs::path>& cache_dir) {
  const bool named = !resolved.nav_mesh.empty();
  const fs::path path = named ? resolved.nav_mesh : navmesh_path(resolved.file);
  const std::string name =
      path.filename().string() + (named ? " that its config names" : " beside the scene");
  SceneMesh found;
  std::error_code code;
  if (fs::symlink_status(path, code).type() == fs::file_type::not_found) {
    found.reason = fmt::format("the navmesh is built, there is no {}", name);
    INKNAV_ASSIGN_OR_RETURN(found.mesh, build(scene, wanted, cache_dir));
    return found;
  }
  found.file_beside = true;
  INKNAV_ASSIGN_OR_RETURN(found.mesh, NavMesh::load(path));
  INKNAV_RETURN_IF_ERROR(check_place(*found.mesh, scene, path));
  const std::string difference = describe_difference(wanted, found.mesh->settings());
  if (difference.empty()) {
    found.reason = fmt::format("{} is used, {:.1f} m2 in {} islands", name, found.mesh->area(),
                               found.mesh->islands().size());
    return found;
  }
  found.reason = fmt::format("the navmesh is built, {} is for another agent: {} as there", name, difference);
  INKNAV_ASSIGN_OR_RETURN(found.mesh, build(scene, wanted, cache_dir));
  return found;
}

}  // namespace inknav::nav
