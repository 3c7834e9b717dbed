// SPDX-License-Identifier: MIT
#pragma once
// Reward of one step (spec/cli-config.md, "Reward"): pure functions.
//
// The distance that is rewarded is a potential: what is left of the drawn route from the remembered place on
// it, plus how far the agent is off that place. "Off" is the greater of the straight distance and of how much
// farther the goal is from the agent than from its place on the route; both are lower bounds of the way back
// that must be walked, so stepping through a door into a side room costs what it costs on foot, not through
// the wall. Progress has memory, so a route that crosses itself gives no jump; the first step's previous
// distance is the same quantity at the start, so there is no jump either.

#include <cstdint>

namespace inknav::task {

struct RewardSettings {
  float success_reward = 10.0f;
  float slack_reward = -0.01f;
  bool with_time_penalty = true;
  bool with_distance_reward = true;
  float distance_reward_scale = 3.0f;
  float expert_reward = 0.0f;  // added when the action is the expert's
};

/// Metres. `geodesic_agent` and `geodesic_route` are the distances to the goal from the agent and from its
/// remembered place on the route; when either is infinite the straight distance counts.
float rewarded_distance(float route_remaining, float distance_off_route, float geodesic_agent,
                        float geodesic_route);

struct StepFacts {
  float distance_before = 0.0f;  // rewarded_distance before and after the step
  float distance_now = 0.0f;
  bool success = false;    // STOP within the success distance
  bool by_expert = false;  // the action was the expert's
};

float step_reward(const RewardSettings& settings, const StepFacts& facts);

}  // namespace inknav::task
