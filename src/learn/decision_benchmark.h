// SPDX-License-Identifier: MIT
#pragma once
// Decision benchmark: how long an agent takes from an observation to an action, all included: crops of map
// and drawing, encoders, the sampler's evaluations, choice and decoding; and how long its belief takes to
// follow a step. One environment, one thread. The weights are untrained, which costs the same.

#include <vector>

#include "base/benchmark.h"
#include "base/result.h"
#include "config/experiment.h"
#include "task/navigation_env.h"

namespace inknav::learn {

/// "infer/decision/ms" and "infer/belief/ms" over `decisions` steps of `env`, which must have one
/// environment; on a GPU after prepare_gpu(). Each is a decision that plans anew only if
/// RL.DIFFUSION.n_action_steps is 1.
std::vector<base::BenchmarkResult> run_decision_benchmark(const config::ExperimentConfig& config,
                                                          task::NavigationEnv& env, int decisions,
                                                          int gpu = -1);

}  // namespace inknav::learn
