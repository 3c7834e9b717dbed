// SPDX-License-Identifier: MIT
#pragma once
// Odometry: what gps and compass read at a pose, in the frame of a start pose. Pure.

#include <cmath>

#include "base/geometry.h"

namespace inknav::sim {

struct Odometry {
  float forward = 0.0f;  // metres in the start frame
  float right = 0.0f;
  float compass = 0.0f;  // radians, left positive, 0 at the start
};

inline Odometry odometry(const base::Pose& start, const base::Pose& pose) {
  const base::Vec3 local = glm::conjugate(start.rotation) * (pose.position - start.position);
  const base::Vec3 heading = glm::conjugate(pose.rotation) * (start.rotation * base::Vec3(0.0f, 0.0f, -1.0f));
  return {-local.z, local.x, std::atan2(heading.x, -heading.z)};
}

}  // namespace inknav::sim
