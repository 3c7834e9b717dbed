// SPDX-License-Identifier: MIT
#pragma once
// Vectors, rotations and poses. World frame: right-handed, metres, +X right, +Y up, -Z forward.
// A pose named pose_world_agent reads "agent in world". Angles in radians unless the name says _deg.
// Yaw is the rotation about +Y, left turns positive, 0 looks along -Z.

#include <cmath>
#include <glm/gtc/quaternion.hpp>
#include <glm/vec2.hpp>
#include <glm/vec3.hpp>
#include <glm/vec4.hpp>
#include <limits>

namespace inknav::base {

using Vec2 = glm::vec2;
using Vec3 = glm::vec3;
using Vec4 = glm::vec4;
using Quat = glm::quat;  // constructor order (w, x, y, z)

inline constexpr float kPi = 3.14159265358979323846f;

struct Pose {
  Vec3 position{0.0f, 0.0f, 0.0f};
  Quat rotation{1.0f, 0.0f, 0.0f, 0.0f};
};

struct Aabb {
  Vec3 min{std::numeric_limits<float>::infinity()};
  Vec3 max{-std::numeric_limits<float>::infinity()};

  void extend(const Vec3& p) {
    min = glm::min(min, p);
    max = glm::max(max, p);
  }
  Vec3 size() const { return max - min; }
  bool empty() const { return min.x > max.x; }
};

/// Wraps to (-pi, pi].
inline float wrap_angle(float angle) {
  const float wrapped = std::remainder(angle, 2.0f * kPi);
  return wrapped <= -kPi ? wrapped + 2.0f * kPi : wrapped;
}

inline Quat rotation_from_yaw(float yaw) {
  return Quat(std::cos(0.5f * yaw), 0.0f, std::sin(0.5f * yaw), 0.0f);
}

/// Yaw of the direction in which `rotation` turns -Z.
inline float yaw_from_rotation(const Quat& rotation) {
  const Vec3 forward = rotation * Vec3(0.0f, 0.0f, -1.0f);
  return std::atan2(-forward.x, -forward.z);
}

/// Unit vector in which an agent of this yaw looks: (-sin, 0, -cos).
inline Vec3 forward_from_yaw(float yaw) { return Vec3(-std::sin(yaw), 0.0f, -std::cos(yaw)); }

/// Point given in the agent's body plane (x = right, y = forward, metres) -> world, at the agent's height.
inline Vec3 body_to_world(const Pose& pose_world_agent, const Vec2& right_forward) {
  return pose_world_agent.position +
         pose_world_agent.rotation * Vec3(right_forward.x, 0.0f, -right_forward.y);
}

/// Inverse of body_to_world in the plane; the height of `p_world` is dropped.
inline Vec2 world_to_body(const Pose& pose_world_agent, const Vec3& p_world) {
  const Vec3 local = glm::conjugate(pose_world_agent.rotation) * (p_world - pose_world_agent.position);
  return Vec2(local.x, -local.z);
}

}  // namespace inknav::base
