// SPDX-License-Identifier: MIT
#include "nav/route.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/allocation_count.h"
#include "base/philox.h"

namespace inknav::nav {
namespace {

using base::Vec3;

std::vector<Vec3> wander(std::uint64_t seed, int num_points) {
  base::PhiloxStream stream({.seed = seed});
  std::vector<Vec3> points;
  Vec3 p(0.0f);
  for (int i = 0; i < num_points; ++i) {
    p += Vec3(stream.uniform(-1, 1), stream.uniform(-0.1f, 0.1f), stream.uniform(-1, 1));
    points.push_back(p);
  }
  return points;
}

TEST(Route, LengthAndPointsAlong) {
  const Route route({{0, 0, 0}, {3, 0, 0}, {3, 0, 0}, {3, 0, 4}});
  EXPECT_EQ(route.points().size(), 3u);  // the duplicate is gone
  EXPECT_FLOAT_EQ(route.length(), 7.0f);
  EXPECT_EQ(route.at(-1.0f), Vec3(0, 0, 0));
  EXPECT_EQ(route.at(1.5f), Vec3(1.5f, 0, 0));
  EXPECT_EQ(route.at(3.0f), Vec3(3, 0, 0));
  EXPECT_EQ(route.at(5.0f), Vec3(3, 0, 2));
  EXPECT_EQ(route.at(99.0f), Vec3(3, 0, 4));
}

TEST(Route, OnePoint) {
  const Route route({{1, 2, 3}});
  EXPECT_EQ(route.length(), 0.0f);
  EXPECT_EQ(route.at(5.0f), Vec3(1, 2, 3));
  const Route::Nearest nearest = route.nearest({1, 9, 7}, 0.0f, 1.0f);
  EXPECT_EQ(nearest.arc_length, 0.0f);
  EXPECT_FLOAT_EQ(nearest.distance, 4.0f);  // horizontal
  EXPECT_EQ(Route().length(), 0.0f);
}

TEST(Route, NearestEqualsWalkingAlongInSmallSteps) {
  base::PhiloxStream stream({.seed = 31});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Route route(wander(seed, 30));
    for (int i = 0; i < 20; ++i) {
      const Vec3 p(stream.uniform(-4, 4), 0.0f, stream.uniform(-4, 4));
      float from = stream.uniform(0.0f, route.length());
      float to = stream.uniform(0.0f, route.length());
      if (from > to) std::swap(from, to);
      float least = 1e9f;
      for (int k = 0; k <= 4000; ++k) {
        const Vec3 q = route.at(from + (to - from) * static_cast<float>(k) / 4000.0f);
        least = std::min(least, std::hypot(q.x - p.x, q.z - p.z));
      }
      const Route::Nearest nearest = route.nearest(p, from, to);
      EXPECT_NEAR(nearest.distance, least, 6e-3f);
      EXPECT_GE(nearest.arc_length, from);
      EXPECT_LE(nearest.arc_length, to);
      const Vec3 q = route.at(nearest.arc_length);
      EXPECT_NEAR(std::hypot(q.x - p.x, q.z - p.z), nearest.distance, 1e-3f);
    }
  }
}

TEST(RouteProgress, NeverJumpsWhereTheRouteCrossesItself) {
  // A figure of eight: the crossing is passed at 5 and again at 15 + 5 sqrt(2) or so metres.
  const Route route({{0, 0, 0}, {10, 0, 0}, {10, 0, 5}, {5, 0, 5}, {5, 0, -5}});
  RouteProgress progress;
  float before = 0.0f;
  for (float s = 0.0f; s < route.length(); s += 0.1f) {
    advance(route, route.at(s) + Vec3(0.02f, 0.0f, 0.02f), 1.0f, progress);
    EXPECT_NEAR(progress.arc_length, s, 0.15f);
    EXPECT_LE(std::abs(progress.arc_length - before), 0.2f);
    before = progress.arc_length;
  }
  // Standing at the crossing the second time does not lead back to the first.
  advance(route, {5, 0, 0}, 1.0f, progress);
  EXPECT_GT(progress.arc_length, 20.0f);
}

TEST(RouteProgress, LooksOnlyAsFarAsItsWindow) {
  const Route route({{0, 0, 0}, {10, 0, 0}});
  RouteProgress progress;
  advance(route, {8, 0, 1}, 1.0f, progress);
  EXPECT_FLOAT_EQ(progress.arc_length, 1.0f);
  EXPECT_FLOAT_EQ(progress.distance, std::hypot(7.0f, 1.0f));
  for (int i = 0; i < 7; ++i) advance(route, {8, 0, 1}, 1.0f, progress);
  EXPECT_FLOAT_EQ(progress.arc_length, 8.0f);
  advance(route, {2, 0, 0}, 1.0f, progress);
  EXPECT_FLOAT_EQ(progress.arc_length, 7.0f);  // and back
}

TEST(RouteProgress, AllocatesNothing) {
  const Route route(wander(1, 200));
  RouteProgress progress;
  const std::size_t before = base::testing::num_allocations();
  for (float s = 0.0f; s < route.length(); s += 0.1f) advance(route, route.at(s), 1.0f, progress);
  EXPECT_EQ(base::testing::num_allocations(), before);
}

}  // namespace
}  // namespace inknav::nav
