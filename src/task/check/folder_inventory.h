// SPDX-License-Identifier: MIT
#pragma once
// take_inventory: which files of a data set lie at a path, by content and ending, and what belongs together.
//
// Lists are .json and .json.gz with a key "episodes"; drawings are pictures in a folder named "sketches";
// demonstrations are a folder with demos.json (its shards are not listed again); semantic meshes beside
// scenes are not scenes. A file with one of our endings that holds a web page or a Git LFS pointer is a
// placeholder. Hidden folders are passed by, links to folders are not followed. Everything is sorted by path.
// Reads at most 1 MiB of a .json and 64 bytes of others. Errors: kUsage when the path is not there.

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "task/check/check_findings.h"

namespace inknav::task {

struct ListPlace {
  std::filesystem::path file;
  std::vector<std::filesystem::path> scene_roots;  // where its scenes may be, the likeliest first
  std::filesystem::path sketch_dir;                // may not be there
};

struct Inventory {
  std::vector<std::filesystem::path> scenes;
  std::vector<std::filesystem::path> navmeshes;
  std::vector<std::filesystem::path> stage_configs;
  std::vector<ListPlace> lists;
  std::vector<std::filesystem::path> drawings;
  std::vector<std::filesystem::path> demonstrations;  // folders
  std::vector<std::filesystem::path> weights;
  CheckFindings findings;  // placeholders, left-overs, folders that cannot be listed
  int others = 0;

  bool empty() const;
};

/// A file that is named outright counts as what its ending says, wherever it lies.
base::Result<Inventory> take_inventory(const std::filesystem::path& path);

/// Whether the file is a mesh that load_scene reads, by its ending.
bool is_scene_file(const std::filesystem::path& path);
bool is_picture_file(const std::filesystem::path& path);
/// "a/X.stage_config.json" -> the scenes it can be for: "a/X.glb", "a/X.gltf", ...
std::vector<std::filesystem::path> scenes_of_stem(const std::filesystem::path& stem);

}  // namespace inknav::task
