// SPDX-License-Identifier: MIT
#pragma once
// list_scene_tasks: which scenes a check of a folder reads, each with the episodes on it. Scenes that lists
// name come as their episodes have them (with the config of a scene dataset); the others of the folder as
// they lie there. Two lists that name one file share a task, so that no scene is read twice.
// Placeholders are left out, with the episodes on them: they are told as such.
// Sorted by path. Looks at the disk for names and sizes only. Cost: some look-ups a scene.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "task/check/check_findings.h"
#include "task/check/folder_check.h"
#include "task/check/folder_inventory.h"
#include "task/check/list_check.h"
#include "task/check/scene_root.h"

namespace inknav::task {

struct SceneTask {
  SceneFile scene;
  std::uintmax_t bytes = 0;
  std::map<std::size_t, std::vector<std::size_t>> episodes;  // of list -> indices into its inspection
  // Results:
  SceneRow row;  // without a file until the scene was looked at
  CheckFindings findings;
  base::Hash128 content;
};

std::vector<SceneTask> list_scene_tasks(const Inventory& inventory, std::span<const CheckedList> lists);

/// The scene beside a file that is named like it: X.glb for X.navmesh with the ending ".navmesh".
std::optional<std::filesystem::path> scene_beside(const std::filesystem::path& file, std::string_view ending);

/// The same for all names of a file.
std::string path_key(const std::filesystem::path& path);

}  // namespace inknav::task
