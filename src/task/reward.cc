// SPDX-License-Identifier: MIT
#include "task/reward.h"

#include <algorithm>
#include <cmath>

namespace inknav::task {

float rewarded_distance(float route_remaining, float distance_off_route, float geodesic_agent,
                        float geodesic_route) {
  const float farther = geodesic_agent - geodesic_route;
  const float off = std::isfinite(farther) ? std::max(distance_off_route, farther) : distance_off_route;
  return route_remaining + off;
}

float step_reward(const RewardSettings& settings, const StepFacts& facts) {
  float reward = settings.with_time_penalty ? settings.slack_reward : 0.0f;
  if (settings.with_distance_reward) {
    reward += settings.distance_reward_scale * (facts.distance_before - facts.distance_now);
  }
  if (facts.success) reward += settings.success_reward;
  if (facts.by_expert) reward += settings.expert_reward;
  return reward;
}

}  // namespace inknav::task
