// SPDX-License-Identifier: MIT
#pragma once
// Rendering benchmark: depth and RGB at several sizes on the clutter scene, with single-ray Embree, one
// thread and brute force as baselines in the same process. Views are random poses (spec: performance).

#include <cstddef>
#include <vector>

#include "base/benchmark.h"
#include "base/result.h"

namespace inknav::render {

struct RenderBenchmarkSettings {
  std::size_t triangles = 500'000;
  std::vector<int> sizes = {64, 128, 256};
  int threads = 1;
  int views = 64;       // per call
  int repetitions = 7;  // timed calls
};

base::Result<std::vector<base::BenchmarkResult>> run_render_benchmark(
    const RenderBenchmarkSettings& settings);

}  // namespace inknav::render
