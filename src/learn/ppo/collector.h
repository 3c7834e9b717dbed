// SPDX-License-Identifier: MIT
#pragma once
// Collector: fills a rollout. Chooses actions (sampled from the policy; in imitation mixed with the
// expert's), carries and disturbs beliefs, writes labels, values time-outs by their final observation.
//
// Of two groups of environments one is stepped while the network of the other is at work: launch A, launch B;
// then wait for A, step A, launch A, wait for B, step B, launch B and so on. The rollout is laid out as if
// they were one.
// All choices are philox(seed, global environment, update, step, purpose): a resumed run repeats them.
// In imitation STOP is carried out only where it is right, and then only now and then, so that the agent
// lingers there and STOP is seen more often than once an episode; a wrong STOP becomes the policy's best
// motion.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "learn/env_group.h"
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
  TwoHalves two_halves = TwoHalves::kAuto;
  LaneKind lanes = LaneKind::kOwnStream;
};

class Collector {
 public:
  /// The groups follow one another and outlive it.
  Collector(const CollectorSettings& settings, std::span<const std::unique_ptr<EnvGroup>> groups);
  /// Called after every step of the first group; when it returns false the rollout ends with this step, which
  /// the others still make. May be empty.
  std::function<bool(std::int64_t steps_done)> on_step;

  /// Runs the rollout; `on_episode` is called for every episode that ends.
  void collect(std::int64_t update, const CollectMode& mode, Rollout& rollout, PhaseTimes& seconds,
               const std::function<void(const task::EpisodeResult&)>& on_episode);
  const CollectTotals& totals() const { return totals_; }

 private:
  struct Part {
    EnvGroup* group;
    std::int64_t first;
    std::int64_t count;
    ObservationSlot final_slot;  // on the host
    std::vector<std::int32_t> actions;
    std::vector<std::uint8_t> ended;
    std::vector<std::uint8_t> timed_out;
    std::vector<TimeSpan> simulated;  // in the last step
  };
  /// What a rollout is made with.
  struct Round {
    std::int64_t update;
    const CollectMode& mode;
    Rollout& rollout;
    PhaseTimes& seconds;
    const std::function<void(const task::EpisodeResult&)>& on_episode;
  };

  void begin_rollout(const Round& round);
  void ask(Part& part, std::int64_t t, const Round& round);
  void take_answer(Part& part, std::int64_t t, const Round& round);
  void step(Part& part, std::int64_t t, const Round& round);
  void begin_episodes(Part& part, const Round& round);
  void end_rollout(const Round& round);

  void write_labels(const Part& part, std::int64_t t, Rollout& rollout);
  void write_expert_labels(const Part& part, std::int64_t t, RolloutLabels& labels) const;
  void write_plan_labels(const Part& part, std::int64_t t, RolloutLabels& labels) const;
  void write_belief_labels(const Part& part, std::int64_t t, RolloutLabels& labels);
  void choose_actions(Part& part, std::int64_t t, const Round& round, const torch::Tensor& log_probabilities);
  void take_recorded_actions(Part& part, std::int64_t t, Rollout& rollout);
  void value_time_outs(Part& part, std::int64_t t, Rollout& rollout);
  void disturb_beliefs(Part& part, std::int64_t t, const Round& round);
  std::uint32_t global(const Part& part, std::int64_t row) const {
    return static_cast<std::uint32_t>(settings_.first_env + part.first + row);
  }
  bool reads() const;

  CollectorSettings settings_;
  std::vector<Part> parts_;
  bool has_expert_;
  bool has_truth_;
  bool has_goal_;
  bool is_recorded_;  // the actions have been taken already
  CollectTotals totals_;
};

/// Index of the action that a uniform number in [0, 1) picks from probabilities exp(log_probabilities).
std::int32_t pick_action(const float* log_probabilities, int num_actions, float uniform);

}  // namespace inknav::learn
