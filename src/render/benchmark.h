// SPDX-License-Identifier: MIT
#pragma once
// Rendering benchmark: depth and RGB at several sizes on the clutter scene, with single-ray Embree, one
// thread and brute force as baselines in the same process. Views are random poses (spec: performance).

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/benchmark.h"
#include "base/result.h"
#include "render/renderer.h"

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

/// Rate of render() on these views, images a second; its error if there is one.
base::Result<base::BenchmarkResult> measure_rendering(Renderer& renderer, std::span<const View> views,
                                                      const RenderTargets& targets, const std::string& name,
                                                      int repetitions);

}  // namespace inknav::render
