// SPDX-License-Identifier: MIT
#pragma once
// Learner benchmark: whole updates of PPO without simulation and rendering (learn/picture_env.h), on the CPU
// or a GPU: frames/s, seconds by phase, and the arithmetic that was done against what the device does in a
// large matrix product measured beside it.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/benchmark.h"
#include "base/result.h"
#include "learn/settings.h"

namespace inknav::learn {

struct LearnerCase {
  std::string name;  // "p1"
  Backbone backbone = Backbone::kSeResNet9;
  int base_planes = 32;
  int image_size = 64;
  Recurrence recurrence = Recurrence::kGru;
  int epochs = 1;
};
/// The networks of the goals P1, P2 and P3 (spec/performance.md).
std::vector<LearnerCase> learner_goals();

struct LearnerBenchmarkSettings {
  ComputeSettings compute;
  std::vector<LearnerCase> cases = learner_goals();
  int num_envs = 2048;
  int num_steps = 32;
  int num_mini_batch = 4;
  int hidden_size = 512;
  int updates = 7;  // the first two warm up
  int gemm_size = 8192;
  /// Told what there is after every case; may be empty.
  std::function<void(std::span<const base::BenchmarkResult>)> on_results = {};
};

/// "device/gemm/bf16", "device/gemm/fp32" (TFLOP/s), "device/copy" (GB/s); then of each case "learner/<name>"
/// (frames/s), its phases (s/update) and ".../arithmetic" (TFLOP/s) compared with the product of its
/// precision, and on a GPU ".../memory": the most that libtorch held (GB), compared with what the memory
/// table would say. Errors: kDeviceMemory.
base::Result<std::vector<base::BenchmarkResult>> run_learner_benchmark(
    const LearnerBenchmarkSettings& settings);

}  // namespace inknav::learn
