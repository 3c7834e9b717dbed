// SPDX-License-Identifier: MIT
#pragma once
// Simulator benchmark: agent steps a second of the whole task in generated homes, with and without what is
// seen.
//
// "sim/steps" is the figure without rendering: actions, sliding, reward, measures, time-outs and automatic
// resets of num_envs environments. One thread is its baseline, and so it is for the others. Actions are
// philox draws: mostly forward, some turns, a STOP now and then, so that episodes end in both ways.

#include <vector>

#include "base/benchmark.h"
#include "base/result.h"

namespace inknav::task {

struct SimBenchmarkSettings {
  int num_envs = 256;
  int threads = 1;
  int homes = 4;
  int episodes = 256;
  int steps = 200;  // per timed call
  int repetitions = 7;
  int camera_size = 64;    // of the cases with depth
  bool on_device = false;  // adds the cases that see through the CUDA tracer; kUsage where it cannot be used
};

/// sim/steps, sim/steps/one_thread, sim/steps+expert, sim/steps+expert+path (16 points), sim/steps+depth+map,
/// sim/motion, sim/map (frames/s of one thread), sim/reset (episodes/s). On a device also
/// sim/steps+depth/cuda and sim/steps+depth+map/cuda of all environments, pictures on the host, against
/// sim/steps+depth+map.
base::Result<std::vector<base::BenchmarkResult>> run_sim_benchmark(const SimBenchmarkSettings& settings);

}  // namespace inknav::task
