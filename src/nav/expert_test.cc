// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/allocation_count.h"
#include "nav/distance_field.h"
#include "nav/route.h"
#include "nav/test_scenes.h"
#include "nav/walkable_route.h"
#include "scene/home/home.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::build_mesh;

constexpr float kWindow = 1.0f;
constexpr int kMaxActions = 1500;

struct Walk {
  bool stopped = false;
  int num_actions = 0;
  int num_reversals = 0;  // a turn straight after a turn the other way
  float walked = 0.0f;
  float farthest_off = 0.0f;  // metres from the route
  NavPoint end;
};

struct Settings {
  float turn_deg = 30.0f;
  bool slide = true;
  float noise = 0.0f;  // probability that an action is replaced by a random move
};

Walk follow(NavQuery& query, const Route& route, const DistanceField& to_goal, const NavPoint& start,
            const Settings& settings, base::PhiloxStream& stream) {
  ExpertSettings expert;
  expert.turn_angle = settings.turn_deg * base::kPi / 180.0f;
  expert.allow_sliding = settings.slide;
  Walk walk;
  walk.end = start;
  float yaw = stream.uniform(-base::kPi, base::kPi);
  RouteProgress progress;
  Action before = Action::kForward;
  for (; walk.num_actions < kMaxActions; ++walk.num_actions) {
    advance(route, walk.end.position, kWindow, progress);
    walk.farthest_off = std::max(walk.farthest_off, progress.distance);
    const base::Pose pose{walk.end.position, base::rotation_from_yaw(yaw)};
    Action action = advise(query, route, progress, to_goal, pose, expert).action;
    if (stream.uniform() < settings.noise) action = static_cast<Action>(1 + stream.uniform_int(3u));
    if (action == Action::kStop) {
      walk.stopped = true;
      break;
    }
    const bool turned = action != Action::kForward;
    if (turned && before != Action::kForward && before != action) ++walk.num_reversals;
    before = action;
    if (turned) {
      yaw += action == Action::kTurnLeft ? expert.turn_angle : -expert.turn_angle;
      continue;
    }
    const Vec3 aim = walk.end.position + expert.forward_step * base::forward_from_yaw(yaw);
    const NavPoint next = query.step(walk.end, aim, settings.slide);
    walk.walked += glm::length(next.position - walk.end.position);
    walk.end = next;
  }
  return walk;
}

struct Tally {
  int runs = 0;
  int successes = 0;
  int reversals = 0;
  double spl = 0.0;
  float farthest_off = 0.0f;
};

/// Walks `runs` random routes of the mesh's largest island.
void follow_many(const NavMeshPtr& mesh, const Settings& settings, float clearance, int runs, Tally& tally) {
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 41, .environment = static_cast<std::uint32_t>(tally.runs)});
  for (int i = 0; i < runs;) {
    const Vec3 from = query.random_point(stream, mesh->largest_island()).position;
    const Vec3 to = query.random_point(stream, mesh->largest_island()).position;
    const std::vector<Vec3> points = walkable_route(query, from, to, clearance);
    ASSERT_FALSE(points.empty());
    const Route route(points);
    if (route.length() < 2.0f) continue;
    ++i;
    const std::array<Vec3, 1> goals = {route.points().back()};
    const DistanceFieldPtr field = DistanceField::compute(query, goals);
    const NavPoint start = *query.project(route.points().front());
    const Walk walk = follow(query, route, *field, start, settings, stream);
    const bool success = walk.stopped && glm::length(walk.end.position - goals[0]) <= 0.25f;
    ++tally.runs;
    tally.successes += success ? 1 : 0;
    tally.reversals += walk.num_reversals;
    if (success) tally.spl += route.length() / std::max(route.length(), walk.walked);
    tally.farthest_off = std::max(tally.farthest_off, walk.farthest_off);
    EXPECT_TRUE(success || settings.noise > 0.0f)
        << "turn " << settings.turn_deg << " slide " << settings.slide << " from (" << from.x << ", "
        << from.y << ", " << from.z << ") to (" << to.x << ", " << to.y << ", " << to.z << ") ended at ("
        << walk.end.position.x << ", " << walk.end.position.z << ") after " << walk.num_actions;
  }
}

const std::vector<NavMeshPtr>& homes() {
  static const std::vector<NavMeshPtr> meshes = [] {
    std::vector<NavMeshPtr> built;
    for (std::uint64_t seed = 100; seed < 120; ++seed) {
      built.push_back(build_mesh(scene::generate_home(seed, {}).scene));
    }
    return built;
  }();
  return meshes;
}

class ExpertTest : public ::testing::TestWithParam<std::tuple<float, bool>> {
 protected:
  Settings settings() const { return {std::get<0>(GetParam()), std::get<1>(GetParam()), 0.0f}; }
};

TEST_P(ExpertTest, WalksRoutesInHomes) {
  Tally tally;
  for (const NavMeshPtr& mesh : homes()) follow_many(mesh, settings(), 0.3f, 10, tally);
  EXPECT_EQ(tally.runs, 200);
  EXPECT_GE(tally.successes, 196);
  EXPECT_GE(tally.spl / tally.runs, 0.98);
  EXPECT_EQ(tally.reversals, 0);
  EXPECT_LT(tally.farthest_off, 0.4f);
}

TEST_P(ExpertTest, WalksRoutesThatHugTheWalls) {
  Tally tally;
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene(), testing::clutter_scene(8)}) {
    follow_many(build_mesh(scene), settings(), 0.0f, 30, tally);
  }
  EXPECT_GE(tally.successes, 89);
  EXPECT_GE(tally.spl / tally.runs, settings().slide ? 0.97 : 0.93);
  EXPECT_EQ(tally.reversals, 0);
}

TEST_P(ExpertTest, FindsBackAfterRandomMoves) {
  Tally tally;
  Settings noisy = settings();
  noisy.noise = 0.3f;
  for (const auto& scene : {testing::rooms_scene(), testing::clutter_scene(9)}) {
    follow_many(build_mesh(scene), noisy, 0.3f, 25, tally);
  }
  EXPECT_GE(tally.successes, 49);
}

INSTANTIATE_TEST_SUITE_P(Turns, ExpertTest,
                         ::testing::Combine(::testing::Values(10.0f, 15.0f, 30.0f), ::testing::Bool()));

struct Fixture {
  explicit Fixture(const scene::ScenePtr& scene, const Vec3& from, const Vec3& to)
      : mesh(build_mesh(scene)), query(mesh), route(walkable_route(query, from, to, 0.3f)) {
    const std::array<Vec3, 1> goals = {route.points().back()};
    field = DistanceField::compute(query, goals);
  }
  ExpertAdvice advice(const Vec3& position, float yaw, const RouteProgress& progress) {
    return advise(query, route, progress, *field, {position, base::rotation_from_yaw(yaw)}, settings);
  }
  NavMeshPtr mesh;
  NavQuery query;
  Route route;
  DistanceFieldPtr field;
  ExpertSettings settings;
};

TEST(Expert, FollowsTheDrawnRouteAndNotTheShortestWay) {
  // A detour drawn through the other room.
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  std::vector<Vec3> points = walkable_route(query, {1, 0, 4}, {4, 0, 6}, 0.3f);
  const std::vector<Vec3> second = walkable_route(query, {4, 0, 6}, {11, 0, 4}, 0.3f);
  points.insert(points.end(), second.begin(), second.end());
  const Route route(points);
  const std::array<Vec3, 1> goals = {route.points().back()};
  const DistanceFieldPtr field = DistanceField::compute(query, goals);
  ASSERT_GT(route.length(), 1.2f * field->at(route.points().front()));
  base::PhiloxStream stream({.seed = 42});
  const Walk walk = follow(query, route, *field, *query.project(route.points().front()), {}, stream);
  EXPECT_TRUE(walk.stopped);
  EXPECT_LE(glm::length(walk.end.position - goals[0]), 0.25f);
  EXPECT_NEAR(walk.walked, route.length(), 0.1f * route.length());
  EXPECT_LT(walk.farthest_off, 0.3f);
}

TEST(Expert, WaypointIsInSightAheadAndEndsAtTheRoutesEnd) {
  Fixture f(testing::rooms_scene(), {1, 0, 1}, {11, 0, 7});
  RouteProgress progress;
  for (float s = 0.0f; s < f.route.length(); s += 0.05f) {
    const Vec3 p = f.query.project(f.route.at(s))->position;
    advance(f.route, p, kWindow, progress);
    const base::Pose pose{p, base::rotation_from_yaw(0.7f)};
    const ExpertAdvice advice = f.advice(p, 0.7f, progress);
    const Vec3 target = base::body_to_world(pose, advice.waypoint_body);
    EXPECT_TRUE(f.query.is_clear(*f.query.locate(p), target));
    EXPECT_LE(glm::length(advice.waypoint_body), f.settings.lookahead + 0.01f);
    EXPECT_NEAR(advice.remaining, f.route.length() - progress.arc_length,
                0.05f + 0.3f * f.settings.lookahead);
    if (f.route.length() - s < f.settings.lookahead - 0.05f) {
      const Vec3 gap = target - f.route.points().back();
      EXPECT_LT(std::hypot(gap.x, gap.z), 0.05f);
    }
  }
}

TEST(Expert, WaypointMovesSmoothlyAlongTheRoute) {
  Fixture f(testing::rooms_scene(), {1, 0, 1}, {11, 0, 7});
  RouteProgress progress;
  Vec3 before = f.route.points().front();
  float largest = 0.0f;
  for (float s = 0.0f; s < f.route.length(); s += 0.02f) {
    const Vec3 p = f.query.project(f.route.at(s))->position;
    advance(f.route, p, kWindow, progress);
    const base::Pose pose{p, base::rotation_from_yaw(0.0f)};
    const Vec3 target = base::body_to_world(pose, f.advice(p, 0.0f, progress).waypoint_body);
    if (s > 0.0f) largest = std::max(largest, glm::length(target - before));
    before = target;
  }
  EXPECT_LT(largest, 0.12f);
}

TEST(Expert, ComesBackRoundTheWallAndNotThroughIt) {
  // The route lies in the upper left room; the agent stands in the corridor behind its wall.
  Fixture f(testing::rooms_scene(), {0.6f, 0, 2.8f}, {2.4f, 0, 0.8f});
  const Vec3 p = f.query.project({0.6f, 0, 3.9f})->position;
  RouteProgress progress;
  advance(f.route, p, kWindow, progress);
  ASSERT_LT(progress.distance, 1.3f);
  ASSERT_FALSE(f.query.is_clear(*f.query.locate(p), f.route.at(progress.arc_length)));
  const base::Pose pose{p, base::rotation_from_yaw(0.0f)};
  const ExpertAdvice advice = f.advice(p, 0.0f, progress);
  EXPECT_GT(advice.waypoint_body.x, 0.3f);  // to the right, where the door is
  EXPECT_TRUE(f.query.is_clear(*f.query.locate(p), base::body_to_world(pose, advice.waypoint_body)));
  EXPECT_GT(advice.remaining, f.route.length());
  base::PhiloxStream stream({.seed = 43});
  const Walk walk = follow(f.query, f.route, *f.field, *f.query.project(p), {}, stream);
  EXPECT_TRUE(walk.stopped);
  EXPECT_LE(glm::length(walk.end.position - f.route.points().back()), 0.25f);
}

TEST(Expert, StopsOnlyAtTheEnd) {
  Fixture f(testing::rooms_scene(), {1, 0, 1}, {2.5f, 0, 2});
  RouteProgress progress;
  progress.arc_length = f.route.length();
  const Vec3 end = f.route.points().back();
  EXPECT_EQ(f.advice(end, 0.3f, progress).action, Action::kStop);
  EXPECT_EQ(f.advice(end + Vec3(0.19f, 0, 0), 2.0f, progress).action, Action::kStop);
  EXPECT_NE(f.advice(end + Vec3(0.21f, 0, 0), 2.0f, progress).action, Action::kStop);
  // A route that begins where it ends is not finished at its beginning.
  std::vector<Vec3> loop = walkable_route(f.query, {1, 0.2f, 1}, {5, 0.2f, 2.8f}, 0.3f);
  const std::vector<Vec3> back = walkable_route(f.query, {5, 0.2f, 2.8f}, {1, 0.2f, 1}, 0.3f);
  loop.insert(loop.end(), back.begin() + 1, back.end());
  f.route = Route(loop);
  EXPECT_NE(f.advice({1, 0.2f, 1}, 0.0f, RouteProgress{}).action, Action::kStop);
  base::PhiloxStream stream({.seed = 44});
  const Walk walk = follow(f.query, f.route, *f.field, *f.query.project({1, 0.2f, 1}), {}, stream);
  EXPECT_TRUE(walk.stopped);
  EXPECT_GT(walk.walked, 0.9f * f.route.length());
}

TEST(Expert, OffTheMeshAndOnAnotherIslandItStops) {
  Fixture f(testing::rooms_scene(), {1, 0, 1}, {2.5f, 0, 2});
  const ExpertAdvice nowhere = f.advice({50, 0, 50}, 0.0f, RouteProgress{});
  EXPECT_EQ(nowhere.action, Action::kStop);
  EXPECT_TRUE(std::isinf(nowhere.remaining));
  const ExpertAdvice on_block = f.advice({4, 0.85f, 1.6f}, 0.0f, RouteProgress{});
  EXPECT_EQ(on_block.action, Action::kStop);
}

TEST(Expert, TurningOnTheSpotAlwaysEnds) {
  // From any place and heading: at most half a turn's worth of turns before a step.
  const NavMeshPtr mesh = build_mesh(testing::clutter_scene(10));
  base::PhiloxStream stream({.seed = 45});
  NavQuery query(mesh);
  for (int i = 0; i < 300; ++i) {
    const Vec3 from = query.random_point(stream, mesh->largest_island()).position;
    const Vec3 to = query.random_point(stream, mesh->largest_island()).position;
    const std::array<Vec3, 1> goals = {to};
    const DistanceFieldPtr field = DistanceField::compute(query, goals);
    const Route route(walkable_route(query, from, to, i % 2 == 0 ? 0.3f : 0.0f));
    // Mostly in contact with a wall, which is where headings are close calls.
    NavPoint at = query.random_point(stream, mesh->largest_island());
    at = query.step(at, at.position + 2.0f * base::forward_from_yaw(stream.uniform(-4, 4)), i % 3 != 0);
    ExpertSettings settings;
    settings.turn_angle = (i % 2 == 0 ? 10.0f : 30.0f) * base::kPi / 180.0f;
    settings.allow_sliding = i % 4 < 2;
    float yaw = stream.uniform(-10.0f, 10.0f);
    RouteProgress progress;
    advance(route, at.position, 100.0f, progress);
    const int most = static_cast<int>(base::kPi / settings.turn_angle) + 1;
    int turns = 0;
    for (; turns <= most; ++turns) {
      const Action action =
          advise(query, route, progress, *field, {at.position, base::rotation_from_yaw(yaw)}, settings)
              .action;
      if (action == Action::kForward || action == Action::kStop) break;
      yaw += action == Action::kTurnLeft ? settings.turn_angle : -settings.turn_angle;
    }
    EXPECT_LE(turns, most) << i;
  }
}

TEST(Expert, AllocatesNothing) {
  Fixture f(testing::rooms_scene(), {1, 0, 1}, {11, 0, 7});
  base::PhiloxStream stream({.seed = 46});
  RouteProgress progress;
  const std::size_t before = base::testing::num_allocations();
  for (int i = 0; i < 2000; ++i) {
    // On the route and far off it.
    const Vec3 p = f.query.random_point(stream, f.mesh->largest_island()).position;
    progress.arc_length = stream.uniform(0.0f, f.route.length());
    advance(f.route, p, kWindow, progress);
    f.advice(p, stream.uniform(-4, 4), progress);
  }
  EXPECT_EQ(base::testing::num_allocations(), before);
}

}  // namespace
}  // namespace inknav::nav
