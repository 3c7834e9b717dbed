// SPDX-License-Identifier: MIT
#pragma once
// Navigation benchmark: one thread, one navmesh. Rates of steps, distances, fields, advice and routes, with
// Detour's path search and the step that projects anew each time as baselines.

#include <vector>

#include "base/benchmark.h"
#include "nav/nav_mesh.h"
#include "scene/scene.h"

namespace inknav::nav {

struct NavBenchmarkSettings {
  int steps = 20000;  // per timed call; slower things get a share of it
  int repetitions = 7;
};

/// nav/build (meshes/s), nav/step, nav/step/no_slide, nav/try_step (steps/s), nav/distance, nav/geodesic
/// (answers/s), nav/field (fields/s), nav/advice (answers/s), nav/route (routes/s).
base::Result<std::vector<base::BenchmarkResult>> run_nav_benchmark(const scene::Scene& scene,
                                                                   const NavBenchmarkSettings& settings);

}  // namespace inknav::nav
