// SPDX-License-Identifier: MIT
#pragma once
// Inference benchmark: the denoiser alone (learn/diffusion/denoiser_benchmark.h), and whole decisions of the
// shipped diffusion policy in a generated home (learn/decision_benchmark.h).

#include <vector>

#include "base/benchmark.h"
#include "base/result.h"
#include "learn/diffusion/denoiser_benchmark.h"

namespace inknav::app {

struct InferBenchmarkSettings {
  learn::DenoiserBenchmarkSettings denoiser;  // its steps are those of decisions too
  int decisions = 200;                        // 0: the denoiser alone
};

base::Result<std::vector<base::BenchmarkResult>> run_infer_benchmark(const InferBenchmarkSettings& settings);

}  // namespace inknav::app
