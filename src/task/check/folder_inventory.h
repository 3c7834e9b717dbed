// SPDX-License-Identifier: MIT
#pragma once
// take_inventory: which files of a data set lie at a path (task/check/file_recognition.h), and what belongs
// together.
//
// Drawings are pictures in a folder named "sketches"; demonstrations are a folder with demos.json or with
// shards (these are not listed again). A file with one of our endings that holds a web page or a Git LFS
// pointer, or is a link that leads nowhere, is a placeholder. Hidden folders are passed by, links to folders
// are not followed. What is no data is counted by sort, with a few names. Everything is sorted by path.
// Errors: kUsage when the path is no file and no folder.

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "task/check/check_findings.h"
#include "task/check/file_recognition.h"

namespace inknav::task {

/// Files of one sort that are not looked at.
struct PassedOver {
  static constexpr std::size_t kNamed = 3;
  std::size_t files = 0;
  std::vector<std::filesystem::path> first;  // at most kNamed
  void add(const std::filesystem::path& file);
};

struct ListPlace {
  std::filesystem::path file;
  std::filesystem::path sketch_dir;  // may not be there
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
  std::map<FileSort, PassedOver> passed_over;

  bool empty() const;
};

/// A file that is named outright counts as what its ending says, wherever it lies; a .json that is nothing
/// else counts as a list.
base::Result<Inventory> take_inventory(const std::filesystem::path& path);

/// A line a sort: "results: 2 (eval/stats.json, eval/stats_ppo.json)", names beneath `root` without it and of
/// long ones the end.
std::vector<std::string> passed_over_lines(const std::map<FileSort, PassedOver>& passed_over,
                                           const std::filesystem::path& root);

}  // namespace inknav::task
