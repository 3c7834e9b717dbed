// SPDX-License-Identifier: MIT
#pragma once
// QuickEvaluation: TEST_EPISODE_COUNT episodes of EVAL.SPLIT, walked greedily at each checkpoint of a
// training, so that the curve of unseen homes stands beside that of the training homes.
//
// It has an environment of its own and touches nothing of the training, whose course is the same with and
// without it. Episodes are chosen evenly over the list, so they are the same each time. Cost: one network
// pass and one environment step per step of the longest episode, plus loading the scenes (cached); it ends
// early after kTimeLimitSeconds, because the other ranks wait. A split that is not there is a warning, not an
// error.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/thread_pool.h"
#include "config/experiment.h"
#include "learn/evaluate.h"
#include "task/episode.h"

namespace inknav::learn {

class PolicyNetwork;

class QuickEvaluation {
 public:
  static constexpr double kTimeLimitSeconds = 60.0;

  /// Reads the list; logs a warning and does nothing later on when it cannot be read.
  QuickEvaluation(const config::ExperimentConfig& config, base::ThreadPool& pool);

  const std::string& split() const { return split_; }
  /// nullopt when there is nothing to walk.
  std::optional<EvaluationResult> run(const std::shared_ptr<PolicyNetwork>& network, float prior_log_scale);

 private:
  void give_up(const std::string& reason);

  const config::ExperimentConfig& config_;
  base::ThreadPool& pool_;
  std::string split_;  // the first of EVAL.SPLIT
  task::Dataset dataset_;
};

}  // namespace inknav::learn
