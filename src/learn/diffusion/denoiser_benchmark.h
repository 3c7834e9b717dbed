// SPDX-License-Identifier: MIT
#pragma once
// Denoiser benchmark: whole decisions (all evaluations of the sampler, noise included) of FastDenoiser, or on
// a GPU of TorchDenoiser, and, in the same process on the CPU, of the torch module run eagerly without
// autograd. Plans of 16 x 2, condition 256,
// kernel 5.

#include <vector>

#include "base/benchmark.h"
#include "base/result.h"

namespace inknav::learn {

struct DenoiserBenchmarkSettings {
  std::vector<int> widths = {32, 64};  // channels of the first of three levels, which double; one case each
  std::vector<int> batches = {1, 8};   // decisions at once
  int steps = 10;                      // DDIM evaluations a decision
  int threads = 1;                     // of the engine; torch runs on one
  int repetitions = 15;                // timed calls
  int gpu = -1;                        // after prepare_gpu(); -1: the CPU
};

/// "infer/denoiser/32-64-128/batch1" in decisions/s with baseline ".../eager_torch", and ".../ms" for one
/// call. Refuses settings out of range (ErrorCode::kUsage).
base::Result<std::vector<base::BenchmarkResult>> run_denoiser_benchmark(
    const DenoiserBenchmarkSettings& settings);

}  // namespace inknav::learn
