// SPDX-License-Identifier: MIT
#include "task/reward.h"

#include <gtest/gtest.h>

#include <limits>

namespace inknav::task {
namespace {

TEST(Reward, SumsItsParts) {
  RewardSettings settings;
  settings.expert_reward = 0.1f;
  EXPECT_FLOAT_EQ(step_reward(settings, {5.0f, 4.75f, false, false}), -0.01f + 3.0f * 0.25f);
  EXPECT_FLOAT_EQ(step_reward(settings, {5.0f, 5.25f, false, true}), -0.01f - 3.0f * 0.25f + 0.1f);
  EXPECT_FLOAT_EQ(step_reward(settings, {0.5f, 0.5f, true, true}), -0.01f + 10.0f + 0.1f);
}

TEST(Reward, SwitchesTurnPartsOff) {
  RewardSettings settings;
  settings.with_time_penalty = false;
  EXPECT_FLOAT_EQ(step_reward(settings, {5.0f, 5.0f, false, true}), 0.0f);
  settings.with_distance_reward = false;
  EXPECT_FLOAT_EQ(step_reward(settings, {5.0f, 1.0f, false, false}), 0.0f);
  EXPECT_FLOAT_EQ(step_reward(settings, {5.0f, 1.0f, true, false}), 10.0f);
}

TEST(Reward, DistanceIsRouteLeftPlusWayBack) {
  EXPECT_FLOAT_EQ(rewarded_distance(6.0f, 0.0f, 5.0f, 5.0f), 6.0f);
  // Off the route by 1 m in the open, the goal no farther: the straight way back counts.
  EXPECT_FLOAT_EQ(rewarded_distance(6.0f, 1.0f, 5.2f, 5.0f), 7.0f);
  // Behind a wall, 0.4 m from the route through the wall but 3 m farther from the goal on foot.
  EXPECT_FLOAT_EQ(rewarded_distance(6.0f, 0.4f, 8.0f, 5.0f), 9.0f);
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_FLOAT_EQ(rewarded_distance(6.0f, 0.4f, infinity, 5.0f), 6.4f);
  EXPECT_FLOAT_EQ(rewarded_distance(6.0f, 0.4f, infinity, infinity), 6.4f);
}

}  // namespace
}  // namespace inknav::task
