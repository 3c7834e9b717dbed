// SPDX-License-Identifier: MIT
#include "sim/task_sensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "sim/odometry.h"
#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

using namespace testing;  // NOLINT: test helpers

constexpr float kUlp = 1e-6f;  // poses are float32, the sums are of a few metres

void expect_values(const std::array<float, 3>& found, std::initializer_list<float> wanted) {
  std::size_t i = 0;
  for (const float value : wanted) {
    EXPECT_NEAR(found[i], value, kUlp) << "value " << i;
    ++i;
  }
}

TEST(PointGoal, ByHand) {
  // Looks along -X, its right is -Z. The goal is 2 m ahead, 1 m to the right and 0.5 m above.
  const base::Pose agent = pose_at(1.0f, 2.0f, 90.0f, 0.0f);
  const base::Vec3 goal(-1.0f, 0.5f, 1.0f);
  expect_values(point_goal(agent, goal, {.polar = false, .dimensions = 2}), {2.0f, 1.0f});
  expect_values(point_goal(agent, goal, {.polar = false, .dimensions = 3}), {1.0f, 0.5f, -2.0f});
  const float right = -std::atan2(1.0f, 2.0f);  // left is positive
  expect_values(point_goal(agent, goal, {.polar = true, .dimensions = 2}), {std::sqrt(5.0f), right});
  expect_values(point_goal(agent, goal, {.polar = true, .dimensions = 3}),
                {std::sqrt(5.25f), right, std::acos(0.5f / std::sqrt(5.25f))});
}

TEST(PointGoal, SignsAllAround) {
  const base::Pose agent = pose_at(0.0f, 0.0f, 0.0f, 0.0f);
  const auto angle = [&](float x, float z) { return point_goal(agent, {x, 0, z}, {})[1]; };
  EXPECT_NEAR(angle(0, -3), 0.0f, kUlp);
  EXPECT_NEAR(angle(-3, 0), 0.5f * base::kPi, kUlp);  // left
  EXPECT_NEAR(angle(3, 0), -0.5f * base::kPi, kUlp);
  EXPECT_NEAR(std::abs(angle(0, 3)), base::kPi, kUlp);
  // A goal above the head and one below: the third value.
  EXPECT_NEAR(point_goal(agent, {0, 2, -1e-9f}, {.dimensions = 3})[2], 0.0f, kUlp);
  EXPECT_NEAR(point_goal(agent, {0, -2, -1e-9f}, {.dimensions = 3})[2], base::kPi, kUlp);
  const auto here = point_goal(agent, agent.position, {.dimensions = 3});
  EXPECT_EQ(here[0], 0.0f);
  EXPECT_NEAR(here[2], 0.5f * base::kPi, kUlp);
}

TEST(PointGoal, ARotationNeedNotHaveLengthOne) {
  base::Pose agent = pose_at(1.0f, 2.0f, 90.0f, 0.0f);
  agent.rotation = 1.7f * agent.rotation;
  expect_values(point_goal(agent, {-1.0f, 0.5f, 1.0f}, {.polar = false}), {2.0f, 1.0f});
}

TEST(Gps, ByHand) {
  const base::Pose start = pose_at(1.0f, 2.0f, 90.0f, 0.2f);
  const base::Vec3 now(-1.0f, 0.7f, 1.0f);
  expect_values(gps(start, now, 2), {2.0f, 1.0f});
  expect_values(gps(start, now, 3), {1.0f, 0.5f, -2.0f});
  const Odometry odometry = sim::odometry(start, {now, start.rotation});
  EXPECT_NEAR(gps(start, now, 2)[0], odometry.forward, kUlp);
  EXPECT_NEAR(gps(start, now, 2)[1], odometry.right, kUlp);
}

TEST(Compass, IsZeroAtTheStartAndLeftIsPositive) {
  for (const float yaw : {0.0f, 70.0f, -140.0f, 180.0f}) {
    const base::Pose start = pose_at(0, 0, yaw, 0);
    for (const float turned : {0.0f, 10.0f, -10.0f, 90.0f, 179.0f, -179.0f}) {
      const base::Quat now = base::rotation_from_yaw((yaw + turned) * kDegree);
      EXPECT_NEAR(compass(start, now), turned * kDegree, kUlp) << yaw << " " << turned;
    }
  }
  // Half a turn, exactly.
  EXPECT_EQ(compass({base::Vec3(0.0f), base::Quat(1, 0, 0, 0)}, base::Quat(0, 0, 1, 0)), base::kPi);
}

TEST(Heading, ReadsTheAngleOfTheRotation) {
  for (const double h : {-3.1, -1.5, -0.2, 0.0, 0.7, 1.9, 3.1}) {
    const base::Quat rotation(static_cast<float>(std::cos(h / 2)), 0.0f, static_cast<float>(std::sin(h / 2)),
                              0.0f);
    EXPECT_NEAR(heading(rotation), static_cast<float>(h), kUlp);
  }
}

TEST(Proximity, IsTheDistanceToTheWallUpToItsMaximum) {
  nav::NavQuery query(plain_world().nav_mesh);
  // The floor ends at x = 5; the mesh ends the agent's radius and up to two cells before it.
  const float near = proximity(query, {4.0f, 0.18f, 0.0f});
  EXPECT_GT(near, 0.75f);
  EXPECT_LT(near, 0.95f);
  EXPECT_NEAR(proximity(query, {4.3f, 0.18f, 0.0f}), near - 0.3f, 1e-5f);
  EXPECT_EQ(proximity(query, {0.0f, 0.18f, 0.0f}), 2.0f);
  EXPECT_EQ(proximity(query, {4.0f, 0.18f, 0.0f}, 0.5f), 0.5f);
  EXPECT_EQ(proximity(query, {40.0f, 0.18f, 0.0f}), std::numeric_limits<float>::infinity());
}

TEST(ImageGoal, StandsAtTheGoalWithAYawOfTheEpisodesId) {
  const base::Vec3 goal(1.0f, 2.0f, 3.0f);
  std::set<int> sectors;
  for (int i = 0; i < 200; ++i) {
    const base::Pose pose = image_goal_pose(goal, std::to_string(i));
    EXPECT_EQ(pose.position, goal);
    EXPECT_NEAR(glm::length(pose.rotation), 1.0f, 1e-6f);
    EXPECT_EQ(pose.rotation.x, 0.0f);
    EXPECT_EQ(pose.rotation.z, 0.0f);
    sectors.insert(static_cast<int>((base::yaw_from_rotation(pose.rotation) + base::kPi) * 4.0f / base::kPi));
    EXPECT_EQ(image_goal_pose(goal, std::to_string(i)).rotation, pose.rotation);
  }
  EXPECT_GE(sectors.size(), 8u) << "all around";
  // XXH3-128 of no bytes is published as 99aa06d3014798d86001c324468d497f: its low half, as a part of 2 pi.
  const double part = static_cast<double>(0x6001c324468d497fULL >> 11) / 9007199254740992.0;
  EXPECT_NEAR(base::wrap_angle(base::yaw_from_rotation(image_goal_pose(goal, "").rotation) -
                               static_cast<float>(part * 2.0 * 3.14159265358979323846)),
              0.0f, 1e-6f);
}

}  // namespace
}  // namespace inknav::sim
