// SPDX-License-Identifier: MIT
#include "sim/task_sensors.h"

#include <cmath>
#include <glm/gtc/constants.hpp>

#include "base/check.h"
#include "base/hash.h"

namespace inknav::sim {

namespace {

using Vec3d = glm::dvec3;
using Quatd = glm::dquat;

Quatd wide(const base::Quat& q) {
  return glm::normalize(Quatd(double{q.w}, double{q.x}, double{q.y}, double{q.z}));
}

/// `to - from` in the frame of `rotation`; the difference is taken in float32, as Habitat-Lab's arrays do.
Vec3d local(const base::Quat& rotation, const base::Vec3& from, const base::Vec3& to) {
  return glm::conjugate(wide(rotation)) * Vec3d(to - from);
}

std::array<float, 3> rounded(double a, double b, double c = 0.0) {
  return {static_cast<float>(a), static_cast<float>(b), static_cast<float>(c)};
}

/// Of the direction in which `rotation` turns -Z, right positive.
float angle_of(const Quatd& rotation) {
  const Vec3d ahead = rotation * Vec3d(0.0, 0.0, -1.0);
  return static_cast<float>(std::atan2(ahead.x, -ahead.z));
}

}  // namespace

std::array<float, 3> point_goal(const base::Pose& from, const base::Vec3& goal,
                                const PointGoalFormat& format) {
  INKNAV_CHECK(format.dimensions == 2 || format.dimensions == 3, format.dimensions);
  const Vec3d v = local(from.rotation, from.position, goal);
  if (!format.polar) return format.dimensions == 2 ? rounded(-v.z, v.x) : rounded(v.x, v.y, v.z);
  const double angle = -std::atan2(v.x, -v.z);
  if (format.dimensions == 2) return rounded(std::sqrt(v.x * v.x + v.z * v.z), angle);
  const double distance = glm::length(v);
  const double from_up = distance > 0.0 ? std::acos(v.y / distance) : glm::half_pi<double>();
  return rounded(distance, angle, from_up);
}

std::array<float, 3> gps(const base::Pose& start, const base::Vec3& position, int dimensions) {
  INKNAV_CHECK(dimensions == 2 || dimensions == 3, dimensions);
  const Vec3d v = local(start.rotation, start.position, position);
  return dimensions == 2 ? rounded(-v.z, v.x) : rounded(v.x, v.y, v.z);
}

float compass(const base::Pose& start, const base::Quat& rotation) {
  return angle_of(glm::conjugate(wide(rotation)) * wide(start.rotation));
}

float heading(const base::Quat& rotation) { return angle_of(glm::conjugate(wide(rotation))); }

float proximity(nav::NavQuery& query, const base::Vec3& position, float max_radius) {
  return query.distance_to_wall(position, max_radius);
}

base::Pose image_goal_pose(const base::Vec3& goal, std::string_view episode_id) {
  const base::Hash128 hash = base::xxh3_128(episode_id.data(), episode_id.size());
  const double part = static_cast<double>(hash.low >> 11) * 0x1.0p-53;  // [0, 1), 53 bits
  return {goal, base::rotation_from_yaw(static_cast<float>(part * 2.0 * glm::pi<double>()))};
}

}  // namespace inknav::sim
