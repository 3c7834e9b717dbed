// SPDX-License-Identifier: MIT
#pragma once
// Eval statistics: finished episodes -> one row per track with a 95 % interval, and eval/stats.json
// ({"checkpoint", "tracks": {"<track>": {"episodes", "success", "success_ci95": [lo, hi], "spl", ...}}}).
// Of a task without drawings the figures about beliefs are left out.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "app/report/html_report.h"
#include "base/result.h"
#include "learn/evaluate.h"

namespace inknav::app {

/// Wilson's score interval for `successes` of `trials` at 95 % (Wilson, JASA 1927). {0, 1} without trials.
std::pair<double, double> wilson_interval(int successes, int trials);

/// Means over the episodes of one evaluation.
TrackRow summarize(const std::string& track, const learn::EvaluationResult& result);

struct EvalStats {
  std::string checkpoint;
  std::vector<TrackRow> tracks;
  std::vector<std::string> measures{};  // written beside success; empty: all
  bool drawings = true;                 // false: one of Habitat's tasks
};

base::Status save_stats(const std::filesystem::path& path, const EvalStats& stats);
base::Result<EvalStats> load_stats(const std::filesystem::path& path);

}  // namespace inknav::app
