// SPDX-License-Identifier: MIT
#pragma once
// The rule by which a body action counts as a collision (spec/habitat.md 3). Pure.

#include "base/geometry.h"

namespace inknav::nav {

/// |reached - start|^2 + 1e-5 < |target - start|^2, in 3-D: climbing never counts, nor does a slide that
/// shortens the squared way by at most 1e-5 m^2.
inline bool has_collided(const base::Vec3& start, const base::Vec3& target, const base::Vec3& reached) {
  const base::Vec3 moved = reached - start;
  const base::Vec3 wanted = target - start;
  return glm::dot(moved, moved) + 1e-5f < glm::dot(wanted, wanted);
}

}  // namespace inknav::nav
