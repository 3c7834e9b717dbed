// SPDX-License-Identifier: MIT
#pragma once
// Training benchmark: whole updates (simulate, render, read, infer, learn) of PPO and of the diffusion policy
// on generated homes, through the same launch of ranks as a real run; figures are read back from the run's
// own metrics.

#include <functional>
#include <span>
#include <vector>

#include "base/benchmark.h"
#include "base/result.h"

namespace inknav::app {

struct TrainBenchmarkSettings {
  bool gpu = false;  // on GPU 0, one rank, with the learner alone beside it (learn/learner_benchmark.h)
  bool ppo = true;
  std::vector<int> base_planes = {16, 32};  // of PPO
  int image_size = 64;                      // of PPO, pixels a side
  int num_steps = 32;                       // of PPO
  int ppo_epoch = 1;                        // of PPO
  bool diffusion = true;                    // as configs/train_diffusion_2core.yaml says
  int num_envs = 64;
  int updates = 8;  // the first two warm up
  int ranks = 1;
  /// Told what there is after every case, so that it is not lost when a later one fails; may be empty.
  std::function<void(std::span<const base::BenchmarkResult>)> on_results = {};
};

/// train/ppo/planes16 and so on, train/diffusion (frames/s), each with its phases (part of the time) and, as
/// baseline, the same on one rank. On a GPU also the part of the simulation that was hidden behind networks,
/// and the first with all environments at once as its baseline.
base::Result<std::vector<base::BenchmarkResult>> run_train_benchmark(const TrainBenchmarkSettings& settings);

}  // namespace inknav::app
