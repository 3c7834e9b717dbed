// SPDX-License-Identifier: MIT
#include "sketch/surroundings.h"

#include <gtest/gtest.h>

#include <vector>

namespace inknav::sketch {
namespace {

/// A corridor of `length` metres, 4 m wide, with a door every 5 m.
WallMap corridor(float length) {
  WallMap map;
  map.walls = {{{0.0f, 0.0f}, {length, 0.0f}}, {{0.0f, 4.0f}, {length, 4.0f}}};
  for (float x = 5.0f; x < length; x += 5.0f) {
    map.walls.push_back({{x, 0.0f}, {x, 1.5f}});
    map.walls.push_back({{x, 2.5f}, {x, 4.0f}});
    map.doors.push_back({{x, 1.5f}, {x, 2.5f}});
  }
  map.bounds.extend({0.0f, 0.2f, 0.0f});
  map.bounds.extend({length, 0.2f, 4.0f});
  return map;
}

const std::vector<base::Vec3> kRoute = {{31.0f, 0.2f, 2.0f}, {36.0f, 0.2f, 2.5f}, {43.0f, 0.2f, 2.0f}};

TEST(Surroundings, AHomeIsDrawnWhole) {
  const WallMap home = corridor(kWholeSide);
  const WallMap part = surroundings(home, kRoute, 3.0f);
  EXPECT_EQ(part.walls.size(), home.walls.size());
  EXPECT_EQ(part.doors.size(), home.doors.size());
}

TEST(Surroundings, OfALargeBuildingTheRectangleAroundTheRouteIsKept) {
  const WallMap part = surroundings(corridor(90.0f), kRoute, 3.0f);
  ASSERT_EQ(part.walls.size(), 2u + 2u * 4u);  // the doors at 30, 35, 40 and 45 m
  EXPECT_EQ(part.doors.size(), 4u);
  EXPECT_FLOAT_EQ(part.walls[0].a.x, 28.0f);
  EXPECT_FLOAT_EQ(part.walls[0].b.x, 46.0f);
  EXPECT_FLOAT_EQ(longer_side(part), 18.0f);
  EXPECT_FLOAT_EQ(part.bounds.min.y, 0.2f);
}

TEST(Surroundings, WhatIsLeftLiesOnAWallAndInsideTheRectangle) {
  const WallMap whole = corridor(90.0f);
  for (float margin = 0.3f; margin < 9.0f; margin += 0.7f) {
    for (const PlanSegment& wall : surroundings(whole, kRoute, margin).walls) {
      for (const base::Vec2& p : {wall.a, wall.b}) {
        EXPECT_GE(p.x, 31.0f - margin - 1e-4f);
        EXPECT_LE(p.x, 43.0f + margin + 1e-4f);
        EXPECT_GE(p.y, 2.0f - margin - 1e-4f);
        EXPECT_LE(p.y, 2.5f + margin + 1e-4f);
      }
      EXPECT_TRUE(wall.a.x == wall.b.x || wall.a.y == wall.b.y);
    }
  }
}

TEST(Surroundings, AMarginOfNothingKeepsEverything) {
  EXPECT_EQ(surroundings(corridor(90.0f), kRoute, 0.0f).walls.size(), corridor(90.0f).walls.size());
  EXPECT_EQ(surroundings(corridor(90.0f), {}, 3.0f).walls.size(), corridor(90.0f).walls.size());
}

}  // namespace
}  // namespace inknav::sketch
