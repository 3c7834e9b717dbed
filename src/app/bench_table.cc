// SPDX-License-Identifier: MIT
#include "app/bench_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/thread_pool.h"

namespace inknav::app {
namespace {

/// Three significant digits, no exponent.
std::string figure(double value) {
  if (value >= 100.0) return fmt::format("{:.0f}", value);
  if (value >= 1.0) return fmt::format("{:.2f}", value);
  return fmt::format("{:.4f}", value);
}

}  // namespace

std::string device_description() {
  std::ifstream file("/proc/cpuinfo");
  std::string processor = "an unnamed processor";
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      processor = line.substr(colon + 2);
      break;
    }
  }
  return fmt::format("{} cores of {}", base::available_cores(), processor);
}

std::string bench_table(std::span<const base::BenchmarkResult> results) {
  std::size_t width = 34;
  for (const base::BenchmarkResult& result : results) width = std::max(width, result.name.size());
  std::string text = fmt::format("{:<{}} {:>11} {:>11} {:>11} {:<10} {}\n", "benchmark", width, "median",
                                 "min", "max", "unit", "ratio");
  for (const base::BenchmarkResult& result : results) {
    const std::string ratio =
        result.baseline.empty() ? "" : fmt::format("{}x of {}", figure(result.ratio), result.baseline);
    text += fmt::format("{:<{}} {:>11} {:>11} {:>11} {:<10} {}\n", result.name, width, figure(result.median),
                        figure(result.min), figure(result.max), result.unit, ratio);
  }
  return text;
}

std::string ratio_table(std::span<const RatioRow> rows) {
  if (rows.empty()) return {};
  std::string text = fmt::format("{:<18} {:>14}", "", rows.front().label);
  for (const auto& [label, value] : rows.front().others) text += fmt::format(" {:>16} {:>8}", label, "ratio");
  text += "\n";
  for (const RatioRow& row : rows) {
    text += fmt::format("{:<18} {:>14}", row.name, figure(row.figure));
    for (const auto& [label, value] : row.others) {
      text +=
          fmt::format(" {:>16} {:>8}", figure(value), value > 0.0 ? figure(row.figure / value) + "x" : "-");
    }
    text += "\n";
  }
  return text;
}

base::Status save_bench_json(const std::filesystem::path& path, const BenchSettings& settings,
                             std::span<const base::BenchmarkResult> results) {
  nlohmann::ordered_json json = {{"device", device_description()},
                                 {"settings", nlohmann::ordered_json::object()},
                                 {"results", nlohmann::ordered_json::array()}};
  for (const auto& [name, value] : settings) json["settings"][name] = value;
  for (const base::BenchmarkResult& result : results) {
    json["results"].push_back({{"name", result.name},
                               {"median", result.median},
                               {"min", result.min},
                               {"max", result.max},
                               {"unit", result.unit},
                               {"baseline", result.baseline},
                               {"ratio", result.ratio}});
  }
  return base::write_text_atomic(path, json.dump(2) + "\n");
}

}  // namespace inknav::app
