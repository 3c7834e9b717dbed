// SPDX-License-Identifier: MIT
#include "learn/diffusion/plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/philox.h"
#include "learn/diffusion/goal_places.h"

namespace inknav::learn {
namespace {

using base::Vec2;

/// A way of equal steps that winds; from point `end` on it stays (the goal).
std::vector<Vec2> winding(std::size_t count, std::size_t end, std::uint32_t episode) {
  base::PhiloxStream stream({7, 0, episode, 0, base::Purpose::kTest});
  std::vector<Vec2> points;
  Vec2 place(0.0f);
  float heading = 0.0f;
  for (std::size_t i = 0; i < count; ++i) {
    heading += stream.normal(0.0f, 0.3f);
    if (i < end) place += kWaypointSpacing * Vec2(std::sin(heading), std::cos(heading));
    points.push_back(place);
  }
  return points;
}

TEST(Plan, NumbersAndPointsRoundTripWithinMinusOneAndOne) {
  for (std::uint32_t episode = 0; episode < 20; ++episode) {
    for (const int size : {2, 4}) {
      const std::vector<Vec2> points = winding(16, 4 + episode % 13, episode);
      std::vector<float> numbers(16 * static_cast<std::size_t>(size));
      plan_to_numbers(points, size, numbers);
      for (const float value : numbers) EXPECT_LE(std::abs(value), 1.0f + 1e-6f);
      std::vector<Vec2> back(16);
      plan_to_points(numbers, size, back);
      for (std::size_t i = 0; i < 16; ++i)
        EXPECT_LT(glm::length(back[i] - points[i]), 1e-5f);  // f32 sums of 16
    }
  }
}

TEST(Plan, HeadingIsTheStepsDirectionAndStaysAtTheGoal) {
  const std::vector<Vec2> points = {{0.0f, 0.25f}, {0.25f, 0.25f}, {0.25f, 0.25f}};
  std::vector<float> numbers(12);
  plan_to_numbers(points, 4, numbers);
  const std::vector<float> expected = {0, 1, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0};
  for (std::size_t i = 0; i < 12; ++i) EXPECT_FLOAT_EQ(numbers[i], expected[i]) << i;
}

TEST(Plan, StepsFromANetworkAreCutToOneSpacing) {
  const std::vector<float> numbers = {3.0f, 4.0f};
  std::vector<Vec2> points(1);
  plan_to_points(numbers, 2, points);
  EXPECT_NEAR(points[0].x, 0.6f * kWaypointSpacing, 1e-6f);
  EXPECT_NEAR(points[0].y, 0.8f * kWaypointSpacing, 1e-6f);
}

TEST(Plan, PlaceOnAStraightPlanAfterWalkingAndTurning) {
  std::vector<Vec2> points;
  for (int i = 1; i <= 16; ++i) points.emplace_back(0.0f, kWaypointSpacing * static_cast<float>(i));
  const Odometry drawn{2.0f, 1.0f, 0.5f};
  // One metre on and 0.1 m to the right, looking a quarter turn to the left.
  const float c = std::cos(drawn.yaw), s = std::sin(drawn.yaw);
  const Odometry now{drawn.forward + 1.0f * c + 0.1f * s, drawn.right - 1.0f * s + 0.1f * c,
                     drawn.yaw + 0.5f * base::kPi};
  const PlanPlace place = locate_on_plan(points, drawn, now);
  EXPECT_NEAR(place.arc, 1.0f, 1e-5f);
  EXPECT_NEAR(place.distance, 0.1f, 1e-5f);
  EXPECT_NEAR(place.left, 3.0f, 1e-5f);
  // The point ahead lies 0.5 m along the plan, which is now to the right, and 0.1 m ahead of the body.
  EXPECT_NEAR(place.ahead.x, kPlanLookahead, 1e-5f);
  EXPECT_NEAR(place.ahead.y, 0.1f, 1e-5f);
}

TEST(Plan, RebaseByNoMotionChangesNothing) {
  for (std::uint32_t episode = 0; episode < 10; ++episode) {
    const std::vector<Vec2> points = winding(16, episode % 2 == 0 ? 16 : 9, episode);
    const Odometry pose{3.0f, -1.0f, 0.7f};
    std::vector<Vec2> out(16);
    rebase_plan(points, pose, pose, out);
    for (std::size_t i = 0; i < 16; ++i)
      EXPECT_LT(glm::length(out[i] - points[i]), 2e-3f) << episode << " " << i;
  }
}

TEST(Plan, RebaseProlongsAFullPlanAndEndsAShortOneAtItsGoal) {
  std::vector<Vec2> full, shorter;
  for (int i = 1; i <= 16; ++i) {
    full.emplace_back(0.0f, kWaypointSpacing * static_cast<float>(i));
    shorter.emplace_back(0.0f, kWaypointSpacing * static_cast<float>(std::min(i, 8)));
  }
  const Odometry drawn{}, now{1.0f, 0.0f, 0.0f};
  std::vector<Vec2> out(16);
  rebase_plan(full, drawn, now, out);
  EXPECT_NEAR(out.back().y, 4.0f, 1e-5f);
  rebase_plan(shorter, drawn, now, out);
  EXPECT_NEAR(out.back().y, 1.0f, 1e-5f);
}

TEST(GoalPlaces, CellsCoverTheCropAndRaysWhatIsOutside) {
  DiffusionSettings settings;
  settings.enabled = true;
  settings.goal_rows = 5;
  settings.goal_cols = 5;
  settings.goal_rays = 8;
  const CropGrid crop{48, 0.15f};
  EXPECT_EQ(goal_places(settings), 33);
  const Vec2 far_left = crop.body_point(0, 0), near_right = crop.body_point(47, 47);
  EXPECT_EQ(goal_place_of(settings, crop, far_left), 0);
  EXPECT_EQ(goal_place_of(settings, crop, near_right), 24);
  EXPECT_EQ(goal_place_of(settings, crop, {0.0f, 50.0f}), 25);       // straight ahead
  EXPECT_EQ(goal_place_of(settings, crop, {-50.0f, 0.0f}), 25 + 2);  // left
  EXPECT_EQ(goal_place_of(settings, crop, {0.0f, -50.0f}), 25 + 4);  // behind
  EXPECT_EQ(goal_place_of(settings, crop, {50.0f, 0.0f}), 25 + 6);   // right
  EXPECT_EQ(goal_place_of(settings, crop, {50.0f, 50.0f}), 25 + 7);
  settings.goal_rows = 0;
  EXPECT_EQ(goal_places(settings), 0);
}

}  // namespace
}  // namespace inknav::learn
