// SPDX-License-Identifier: MIT
#pragma once
// Rendering benchmark: depth and RGB at several sizes on the clutter scene, with OpenGL through EGL,
// Embree (packets of eight rays), one thread and brute force as baselines in the same process. Views are
// random poses (spec: performance).
//
// OpenGL is measured twice. "egl" is how simulators use it that step one environment after the other: one
// view a call, the whole scene drawn, interpolated depth, read back before the next; the CPU tracer is
// compared with this. "egl_batch" is our own back end: all views in one call, what is out of view left out,
// exact depth.

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
  int egl_views = 16;   // the first of the views, for OpenGL; 0: leave it out
};

struct RenderBenchmarkReport {
  std::vector<base::BenchmarkResult> results;
  std::string egl;  // the driver, or why OpenGL was not measured
};

base::Result<RenderBenchmarkReport> run_render_benchmark(const RenderBenchmarkSettings& settings);

struct RenderRounds {
  int repetitions = 7;           // timed, each of all views
  std::size_t views_a_call = 0;  // 0: all in one call
};

/// Rate of render() on these views, images a second; its error if there is one.
base::Result<base::BenchmarkResult> measure_rendering(Renderer& renderer, std::span<const View> views,
                                                      const RenderTargets& targets, const std::string& name,
                                                      const RenderRounds& rounds);

}  // namespace inknav::render
