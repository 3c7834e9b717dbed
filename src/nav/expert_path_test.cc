// SPDX-License-Identifier: MIT
#include "nav/expert_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/allocation_count.h"
#include "nav/test_scenes.h"
#include "nav/walkable_route.h"
#include "scene/home/home.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::build_mesh;

constexpr std::size_t kPoints = 16;
using Points = std::array<Vec3, kPoints>;

float plane_distance(const Vec3& a, const Vec3& b) { return std::hypot(a.x - b.x, a.z - b.z); }

/// A mesh, a random route on it and the fields that go with it.
struct Case {
  Case(NavQuery& navigation, const Vec3& from, const Vec3& to, float clearance)
      : query(navigation), route(walkable_route(navigation, from, to, clearance)) {
    const std::array<Vec3, 1> goals = {route.points().back()};
    field = DistanceField::compute(query, goals);
  }
  Points path(const Vec3& position, const RouteProgress& progress, const ExpertPathSettings& settings = {}) {
    Points points;
    expert_path(query, route, progress, *field, position, settings, points);
    return points;
  }
  const Vec3& end() const { return route.points().back(); }

  NavQuery& query;
  Route route;
  DistanceFieldPtr field;
};

/// How the pieces of many paths came out.
struct Tally {
  int pieces = 0;   // before the end of the way
  int shorter = 0;  // of them, by more than 1 cm
  int blocked = 0;
  int stuck = 0;  // paths that stay short of the end
  float longest = 0.0f;
  double clearance = 0.0;  // sum over the points, metres from the mesh's border
};

void tally_path(Case& c, const Vec3& start, const Points& points, Tally& tally) {
  Vec3 before = start;
  int still = 0;
  for (const Vec3& point : points) {
    const float length = plane_distance(before, point);
    tally.longest = std::max(tally.longest, length);
    const auto from = c.query.locate(before);
    const bool clear = from && c.query.is_clear(*from, point);
    tally.blocked += clear ? 0 : 1;
    const bool ended = plane_distance(point, c.end()) < 0.01f;
    if (!ended) {
      ++tally.pieces;
      tally.shorter += length < 0.24f ? 1 : 0;
      tally.clearance += static_cast<double>(c.query.distance_to_wall(point, 0.5f));
      still = length < 1e-3f ? still + 1 : 0;
      if (still == 2) {
        ++tally.stuck;
        break;
      }
    }
    before = point;
  }
}

enum class Where { kOnRoute, kBeside, kAnywhere };

/// Paths from `count` places of random routes.
void walk_many(const NavMeshPtr& mesh, Where where, float clearance, int count, Tally& tally) {
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 51, .environment = static_cast<std::uint32_t>(tally.pieces)});
  const int island = mesh->largest_island();
  for (int i = 0; i < count; ++i) {
    Case c(query, query.random_point(stream, island).position, query.random_point(stream, island).position,
           clearance);
    RouteProgress progress;
    progress.arc_length = stream.uniform(0.0f, c.route.length());
    NavPoint at = *query.locate(c.route.at(progress.arc_length));
    if (where == Where::kAnywhere) at = query.random_point(stream, island);
    if (where == Where::kBeside) {
      const Vec3 aside = base::forward_from_yaw(stream.uniform(-4.0f, 4.0f));
      at = query.step(at, at.position + stream.uniform(0.0f, 0.8f) * aside, true);
    }
    advance(c.route, at.position, 1.0f, progress);
    tally_path(c, at.position, c.path(at.position, progress), tally);
  }
}

const std::vector<NavMeshPtr>& homes() {
  static const std::vector<NavMeshPtr> meshes = [] {
    std::vector<NavMeshPtr> built;
    for (std::uint64_t seed = 200; seed < 212; ++seed) {
      built.push_back(build_mesh(scene::generate_home(seed, {}).scene));
    }
    return built;
  }();
  return meshes;
}

TEST(ExpertPath, PiecesAreEquallyLongAndWalkableInHomes) {
  const std::array<const char*, 3> names = {"on the route", "beside it", "anywhere"};
  const std::array<double, 3> may_be_shorter = {0.01, 0.02, 0.06};
  for (const Where where : {Where::kOnRoute, Where::kBeside, Where::kAnywhere}) {
    Tally tally;
    for (const NavMeshPtr& mesh : homes()) walk_many(mesh, where, 0.3f, 60, tally);
    const auto i = static_cast<std::size_t>(where);
    EXPECT_GT(tally.clearance / tally.pieces, where == Where::kAnywhere ? 0.2 : 0.28) << names[i];
    EXPECT_LE(tally.longest, 0.25f + 1e-4f) << names[i];
    EXPECT_EQ(tally.blocked, 0) << names[i];
    EXPECT_EQ(tally.stuck, 0) << names[i];
    EXPECT_LE(tally.shorter, may_be_shorter[i] * tally.pieces) << names[i];
  }
}

TEST(ExpertPath, PiecesAreWalkableOnRoutesThatHugTheWalls) {
  Tally tally;
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene(), testing::clutter_scene(8)}) {
    for (const Where where : {Where::kOnRoute, Where::kBeside, Where::kAnywhere}) {
      walk_many(build_mesh(scene), where, 0.0f, 100, tally);
    }
  }
  EXPECT_LE(tally.longest, 0.25f + 1e-4f);
  EXPECT_EQ(tally.blocked, 0);
  EXPECT_LE(tally.stuck,
            2);  // of 900: where a route runs on the border itself, the last bit may close both sides
}

TEST(ExpertPath, EndsAtTheRoutesEnd) {
  NavQuery query(homes().front());
  base::PhiloxStream stream({.seed = 52});
  const int island = query.mesh().largest_island();
  for (int i = 0; i < 50; ++i) {
    Case c(query, query.random_point(stream, island).position, query.random_point(stream, island).position,
           0.3f);
    const float left = stream.uniform(0.0f, std::min(3.0f, c.route.length()));
    RouteProgress progress;
    progress.arc_length = c.route.length() - left;
    const Points points = c.path(query.locate(c.route.at(progress.arc_length))->position, progress);
    const auto after = static_cast<std::size_t>(left / 0.25f) + 2;  // the way cuts corners, never adds
    for (std::size_t k = std::min(after, kPoints); k < kPoints; ++k) {
      EXPECT_LT(plane_distance(points[k], c.end()), 0.01f) << i << " " << k;
      EXPECT_EQ(points[k], points[kPoints - 1]);
    }
  }
}

TEST(ExpertPath, StraightWhereTheRouteIs) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  Case c(query, {1, 0, 4}, {11, 0, 4}, 0.3f);  // along the corridor
  const Vec3 start = query.project({1, 0, 4})->position;
  const Points points = c.path(start, {});
  for (std::size_t k = 0; k < kPoints; ++k) {
    EXPECT_NEAR(points[k].x, start.x + 0.25f * static_cast<float>(k + 1), 2e-3f);
    EXPECT_NEAR(points[k].z, 4.0f, 0.05f);
  }
}

TEST(ExpertPath, LeadsBackToTheRouteRoundTheWall) {
  // The route lies in the upper left room; the agent stands in the corridor behind its wall.
  NavQuery query(build_mesh(testing::rooms_scene()));
  Case c(query, {0.6f, 0, 2.8f}, {2.4f, 0, 0.8f}, 0.3f);
  const Vec3 start = query.project({0.6f, 0, 3.9f})->position;
  RouteProgress progress;
  advance(c.route, start, 1.0f, progress);
  const Points points = c.path(start, progress);
  EXPECT_GT(points[3].x, start.x + 0.8f);  // to the door
  EXPECT_LT(points[kPoints - 1].z, 3.2f);  // and through it
  const Route::Nearest nearest = c.route.nearest(points[kPoints - 1], 0.0f, c.route.length());
  EXPECT_LT(nearest.distance, 0.9f);
}

TEST(ExpertPath, ComesBackAtASlant) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  Case c(query, {1, 0, 4}, {11, 0, 4}, 0.3f);
  const Vec3 start = query.project({4, 0, 4.4f})->position;
  RouteProgress progress;
  progress.arc_length = 3.0f;
  const Points points = c.path(start, progress);
  float before = start.z - 4.0f;
  for (const Vec3& point : points) {
    EXPECT_LE(point.z - 4.0f, before + 0.01f);
    before = point.z - 4.0f;
  }
  EXPECT_LT(std::abs(points[6].z - 4.0f), 0.08f);
  EXPECT_GT(points[6].x, 5.2f);
}

TEST(ExpertPath, WalkingToTheFirstPointAgainAndAgainReachesTheEnd) {
  base::PhiloxStream stream({.seed = 53});
  for (const NavMeshPtr& mesh : homes()) {
    NavQuery query(mesh);
    const int island = mesh->largest_island();
    Case c(query, query.random_point(stream, island).position, query.random_point(stream, island).position,
           0.3f);
    RouteProgress progress;
    Vec3 at = query.random_point(stream, island).position;
    int steps = 0;
    for (; steps < 600 && plane_distance(at, c.end()) > 0.05f; ++steps) {
      advance(c.route, at, 1.0f, progress);
      at = c.path(at, progress)[0];
    }
    EXPECT_LT(steps, 600);
  }
}

TEST(ExpertPath, OffTheMeshItStays) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  Case c(query, {1, 0, 4}, {11, 0, 4}, 0.3f);
  const Vec3 nowhere(50, 0, 50);
  for (const Vec3& point : c.path(nowhere, {})) EXPECT_EQ(point, nowhere);
}

TEST(ExpertPath, AllocatesNothing) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  Case c(query, {1, 0, 1}, {11, 0, 7}, 0.3f);
  base::PhiloxStream stream({.seed = 54});
  RouteProgress progress;
  const std::size_t before = base::testing::num_allocations();
  for (int i = 0; i < 500; ++i) {
    const Vec3 p = query.random_point(stream, query.mesh().largest_island()).position;
    progress.arc_length = stream.uniform(0.0f, c.route.length());
    advance(c.route, p, 1.0f, progress);
    c.path(p, progress);
  }
  EXPECT_EQ(base::testing::num_allocations(), before);
}

}  // namespace
}  // namespace inknav::nav
