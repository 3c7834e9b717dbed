// SPDX-License-Identifier: MIT
#pragma once
// check_scene: one scene with its navmesh, for a check of a folder. The one place in it where scenes and
// navmeshes are read, by the same functions that training uses (scene/load.h, nav/scene_mesh.h), without the
// cache: a check reads what is there.
//
// It ends at the first fault that makes the rest meaningless: what cannot be read, stands on its side or is
// not in metres has no navmesh that says anything. Whatever is wrong is a finding. Memory: the scene, and a
// copy of its triangles where it looks turned. Pure; safe from any thread.

#include <filesystem>

#include "base/hash.h"
#include "nav/nav_mesh.h"
#include "task/check/check_findings.h"
#include "task/check/folder_check.h"
#include "task/check/scene_root.h"

namespace inknav::task {

struct SceneCheck {
  SceneRow row;
  CheckFindings findings;
  base::Hash128 content;  // of the scene, when it was read
  nav::NavMeshPtr mesh;  // null when episodes on it cannot be judged: no mesh, or a scene that is not trusted
};

SceneCheck check_scene(const SceneFile& scene, const nav::NavSettings& settings);

/// A navmesh without its scene, as FileRow of kNavmesh.
FileRow check_navmesh_file(const std::filesystem::path& path, CheckFindings& findings);

}  // namespace inknav::task
