// SPDX-License-Identifier: MIT
#pragma once
// Validation of a dataset before a night is lost on it: every scene is loaded, every episode put on its mesh,
// every drawing decoded and read, every truth file parsed. Slower than what the environment checks at
// start-up (about 20 ms an episode a core), and it lists every fault, not the first few.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"

namespace inknav::task {

struct DatasetCheckSettings {
  std::filesystem::path list;  // .json or .json.gz
  std::filesystem::path scenes_dir;
  std::filesystem::path sketch_dir;
  bool with_drawings = true;
  nav::NavSettings nav;
  std::optional<std::filesystem::path> cache_dir;
};

struct DatasetCheckReport {
  int episodes = 0;
  int scenes = 0;
  std::vector<std::string> faults;    // one line for each episode that cannot be run
  std::vector<std::string> warnings;  // runs, but something is odd
  int with_start = 0;                 // drawings on which a start mark was found, and so on
  int with_goal = 0;
  int with_route = 0;
  int with_truth = 0;
  float shortest = 0.0f;  // geodesic distance, metres
  float median = 0.0f;
  float longest = 0.0f;
  /// At most 1 % faults, so that training would start.
  bool usable() const { return 100 * faults.size() <= static_cast<std::size_t>(episodes); }
};

/// Error only when the list itself cannot be read; everything else is in the report.
base::Result<DatasetCheckReport> check_dataset(const DatasetCheckSettings& settings, base::ThreadPool& pool);

/// The report for people, faults last, at most `max_lines` of them.
std::string format_report(const DatasetCheckReport& report, std::size_t max_lines);

}  // namespace inknav::task
