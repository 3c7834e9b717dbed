// SPDX-License-Identifier: MIT
#pragma once
// Rotations of a mounted camera (spec/habitat.md 2).
//
// An orientation is three angles in radians; the camera is turned about X, then Y, then Z of the agent's own
// frame, so R = Rz * Ry * Rx, as Magnum's rotateX, rotateY, rotateZ do one after the other. Looking up turns
// it about its own X, wherever that points. Pure.

#include <cmath>

#include "base/geometry.h"

namespace inknav::sim {

inline base::Quat rotation_about_x(float angle) {
  return base::Quat(std::cos(0.5f * angle), std::sin(0.5f * angle), 0.0f, 0.0f);
}

inline base::Quat rotation_about_z(float angle) {
  return base::Quat(std::cos(0.5f * angle), 0.0f, 0.0f, std::sin(0.5f * angle));
}

inline base::Quat rotation_from_euler(const base::Vec3& orientation) {
  return rotation_about_z(orientation.z) * base::rotation_from_yaw(orientation.y) *
         rotation_about_x(orientation.x);
}

}  // namespace inknav::sim
