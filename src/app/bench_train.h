// SPDX-License-Identifier: MIT
#pragma once
// Training benchmark: whole PPO updates (simulate, render, read, infer, learn) on generated homes, through
// the same launch of ranks as a real run; figures are read back from the run's own metrics.

#include <vector>

#include "base/benchmark.h"
#include "base/result.h"

namespace inknav::app {

struct TrainBenchmarkSettings {
  std::vector<int> base_planes = {16, 32};
  int image_size = 64;  // pixels a side
  int num_envs = 64;
  int num_steps = 32;
  int ppo_epoch = 1;
  int updates = 8;  // the first two warm up
  int ranks = 1;
};

/// train/ppo/planes16 and so on (frames/s), each with its phases (part of the time) and, as baseline, the
/// same on one rank.
base::Result<std::vector<base::BenchmarkResult>> run_train_benchmark(const TrainBenchmarkSettings& settings);

}  // namespace inknav::app
