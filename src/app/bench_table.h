// SPDX-License-Identifier: MIT
#pragma once
// How benchmark figures leave the program: a table for people, JSON for machines
// ({"device", "settings", "results": [{"name", "median", "min", "max", "unit", "baseline", "ratio"}]}).

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/benchmark.h"
#include "base/result.h"

namespace inknav::app {

using BenchSettings = std::vector<std::pair<std::string, std::string>>;  // name, value; in the order to print

/// "2 cores of <processor name>".
std::string device_description();

std::string bench_table(std::span<const base::BenchmarkResult> results);
/// One figure beside others and how many times each of them it is.
struct RatioRow {
  std::string name;
  std::string label;  // of the figure's column
  double figure = 0.0;
  std::vector<std::pair<std::string, double>> others;  // label, figure
};

/// The rows as columns; all have the first one's labels. "" without rows.
std::string ratio_table(std::span<const RatioRow> rows);

base::Status save_bench_json(const std::filesystem::path& path, const BenchSettings& settings,
                             std::span<const base::BenchmarkResult> results);

}  // namespace inknav::app
