// SPDX-License-Identifier: MIT
#include "nav/collision.h"

#include <gtest/gtest.h>

namespace inknav::nav {
namespace {

TEST(Motion, CollisionComparesSquaredLengthsIn3d) {
  const base::Vec3 start(0.0f), target(0.0f, 0.0f, -0.25f);
  EXPECT_FALSE(has_collided(start, target, target));
  EXPECT_TRUE(has_collided(start, target, base::Vec3(0.0f, 0.0f, -0.2f)));
  // Shorter by less than 1e-5 m^2 does not count: 0.25^2 - 0.24999^2 = 5e-6.
  EXPECT_FALSE(has_collided(start, target, base::Vec3(0.0f, 0.0f, -0.24999f)));
  // Climbing makes the move longer, so it never counts.
  EXPECT_FALSE(has_collided(start, target, base::Vec3(0.0f, 0.2f, -0.24f)));
}

}  // namespace
}  // namespace inknav::nav
