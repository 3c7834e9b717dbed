// SPDX-License-Identifier: MIT
#pragma once
// Collector: fills a rollout. Chooses actions (sampled from the policy; in imitation mixed with the
// expert's), carries and disturbs beliefs, writes labels, values time-outs by their final observation.
//
// All choices are philox(seed, global environment, update, step, purpose): a resumed run repeats them.
// In imitation STOP is carried out only where it is right, and then only now and then, so that the agent
// lingers there and STOP is seen more often than once an episode; a wrong STOP becomes the policy's best
// motion.

#include <cstdint>
#include <functional>
#include <vector>

#include "learn/policy_runner.h"
#include "learn/ppo/rollout.h"
#include "learn/trainer.h"
#include "task/vector_env.h"

namespace inknav::learn {

/// What the schedule says for one update.
struct CollectMode {
  bool imitation = false;
  float expert_mix = 0.0f;
  float belief_reset = 0.0f;
  float belief_gain = 0.3f;
};
CollectMode collect_mode(const ImitationSettings& settings, float belief_gain, std::int64_t update);

/// Sums over one rollout of one rank.
struct CollectTotals {
  double belief_error = 0.0;  // metres
  double belief_rows = 0.0;
  double log_scale = 0.0;  // truth
};

struct CollectorSettings {
  std::uint64_t seed = 0;
  std::int64_t first_env = 0;  // global index of environment 0
  ImitationSettings imitation;
};

class Collector {
 public:
  Collector(const CollectorSettings& settings, task::VectorEnv& env, PolicyRunner& runner);
  /// Called after every step of the environments; when it returns false the rollout ends there. May be empty.
  std::function<bool(std::int64_t steps_done)> on_step;

  /// Runs the rollout; `on_episode` is called for every episode that ends.
  void collect(std::int64_t update, const CollectMode& mode, Rollout& rollout, PhaseTimes& seconds,
               const std::function<void(const task::EpisodeResult&)>& on_episode);
  const CollectTotals& totals() const { return totals_; }

 private:
  void write_labels(std::int64_t t, Rollout& rollout);
  void write_plan_labels(std::int64_t t, RolloutLabels& labels);
  void choose_actions(std::int64_t update, std::int64_t t, const CollectMode& mode,
                      const torch::Tensor& log_probabilities, Rollout& rollout);
  void take_recorded_actions(std::int64_t t, Rollout& rollout);
  void disturb_beliefs(std::int64_t update, std::int64_t t, float probability);

  CollectorSettings settings_;
  task::VectorEnv& env_;
  PolicyRunner& runner_;
  std::int64_t num_envs_;
  bool has_expert_;
  bool has_truth_;
  bool has_goal_;
  bool is_recorded_;            // the actions have been taken already
  ObservationSlot final_slot_;  // on the host
  std::vector<std::int32_t> actions_;
  std::vector<std::uint8_t> ended_;
  std::vector<std::uint8_t> timed_out_;
  CollectTotals totals_;
};

/// Index of the action that a uniform number in [0, 1) picks from probabilities exp(log_probabilities).
std::int32_t pick_action(const float* log_probabilities, int num_actions, float uniform);

}  // namespace inknav::learn
