// SPDX-License-Identifier: MIT
#include "task/habitat/reward.h"

namespace inknav::task::habitat {

float step_reward(const RewardSettings& settings, const MeasureState& state,
                  const MeasureSettings& measures) {
  double reward = static_cast<double>(settings.slack_reward);
  reward += value_of(settings.reward_measure, state, measures);
  if (value_of(settings.success_measure, state, measures) != 0.0)
    reward += static_cast<double>(settings.success_reward);
  return static_cast<float>(reward);
}

EpisodeEnd episode_end(const RewardSettings& settings, const MeasureState& state,
                       const MeasureSettings& measures) {
  EpisodeEnd end;
  end.terminated = state.stop_called != 0 ||
                   (settings.end_on_success && value_of(settings.success_measure, state, measures) != 0.0);
  end.truncated = !end.terminated && state.steps >= settings.max_episode_steps;
  return end;
}

}  // namespace inknav::task::habitat
