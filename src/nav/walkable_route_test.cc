// SPDX-License-Identifier: MIT
#include "nav/walkable_route.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "nav/distance_field.h"
#include "nav/route.h"
#include "nav/test_scenes.h"
#include "scene/home/home.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::build_mesh;

float mean_clearance(NavQuery& query, const Route& route) {
  float sum = 0.0f;
  int count = 0;
  for (float s = 0.0f; s < route.length(); s += 0.1f, ++count)
    sum += query.distance_to_wall(route.at(s), 0.5f);
  return sum / static_cast<float>(std::max(1, count));
}

TEST(WalkableRoute, PiecesAreWalkableAndTheWayIsNotMuchLonger) {
  std::vector<scene::ScenePtr> scenes = {testing::rooms_scene(), testing::storeys_scene(),
                                         testing::clutter_scene(11)};
  for (std::uint64_t seed = 0; seed < 6; ++seed) scenes.push_back(scene::generate_home(seed, {}).scene);
  float straight_clearance = 0.0f;
  float clearance = 0.0f;
  double ratio = 0.0;
  int count = 0;
  for (const scene::ScenePtr& scene : scenes) {
    const NavMeshPtr mesh = build_mesh(scene);
    NavQuery query(mesh);
    base::PhiloxStream stream({.seed = 51});
    for (int i = 0; i < 20; ++i) {
      const Vec3 from = query.random_point(stream, mesh->largest_island()).position;
      const Vec3 to = query.random_point(stream, mesh->largest_island()).position;
      const std::vector<Vec3> points = walkable_route(query, from, to, 0.3f);
      ASSERT_GE(points.size(), 2u);
      EXPECT_LT(glm::length(points.front() - query.project(from)->position), 1e-3f);
      EXPECT_LT(glm::length(points.back() - query.project(to)->position), 1e-3f);
      for (std::size_t k = 1; k < points.size(); ++k) {
        EXPECT_TRUE(query.is_clear(*query.locate(points[k - 1]), points[k]));
        EXPECT_TRUE(query.is_navigable(points[k]));
      }
      const std::array<Vec3, 1> goals = {to};
      const float shortest = DistanceField::compute(query, goals)->at(from);
      const Route route(points);
      const Route tight(walkable_route(query, from, to, 0.0f));
      EXPECT_GE(route.length(), shortest - 0.1f);
      EXPECT_LT(route.length(), 1.25f * shortest + 0.5f);
      EXPECT_LT(tight.length(), 1.03f * shortest + 0.1f);
      clearance += mean_clearance(query, route);
      straight_clearance += mean_clearance(query, tight);
      ratio += shortest > 1.0f ? route.length() / shortest : 1.0f;
      ++count;
    }
  }
  EXPECT_LT(ratio / count, 1.12);
  EXPECT_GT(clearance, straight_clearance + 0.05f * static_cast<float>(count));
}

TEST(WalkableRoute, SameCallGivesTheSamePoints) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery a(mesh), b(mesh);
  const auto first = walkable_route(a, {1, 0, 1}, {11, 0, 7}, 0.3f);
  a.random_point(*std::make_unique<base::PhiloxStream>(base::PhiloxKey{}), -1);
  EXPECT_EQ(first, walkable_route(b, {1, 0, 1}, {11, 0, 7}, 0.3f));
  EXPECT_EQ(first, walkable_route(a, {1, 0, 1}, {11, 0, 7}, 0.3f));
}

TEST(WalkableRoute, NoWayGivesNothing) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  EXPECT_TRUE(walkable_route(query, {1, 0, 1}, {100, 0, 1}).empty());
  EXPECT_TRUE(walkable_route(query, {100, 0, 1}, {1, 0, 1}).empty());
  EXPECT_TRUE(walkable_route(query, {1, 0, 1}, {4, 0.85f, 1.6f}).empty());  // the top of a block
  const auto still = walkable_route(query, {1, 0, 1}, {1, 0, 1});
  ASSERT_FALSE(still.empty());
  EXPECT_LT(Route(still).length(), 1e-3f);
}

}  // namespace
}  // namespace inknav::nav
