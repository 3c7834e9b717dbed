// SPDX-License-Identifier: MIT
#include "learn/quick_evaluation.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "learn/networks/policy_network.h"
#include "task/env_from_config.h"

namespace inknav::learn {
namespace {

/// `count` of the episodes, evenly over the list.
std::vector<task::Episode> chosen(std::vector<task::Episode> episodes, std::size_t count) {
  if (episodes.size() <= count) return episodes;
  std::vector<task::Episode> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(std::move(episodes[i * episodes.size() / count]));
  return result;
}

}  // namespace

QuickEvaluation::QuickEvaluation(const config::ExperimentConfig& config, base::ThreadPool& pool)
    : config_(config), pool_(pool), split_(config.eval.split.substr(0, config.eval.split.find(','))) {
  if (config.test_episode_count == 0) return;
  auto dataset = task::load_dataset(config, split_);
  if (!dataset.ok()) {
    give_up(dataset.error().message);
    return;
  }
  dataset_ = std::move(dataset).value();
  dataset_.episodes =
      chosen(std::move(dataset_.episodes), static_cast<std::size_t>(config.test_episode_count));
}

std::optional<EvaluationResult> QuickEvaluation::run(const std::shared_ptr<PolicyNetwork>& network,
                                                     float prior_log_scale) {
  if (dataset_.episodes.empty()) return std::nullopt;
  const int count = std::min(static_cast<int>(dataset_.episodes.size()), config_.num_processes.value_or(32));
  task::NavigationEnvSettings settings = task::env_settings(config_, {0, count, count});
  settings.shuffle = false;
  // RENDERER cuda means the GPU of this rank; auto renders on the host here, since the GPU's memory is the
  // training's.
  if (network->device().is_cuda()) settings.simulator.gpu = network->device().index();
  auto env = task::NavigationEnv::create(settings, dataset_, pool_);
  if (!env.ok()) {
    give_up(env.error().message);
    return std::nullopt;
  }
  const auto agent = Agent::create(network, prior_log_scale, {}, pool_);
  const auto start = std::chrono::steady_clock::now();
  EvaluationOptions options;
  options.plan_losses = true;
  options.on_progress = [&](std::int64_t, std::int64_t) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
           kTimeLimitSeconds;
  };
  EvaluationResult result = evaluate(*agent, **env, options);
  if (result.stopped_early) {
    base::log_warning("{}: {} of {} episodes were walked within {:.0f} s; lower TEST_EPISODE_COUNT", split_,
                      result.episodes.size(), dataset_.episodes.size(), kTimeLimitSeconds);
  }
  if (result.episodes.empty()) return std::nullopt;
  return result;
}

void QuickEvaluation::give_up(const std::string& reason) {
  base::log_warning(
      "EVAL.SPLIT {}: no evaluation at the checkpoints: {}; set TEST_EPISODE_COUNT 0 to do without", split_,
      reason);
  dataset_ = {};
}

}  // namespace inknav::learn
