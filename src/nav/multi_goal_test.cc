// SPDX-License-Identifier: MIT
#include "nav/multi_goal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::build_mesh;

TEST(MultiGoal, EqualsTheMinimumOverSingleSearches) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 31});
  int skipped = 0;
  for (int i = 0; i < 200; ++i) {
    std::vector<Vec3> goals;
    for (int g = 0; g < 8; ++g) goals.push_back(query.random_point(stream, -1).position);
    MultiGoal multi(query, goals);
    const Vec3 from = query.random_point(stream, mesh->largest_island()).position;
    const MultiGoal::Nearest nearest = multi.nearest(query, from);
    float best = std::numeric_limits<float>::infinity();
    for (const Vec3& goal : goals) best = std::min(best, query.geodesic(from, goal).length);
    ASSERT_EQ(nearest.path.length, best);
    if (nearest.goal >= 0) {
      ASSERT_EQ(query.geodesic(from, goals[static_cast<std::size_t>(nearest.goal)]).length, best);
    }
    skipped += 8 - static_cast<int>(multi.num_searches());
  }
  EXPECT_GT(skipped, 400) << "straight lines rule many goals out";
}

TEST(MultiGoal, BoundsSkipSearchesAlongAWalk) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 32});
  std::vector<Vec3> goals;
  for (int g = 0; g < 20; ++g) goals.push_back(query.random_point(stream, mesh->largest_island()).position);
  MultiGoal multi(query, goals);
  NavPoint at = query.random_point(stream, mesh->largest_island());
  constexpr int kSteps = 400;
  for (int i = 0; i < kSteps; ++i) {
    at = query.step(at, at.position + 0.25f * base::forward_from_yaw(stream.uniform(-3.2f, 3.2f)), true);
    float best = std::numeric_limits<float>::infinity();
    for (const Vec3& goal : goals) best = std::min(best, query.geodesic(at.position, goal).length);
    const float found = multi.nearest(query, at.position).path.length;
    ASSERT_GE(found, best);
    // A bound from the last search can be too high by what Detour's path is longer than the shortest.
    ASSERT_LE(found, 1.25f * best + 1e-4f);
  }
  EXPECT_LT(multi.num_searches(), kSteps * 20 / 4);
}

TEST(MultiGoal, LengthsAloneAreThoseOfThePathsAndItsMemoryCanBeKept) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 33});
  std::vector<Vec3> goals;
  for (int g = 0; g < 20; ++g) goals.push_back(query.random_point(stream, mesh->largest_island()).position);
  goals.push_back(goals.front());  // equal bounds
  MultiGoal multi(query, goals), lengths(query, goals);
  std::vector<float> bounds;
  std::optional<Vec3> start;
  for (int i = 0; i < 200; ++i) {
    const Vec3 at = query.random_point(stream, mesh->largest_island()).position;
    MultiGoal resumed(query, goals);
    if (start) resumed.restore(bounds, start);
    const float length = lengths.nearest_length(query, at);
    ASSERT_EQ(multi.nearest(query, at).path.length, length);
    ASSERT_EQ(resumed.nearest_length(query, at), length);
    ASSERT_EQ(query.geodesic_length(at, goals.front()), query.geodesic(at, goals.front()).length);
    ASSERT_EQ(multi.num_searches(), lengths.num_searches());
    bounds = lengths.bounds();
    start = lengths.last_start();
  }
}

TEST(MultiGoal, GoalsThatDoNotProjectAreSkipped) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  const Vec3 far(90, 0, 90), here = query.project({1, 0, 1})->position,
                             there = query.project({2, 0, 2})->position;
  const std::vector<Vec3> some = {far, there};
  MultiGoal multi(query, some);
  const MultiGoal::Nearest nearest = multi.nearest(query, here);
  EXPECT_EQ(nearest.goal, 1);
  EXPECT_EQ(nearest.path.length, query.geodesic(here, there).length);
  EXPECT_EQ(multi.nearest(query, far).goal, -1);
  for (const std::vector<Vec3>& none : {std::vector<Vec3>{far, far}, std::vector<Vec3>{}}) {
    MultiGoal nothing(query, none);
    const MultiGoal::Nearest result = nothing.nearest(query, here);
    EXPECT_EQ(result.goal, -1);
    EXPECT_TRUE(std::isinf(result.path.length));
    EXPECT_EQ(nothing.num_searches(), 0);
  }
}

TEST(MultiGoal, AGoalOnAnotherIslandIsFoundAgainFromThere) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  const Vec3 table = query.project({4, 0.75f, 1.6f})->position, floor = query.project({1, 0, 1})->position;
  const std::vector<Vec3> goals = {table};
  MultiGoal multi(query, goals);
  EXPECT_EQ(multi.nearest(query, floor).goal, -1);
  EXPECT_EQ(multi.nearest(query, table).goal, 0);
}

}  // namespace
}  // namespace inknav::nav
