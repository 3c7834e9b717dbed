// SPDX-License-Identifier: MIT
#include "task/habitat/measures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "task/habitat/reward.h"

namespace inknav::task::habitat {
namespace {

using base::Vec3;

const MeasureSettings kSettings{0.2f, 3.0f};

/// L = 4 m; two steps of 3 m and 2 m, then STOP `left` metres from the goal.
MeasureState walked(float left, bool stop, const MeasureSettings& settings = kSettings) {
  MeasureState state;
  begin({0, 0, 0}, 4.0f, settings, state);
  update({{3, 0, 0}, false, false}, 2.5f, settings, state);
  update({{3, 0, 2}, false, true}, left, settings, state);
  if (stop) update({{3, 0, 2}, true, false}, -1.0f, settings, state);
  return state;
}

TEST(HabitatMeasures, SuccessIsStrictAndWantsStop) {
  EXPECT_EQ(success(walked(0.2f, true), kSettings), 0.0) << "0.2 is not below 0.2";
  EXPECT_EQ(success(walked(std::nextafter(0.2f, 0.0f), true), kSettings), 1.0);
  EXPECT_EQ(success(walked(0.0f, false), kSettings), 0.0);
  for (const float distance : {0.1f, 1.0f, 3.0f}) {
    const MeasureSettings settings{distance, 3.0f};
    EXPECT_EQ(success(walked(distance, true, settings), settings), 0.0);
    EXPECT_EQ(success(walked(std::nextafter(distance, 0.0f), true, settings), settings), 1.0);
  }
}

TEST(HabitatMeasures, SplAndSoftSplByHand) {
  const MeasureState state = walked(0.1f, true);
  // P = 3 + 2 = 5, L = 4: 4 / 5. The soft one: (1 - 0.1 / 4) * 4 / 5.
  EXPECT_DOUBLE_EQ(spl(state, kSettings), 0.8);
  EXPECT_NEAR(soft_spl(state), 0.975 * 0.8, 1e-8);  // 0.1 as a float
  EXPECT_EQ(value_of(Measure::kPathLength, state, kSettings), 5.0);
  // Farther than at the start: never negative. STOP is not needed.
  EXPECT_EQ(soft_spl(walked(4.5f, false)), 0.0);
  EXPECT_NEAR(soft_spl(walked(1.0f, false)), 0.75 * 0.8, 1e-12);
  // A way shorter than L (the path of Detour is not always the shortest) counts as L.
  MeasureState shortcut;
  begin({0, 0, 0}, 4.0f, kSettings, shortcut);
  update({{0, 0, 3}, true, false}, 0.0f, kSettings, shortcut);
  EXPECT_EQ(spl(shortcut, kSettings), 1.0);
}

TEST(HabitatMeasures, LIsMeasuredAtTheStart) {
  MeasureState state;
  begin({0, 0, 0}, 0.0f, kSettings, state);  // started on the goal; Habitat divides 0 by 0
  update({{0, 0, 0}, true, false}, 7.0f, kSettings, state);
  EXPECT_EQ(spl(state, kSettings), 1.0);
  EXPECT_EQ(soft_spl(state), 1.0);
  begin({0, 0, 0}, 0.0f, kSettings, state);
  update({{1, 0, 0}, false, false}, 0.1f, kSettings, state);
  update({{1, 0, 0}, true, false}, 7.0f, kSettings, state);
  EXPECT_EQ(success(state, kSettings), 1.0);
  EXPECT_EQ(spl(state, kSettings), 0.0) << "a success whose spl is exactly 0";
  EXPECT_EQ(soft_spl(state), 0.0);
}

TEST(HabitatMeasures, TinyMotionsKeepTheOldDistance) {
  MeasureState state;
  begin({10, 0, 0}, 4.0f, kSettings, state);
  // The margin on an axis is 1e-4 + 1e-5 * |position| = 2e-4 at 10 m.
  EXPECT_FALSE(measures_distance_anew(state, {10.00015f, 0, 0}));
  EXPECT_FALSE(measures_distance_anew(state, {10.0f, 0.00009f, 0}));
  EXPECT_TRUE(measures_distance_anew(state, {10.0f, 0.00012f, 0}));
  EXPECT_TRUE(measures_distance_anew(state, {10.0003f, 0, 0}));
  update({{10.00015f, 0, 0}, false, false}, 1.0f, kSettings, state);
  EXPECT_EQ(state.distance_to_goal, 4.0f);
  EXPECT_EQ(value_of(Measure::kDistanceToGoalReward, state, kSettings), 0.0);
  // The margin is about where it was measured, not about the last place: tiny motions add up.
  update({{10.0003f, 0, 0}, false, false}, 3.5f, kSettings, state);
  EXPECT_EQ(state.distance_to_goal, 3.5f);
  EXPECT_EQ(value_of(Measure::kDistanceToGoalReward, state, kSettings), 0.5);
  EXPECT_NEAR(state.path_length, 0.0003, 2e-6) << "lengths count every motion; floats at 10 m are 1e-6 apart";
  // No way known from here (Detour's path has at most 256 polygons): the last known distance stands.
  update({{11, 0, 0}, false, false}, std::numeric_limits<float>::infinity(), kSettings, state);
  EXPECT_EQ(state.distance_to_goal, 3.5f);
}

TEST(HabitatMeasures, CountsAndOracles) {
  const MeasureSettings settings{2.6f, 3.0f};
  const MeasureState state = walked(2.9f, true, settings);
  const auto value = [&](Measure measure) { return value_of(measure, state, settings); };
  EXPECT_EQ(value(Measure::kCollisions), 1.0);
  EXPECT_EQ(value(Measure::kIsCollision), 0.0) << "of the last step, a STOP";
  EXPECT_EQ(value(Measure::kNumSteps), 3.0);
  EXPECT_EQ(value(Measure::kStepsTaken), 3.0);
  EXPECT_EQ(value(Measure::kOracleNavigationError), 2.5);
  EXPECT_EQ(value(Measure::kOracleSuccess), 1.0) << "2.5 m on the way";
  EXPECT_EQ(value(Measure::kSuccess), 0.0);
  EXPECT_EQ(value(Measure::kOracleSpl), 0.0);
  EXPECT_EQ(value(Measure::kStopCalled), 1.0);
  const MeasureState reached = walked(0.1f, true);
  EXPECT_NEAR(value_of(Measure::kOracleSpl, reached, kSettings), 0.8, 1e-7);  // kept as a float
  MeasureState there;
  begin({0, 0, 0}, 1.0f, settings, there);
  EXPECT_EQ(value_of(Measure::kOracleSuccess, there, settings), 1.0) << "at the start";
  begin({0, 0, 0}, 2.6f, settings, there);
  EXPECT_EQ(value_of(Measure::kOracleSuccess, there, settings), 0.0) << "strict";
}

TEST(HabitatMeasures, NdtwByHand) {
  // Two places 1 m beside three of the walk: exp(-3 / (3 * 3)).
  EXPECT_NEAR(ndtw(3.0, 3, 3.0f), std::exp(-1.0 / 3.0), 1e-15);
  MeasureState state = walked(0.1f, true);
  state.ndtw = 0.5;
  EXPECT_EQ(value_of(Measure::kSdtw, state, kSettings), 0.5);
  state = walked(0.3f, true);
  state.ndtw = 0.5;
  EXPECT_EQ(value_of(Measure::kSdtw, state, kSettings), 0.0);
}

TEST(HabitatMeasures, NamesOrderAndColumns) {
  std::vector<Measure> measures;
  for (const char* name : {"distance_to_goal", "success", "spl", "top_down_map", "collisions"})
    measures.push_back(measure_named(name));
  std::vector<std::string> columns;
  for (const Measure measure : columns_of(measures)) columns.emplace_back(name_of(measure));
  EXPECT_EQ(columns, (std::vector<std::string>{"distance_to_goal", "success", "spl", "collisions",
                                               "collisions.is_collision", "soft_spl", "ndtw", "path_length",
                                               "oracle_success", "stop_called"}));
}

TEST(HabitatReward, SlackMeasureAndBonus) {
  RewardSettings reward;
  reward.slack_reward = -0.01f;
  reward.success_reward = 2.5f;
  MeasureState state;
  begin({0, 0, 0}, 4.0f, kSettings, state);
  update({{0.25f, 0, 0}, false, false}, 3.75f, kSettings, state);
  EXPECT_NEAR(step_reward(reward, state, kSettings), -0.01 + 0.25, 1e-7);
  const MeasureState reached = walked(0.1f, true);
  EXPECT_NEAR(step_reward(reward, reached, kSettings), -0.01 + 0.0 + 2.5, 1e-6) << "STOP comes no nearer";
  reward.reward_measure = Measure::kSpl;
  EXPECT_NEAR(step_reward(reward, reached, kSettings), -0.01 + 0.8 + 2.5, 1e-6);
}

TEST(HabitatReward, TheBonusFollowsSplNotSuccess) {
  MeasureState state;  // L = 0, then a step, then STOP near the goal: success 1, spl 0
  begin({0, 0, 0}, 0.0f, kSettings, state);
  update({{1, 0, 0}, false, false}, 0.1f, kSettings, state);
  update({{1, 0, 0}, true, false}, 0.1f, kSettings, state);
  ASSERT_EQ(success(state, kSettings), 1.0);
  RewardSettings reward;
  EXPECT_NEAR(step_reward(reward, state, kSettings), -0.01, 1e-7);
  reward.success_measure = Measure::kSuccess;
  EXPECT_NEAR(step_reward(reward, state, kSettings), 2.49, 1e-6);
}

TEST(HabitatReward, HowAnEpisodeEnds) {
  RewardSettings reward;
  reward.max_episode_steps = 2;
  MeasureState state;
  begin({0, 0, 0}, 4.0f, kSettings, state);
  update({{1, 0, 0}, false, false}, 3.0f, kSettings, state);
  EpisodeEnd end = episode_end(reward, state, kSettings);
  EXPECT_FALSE(end.terminated || end.truncated);
  MeasureState late = state;
  update({{2, 0, 0}, false, false}, 2.0f, kSettings, late);
  end = episode_end(reward, late, kSettings);
  EXPECT_TRUE(!end.terminated && end.truncated);
  MeasureState stopped = state;
  update({{1, 0, 0}, true, false}, 3.0f, kSettings, stopped);
  end = episode_end(reward, stopped, kSettings);
  EXPECT_TRUE(end.terminated && !end.truncated) << "a STOP in the last step is a STOP";
  // end_on_success ends it as soon as the measure is not 0, whatever the measure is.
  reward.max_episode_steps = 100;
  reward.success_measure = Measure::kOracleSuccess;
  MeasureState near = state;
  update({{2, 0, 0}, false, false}, 0.1f, kSettings, near);
  EXPECT_FALSE(episode_end(reward, near, kSettings).terminated);
  reward.end_on_success = true;
  EXPECT_TRUE(episode_end(reward, near, kSettings).terminated);
}

}  // namespace
}  // namespace inknav::task::habitat
