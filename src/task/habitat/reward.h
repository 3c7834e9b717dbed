// SPDX-License-Identifier: MIT
#pragma once
// Reward and end of an episode as Habitat-Lab's RLTaskEnv has them (spec/habitat.md 6). Pure.
//
// The bonus and the early end are triggered by success_measure being other than zero, not by success: with
// the usual spl, a success whose spl is exactly 0 earns nothing.

#include "task/habitat/measures.h"

namespace inknav::task::habitat {

struct RewardSettings {
  Measure reward_measure = Measure::kDistanceToGoalReward;
  Measure success_measure = Measure::kSpl;
  float success_reward = 2.5f;
  float slack_reward = -0.01f;
  bool end_on_success = false;
  int max_episode_steps = 1000;
};

/// slack + reward_measure (+ success_reward where success_measure is not 0).
float step_reward(const RewardSettings& settings, const MeasureState& state, const MeasureSettings& measures);

struct EpisodeEnd {
  bool terminated = false;  // STOP, or success_measure not 0 with end_on_success
  bool truncated = false;   // out of steps, and not terminated
};
EpisodeEnd episode_end(const RewardSettings& settings, const MeasureState& state,
                       const MeasureSettings& measures);

}  // namespace inknav::task::habitat
