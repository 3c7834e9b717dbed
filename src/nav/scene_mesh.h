// SPDX-License-Identifier: MIT
#pragma once
// mesh_for_scene: which navmesh belongs to a scene and an agent (spec/habitat.md 0.3).
//
// A navmesh that a config names (ResolvedScene::nav_mesh), else "<stem>.navmesh" beside the scene, is used
// when its settings are Habitat's defaults with the agent's own size, climb and slope (habitat_equal); a file
// of version 1 counts as built with the defaults. Otherwise, and without a file, the mesh is built from the
// scene, through `cache_dir` if there is one. So does Habitat with `default_agent_navmesh`, its default.
//
// A file that is there and damaged, or that lies elsewhere than the scene, is an error (kData), even where it
// would not be used: a mesh built in its stead has other distances than the numbers it is compared with, and
// one warning among thousands of lines is no notice.

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "nav/nav_mesh.h"
#include "scene/scene.h"
#include "scene/scene_dataset.h"

namespace inknav::nav {

struct SceneMesh {
  NavMeshPtr mesh;
  bool file_beside = false;  // whether there is one (beside or named), used or not
  std::string reason;        // for the log: which mesh, and why
};

/// "a/X.basis.glb" -> "a/X.basis.navmesh"
std::filesystem::path navmesh_path(const std::filesystem::path& scene_path);

base::Result<SceneMesh> mesh_for_scene(const scene::Scene& scene, const std::filesystem::path& scene_path,
                                       const NavSettings& wanted,
                                       const std::optional<std::filesystem::path>& cache_dir);
base::Result<SceneMesh> mesh_for_scene(const scene::Scene& scene, const scene::ResolvedScene& resolved,
                                       const NavSettings& wanted,
                                       const std::optional<std::filesystem::path>& cache_dir);

}  // namespace inknav::nav
