// SPDX-License-Identifier: MIT
#include "app/bench_infer.h"

#include <string>

#include "app/bench_data.h"
#include "app/experiment_options.h"
#include "base/thread_pool.h"
#include "learn/cuda/torch_cuda.h"
#include "learn/decision_benchmark.h"
#include "task/env_from_config.h"

namespace inknav::app {
namespace {

/// One environment; every decision plans anew, one plan of `steps` evaluations.
base::Result<std::vector<base::BenchmarkResult>> run_decisions(int steps, int decisions, int gpu) {
  constexpr int kEpisodes = 8;
  INKNAV_ASSIGN_OR_RETURN(const BenchData data, BenchData::make(1, kEpisodes));
  ExperimentOptions options;
  options.exp_config = shipped_file("configs/train_diffusion_2core.yaml");
  options.overrides = data.overrides();
  for (const auto& [key, value] : {std::pair<const char*, int>{"RL.DIFFUSION.n_action_steps", 1},
                                   {"RL.DIFFUSION.num_inference_steps", steps},
                                   {"RL.DIFFUSION.num_candidates", 1}}) {
    options.overrides.insert(options.overrides.end(), {key, std::to_string(value)});
  }
  INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, load_config(options));
  INKNAV_ASSIGN_OR_RETURN(const task::Dataset dataset, task::load_dataset(loaded.config, "train"));
  task::NavigationEnvSettings settings = task::env_settings(loaded.config, {0, 1, 1});
  settings.with_expert = false;
  base::ThreadPool pool(1);
  INKNAV_ASSIGN_OR_RETURN(const auto env, task::NavigationEnv::create(settings, dataset, pool));
  return learn::run_decision_benchmark(loaded.config, *env, decisions, gpu);
}

}  // namespace

base::Result<std::vector<base::BenchmarkResult>> run_infer_benchmark(const InferBenchmarkSettings& settings) {
  if (settings.denoiser.gpu >= 0) INKNAV_RETURN_IF_ERROR(learn::prepare_gpu(settings.denoiser.gpu));
  INKNAV_ASSIGN_OR_RETURN(auto results, learn::run_denoiser_benchmark(settings.denoiser));
  if (settings.decisions > 0) {
    INKNAV_ASSIGN_OR_RETURN(const auto decisions, run_decisions(settings.denoiser.steps, settings.decisions,
                                                                settings.denoiser.gpu));
    results.insert(results.end(), decisions.begin(), decisions.end());
  }
  return results;
}

}  // namespace inknav::app
