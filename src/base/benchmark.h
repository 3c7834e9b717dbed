// SPDX-License-Identifier: MIT
#pragma once
// Benchmark figures: one form for render, sim, train and infer, so that `inknav bench` prints them alike.
//
// measure() warms up once, runs at least five times and keeps the median and the spread. Figures are rates
// (higher is better) unless the unit is a time. A baseline is measured in the same process.

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace inknav::base {

struct BenchmarkResult {
  std::string name;  // "render/depth/64"
  double median = 0.0;
  double min = 0.0;
  double max = 0.0;
  std::string unit;      // "frames/s"
  std::string baseline;  // name of what it is compared with, empty if nothing
  double ratio = 0.0;    // median / baseline's median, 0 if there is no baseline
};

/// Median, least and greatest of `values`; zeros of nothing.
inline BenchmarkResult spread_of(std::string name, std::string unit, std::vector<double> values) {
  if (values.empty()) return {std::move(name), 0.0, 0.0, 0.0, std::move(unit), {}, 0.0};
  std::sort(values.begin(), values.end());
  return {
      std::move(name), values[values.size() / 2], values.front(), values.back(), std::move(unit), {}, 0.0};
}

/// Rate of `work` units per call of `run`: median, min and max over `repetitions` timed calls (>= 5 makes a
/// figure worth printing) after one untimed call.
template <typename Run>
BenchmarkResult measure(std::string name, std::string unit, double work, int repetitions, Run&& run) {
  run();
  std::vector<double> rates;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    rates.push_back(work / elapsed.count());
  }
  return spread_of(std::move(name), std::move(unit), std::move(rates));
}

/// Names `baseline` as what `result` is compared with.
inline void compare(BenchmarkResult& result, const BenchmarkResult& baseline) {
  result.baseline = baseline.name;
  result.ratio = baseline.median > 0.0 ? result.median / baseline.median : 0.0;
}

}  // namespace inknav::base
