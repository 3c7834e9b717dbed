// SPDX-License-Identifier: MIT
#include "base/geometry.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.h"

namespace inknav::base {
namespace {

constexpr float kTolerance = 1e-5f;

void expect_near(const Vec3& a, const Vec3& b, float tolerance = kTolerance) {
  EXPECT_NEAR(a.x, b.x, tolerance);
  EXPECT_NEAR(a.y, b.y, tolerance);
  EXPECT_NEAR(a.z, b.z, tolerance);
}

class GeometryTest : public ::testing::Test {
 protected:
  float yaw() { return stream_.uniform(-kPi, kPi); }
  Vec3 point() {
    return Vec3(stream_.uniform(-20.0f, 20.0f), stream_.uniform(-3.0f, 3.0f), stream_.uniform(-20.0f, 20.0f));
  }
  PhiloxStream stream_{PhiloxKey{5}};
};

TEST_F(GeometryTest, FrameRules) {
  expect_near(forward_from_yaw(0.0f), Vec3(0.0f, 0.0f, -1.0f));
  // Left turns are positive: a quarter turn left of -Z is -X.
  expect_near(forward_from_yaw(0.5f * kPi), Vec3(-1.0f, 0.0f, 0.0f));
  expect_near(rotation_from_yaw(0.5f * kPi) * Vec3(0.0f, 0.0f, -1.0f), Vec3(-1.0f, 0.0f, 0.0f));
  // x to the right and y forward of an agent that looks along -Z.
  const Pose pose{Vec3(1.0f, 2.0f, 3.0f), rotation_from_yaw(0.0f)};
  expect_near(body_to_world(pose, Vec2(1.0f, 0.0f)), Vec3(2.0f, 2.0f, 3.0f));
  expect_near(body_to_world(pose, Vec2(0.0f, 1.0f)), Vec3(1.0f, 2.0f, 2.0f));
}

// Law: wrap_angle(a) lies in (-pi, pi] and differs from a by whole turns.
TEST_F(GeometryTest, WrapAngle) {
  EXPECT_EQ(wrap_angle(0.0f), 0.0f);
  EXPECT_FLOAT_EQ(wrap_angle(kPi), kPi);
  EXPECT_NEAR(std::abs(wrap_angle(-kPi)), kPi, kTolerance);
  EXPECT_GT(wrap_angle(-kPi), -kPi);
  for (int i = 0; i < 10000; ++i) {
    const float angle = stream_.uniform(-50.0f, 50.0f);
    const float wrapped = wrap_angle(angle);
    ASSERT_GT(wrapped, -kPi - 1e-6f);
    ASSERT_LE(wrapped, kPi + 1e-6f);
    const float turns = (angle - wrapped) / (2.0f * kPi);
    ASSERT_NEAR(turns, std::round(turns), kTolerance);
  }
}

// Law: yaw_from_rotation(rotation_from_yaw(a)) == a, and both agree with forward_from_yaw.
TEST_F(GeometryTest, YawRoundTrip) {
  for (int i = 0; i < 1000; ++i) {
    const float angle = yaw();
    const Quat rotation = rotation_from_yaw(angle);
    ASSERT_NEAR(wrap_angle(yaw_from_rotation(rotation) - angle), 0.0f, kTolerance);
    expect_near(rotation * Vec3(0.0f, 0.0f, -1.0f), forward_from_yaw(angle));
    ASSERT_NEAR(glm::length(rotation), 1.0f, kTolerance);
  }
}

// Law: turns add up, rotation(a) * rotation(b) == rotation(a + b).
TEST_F(GeometryTest, YawsAdd) {
  for (int i = 0; i < 1000; ++i) {
    const float a = yaw();
    const float b = yaw();
    const float sum = yaw_from_rotation(rotation_from_yaw(a) * rotation_from_yaw(b));
    ASSERT_NEAR(wrap_angle(sum - a - b), 0.0f, 1e-4f);
  }
}

// Law: world_to_body(body_to_world(p)) == p, and the other way round in the agent's plane.
TEST_F(GeometryTest, BodyAndWorldAreInverse) {
  for (int i = 0; i < 1000; ++i) {
    const Pose pose{point(), rotation_from_yaw(yaw())};
    const Vec2 body(stream_.uniform(-10.0f, 10.0f), stream_.uniform(-10.0f, 10.0f));
    const Vec2 back = world_to_body(pose, body_to_world(pose, body));
    ASSERT_NEAR(back.x, body.x, 1e-4f);
    ASSERT_NEAR(back.y, body.y, 1e-4f);
    Vec3 world = point();
    world.y = pose.position.y;
    expect_near(body_to_world(pose, world_to_body(pose, world)), world, 1e-4f);
  }
}

// Law: distances are the same in both frames.
TEST_F(GeometryTest, FramesKeepDistances) {
  for (int i = 0; i < 1000; ++i) {
    const Pose pose{point(), rotation_from_yaw(yaw())};
    const Vec2 a(stream_.uniform(-9.0f, 9.0f), stream_.uniform(-9.0f, 9.0f));
    const Vec2 b(stream_.uniform(-9.0f, 9.0f), stream_.uniform(-9.0f, 9.0f));
    ASSERT_NEAR(glm::distance(body_to_world(pose, a), body_to_world(pose, b)), glm::distance(a, b), 1e-4f);
  }
}

TEST_F(GeometryTest, BoxesGrowToHoldTheirPoints) {
  Aabb box;
  EXPECT_TRUE(box.empty());
  for (int i = 0; i < 100; ++i) {
    const Vec3 p = point();
    const Aabb before = box;
    box.extend(p);
    EXPECT_FALSE(box.empty());
    for (int axis = 0; axis < 3; ++axis) {
      ASSERT_LE(box.min[axis], p[axis]);
      ASSERT_GE(box.max[axis], p[axis]);
      ASSERT_LE(box.min[axis], before.min[axis]);
      ASSERT_GE(box.max[axis], before.max[axis]);
    }
  }
  expect_near(box.size(), box.max - box.min);
}

}  // namespace
}  // namespace inknav::base
