// SPDX-License-Identifier: MIT
#include "nav/greedy_follower.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "nav/test_scenes.h"
#include "scene/home/home.h"

namespace inknav::nav {
namespace {

using base::Pose;
using base::Vec3;
using testing::build_mesh;
using testing::SceneBuilder;

constexpr float kTurn30 = base::kPi / 6.0f;

Pose pose_at(NavQuery& query, const Vec3& p, float yaw) {
  return {query.project(p)->position, base::rotation_from_yaw(yaw)};
}

/// A body that follows actions, with the actuation noise of a LoCoBot under ILQR (spec/habitat.md 3):
/// Gaussian with the variances below, cut at three deviations; a step keeps at least 5 % of its command.
class Body {
 public:
  Body(NavQuery& query, const Pose& pose, const FollowerSettings& settings, bool noisy, std::uint64_t seed)
      : query_(query), pose_(pose), settings_(settings), noisy_(noisy), stream_({.seed = seed}) {}

  const Pose& pose() const { return pose_; }
  float walked() const { return walked_; }

  void act(Action action) {
    const bool forward = action == Action::kForward;
    const float step = forward ? settings_.forward_step : 0.0f;
    const float turn = forward ? 0.0f : settings_.turn_angle;
    float ahead = step, aside = 0.0f, angle = turn;
    if (noisy_) {
      const Noise noise = forward ? Noise{{0.014f, 0.009f}, {0.006f, 0.005f}, 0.008f, 0.004f}
                                  : Noise{{0.003f, 0.003f}, {0.002f, 0.003f}, 0.023f, 0.012f};
      do {
        ahead = step + draw(noise.mean[0], noise.variance[0]);
      } while (forward && ahead < 0.05f * step);
      aside = draw(noise.mean[1], noise.variance[1]);
      angle = turn + draw(noise.turn_mean, noise.turn_variance);
    }
    const Vec3 way = pose_.rotation * Vec3(aside, 0.0f, -ahead);
    const Vec3 before = pose_.position;
    pose_.position = query_.try_step(before, before + way, settings_.allow_sliding);
    const float sign = action == Action::kTurnRight ? -1.0f : 1.0f;
    pose_.rotation = glm::normalize(pose_.rotation * base::rotation_from_yaw(sign * angle));
    walked_ += glm::length(pose_.position - before);
  }

 private:
  struct Noise {
    std::array<float, 2> mean;      // metres: ahead, aside
    std::array<float, 2> variance;  // square metres
    float turn_mean;                // radians
    float turn_variance;
  };

  float draw(float mean, float variance) {
    for (;;) {
      const float radius = std::sqrt(-2.0f * std::log(1.0f - stream_.uniform()));
      const float normal = radius * std::cos(2.0f * base::kPi * stream_.uniform());
      if (std::abs(normal) <= 3.0f) return mean + std::sqrt(variance) * normal;
    }
  }

  NavQuery& query_;
  Pose pose_;
  FollowerSettings settings_;
  bool noisy_;
  base::PhiloxStream stream_;
  float walked_ = 0.0f;
};

struct Setting {
  const char* name;
  bool slide;
  bool noisy;
  float least_spl;  // Habitat's own bars (spec/habitat.md 7)
};

/// Mean SPL over 100 pairs more than 2 m apart; a final geodesic distance above a step is a failure.
float mean_spl(const NavMeshPtr& mesh, const Setting& setting) {
  FollowerSettings settings;
  settings.turn_angle = kTurn30;
  settings.allow_sliding = setting.slide;
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 70});
  float sum = 0.0f;
  constexpr int kPairs = 100;
  for (int pair = 0; pair < kPairs;) {
    const Vec3 start = query.random_point(stream, -1).position;
    const Vec3 goal = query.random_point(stream, -1).position;
    const float yaw = stream.uniform(-base::kPi, base::kPi);
    const float shortest = query.geodesic(start, goal).length;
    if (!(std::isfinite(shortest) && shortest > 2.0f)) continue;
    Body body(query, {start, base::rotation_from_yaw(yaw)}, settings, setting.noisy,
              static_cast<std::uint64_t>(pair));
    GreedyFollower follower(settings);
    for (int i = 0; i < 2000; ++i) {
      const Action action = follower.next_action(query, body.pose(), goal);
      if (action == Action::kStop) break;
      body.act(action);
    }
    if (query.geodesic(body.pose().position, goal).length <= settings.forward_step) {
      sum += shortest / std::max(shortest, body.walked());
    }
    ++pair;
  }
  return sum / kPairs;
}

TEST(GreedyFollower, MeanSplOf100PairsPerNavmesh) {
  const std::array<Setting, 4> settings = {{{"slide", true, false, 0.97f},
                                            {"no slide", false, false, 0.925f},
                                            {"slide, noise", true, true, 0.82f},
                                            {"no slide, noise", false, true, 0.60f}}};
  const std::array<NavMeshPtr, 3> meshes = {build_mesh(testing::rooms_scene()),
                                            build_mesh(testing::storeys_scene()),
                                            build_mesh(scene::generate_home(7, scene::HomeParams{}).scene)};
  for (std::size_t m = 0; m < meshes.size(); ++m) {
    for (const Setting& setting : settings) {
      const float spl = mean_spl(meshes[m], setting);
      std::printf("  navmesh %zu, %-16s mean SPL %.3f of at least %.3f\n", m, setting.name, double{spl},
                  double{setting.least_spl});
      EXPECT_GE(spl, setting.least_spl) << m << " " << setting.name;
    }
  }
}

TEST(GreedyFollower, StopsWithinTheGoalRadius) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 6, 6).finish("floor")));
  GreedyFollower follower({});
  const Pose pose = pose_at(query, {3, 0, 3}, 0.0f);
  // On the mesh: Detour's path keeps the height of the goal it was given, which then counts.
  const auto goal = [&](float z) { return query.project({3, 0, z})->position; };
  EXPECT_EQ(follower.next_action(query, pose, goal(2.82f)), Action::kStop);
  EXPECT_EQ(follower.next_action(query, pose, goal(2.8f)), Action::kForward);
  EXPECT_EQ(follower.find_path(query, pose, goal(2.9f)), std::vector<Action>{Action::kStop});
}

TEST(GreedyFollower, TurnsToTheNearerSideAndLeftWhenBothAreEqual) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 8, 8).finish("floor")));
  FollowerSettings settings;
  settings.turn_angle = kTurn30;
  GreedyFollower follower(settings);
  const Vec3 goal(4, 0, 1);
  const auto first = [&](float yaw) {
    return follower.next_action(query, pose_at(query, {4, 0, 6}, yaw), goal);
  };
  EXPECT_EQ(first(0.0f), Action::kForward);
  EXPECT_EQ(first(1.2f), Action::kTurnRight);
  EXPECT_EQ(first(-1.2f), Action::kTurnLeft);
  // Half a turn away: five turns leave 30 degrees on either side, and left is tried first. Floats decide only
  // if the two rewards differ, which the mirror symmetry of the place forbids.
  EXPECT_EQ(first(base::kPi), Action::kTurnLeft);
}

TEST(GreedyFollower, PathIsWalkedPrimitiveByPrimitive) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  FollowerSettings settings;
  settings.turn_angle = kTurn30;
  GreedyFollower follower(settings);
  const Pose start = pose_at(query, {1, 0, 1}, 0.4f);
  const Vec3 goal = query.project({11, 0, 7})->position;
  const std::vector<Action> actions = follower.find_path(query, start, goal);
  ASSERT_GT(actions.size(), 40u);
  EXPECT_EQ(actions.back(), Action::kStop);
  Body body(query, start, settings, false, 0);
  for (std::size_t i = 0; i + 1 < actions.size(); ++i) {
    ASSERT_NE(actions[i], Action::kStop);
    body.act(actions[i]);
  }
  EXPECT_LT(query.geodesic(body.pose().position, goal).length, settings.goal_radius);
}

TEST(GreedyFollower, UnreachableGoals) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  GreedyFollower follower({});
  const Pose pose = pose_at(query, {1, 0, 1}, 0.0f);
  for (const Vec3& goal : {Vec3(4, 0.75f, 1.6f), Vec3(90, 0, 90)}) {
    EXPECT_FALSE(follower.next_action_along(query, pose, goal));
    EXPECT_EQ(follower.next_action(query, pose, goal), Action::kStop);
    EXPECT_TRUE(follower.find_path(query, pose, goal).empty());
  }
}

/// A body that turns by itself after each action makes the follower swing from side to side.
int turns_until_a_step(bool fix) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 8, 8).finish("floor")));
  FollowerSettings settings;
  settings.turn_angle = kTurn30;
  settings.fix_thrashing = fix;
  GreedyFollower follower(settings);
  const Vec3 goal(4, 0, 1);
  float yaw = kTurn30;
  for (int turns = 0; turns < 100; ++turns) {
    const Action action = follower.next_action(query, pose_at(query, {4, 0, 6}, yaw), goal);
    if (action == Action::kForward) return turns;
    yaw = action == Action::kTurnRight ? -2.0f * kTurn30 : 2.0f * kTurn30;  // twice as far as meant
  }
  return 100;
}

TEST(GreedyFollower, AThrashingBodyIsMadeToFinishAPrimitive) {
  EXPECT_EQ(turns_until_a_step(false), 100);
  // 16 turns to and fro, then a primitive of two turns and a step.
  const int turns = turns_until_a_step(true);
  EXPECT_GE(turns, 16);
  EXPECT_LE(turns, 19);
}

TEST(GreedyFollower, AnotherGoalForgetsTheCommitment) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 8, 8).finish("floor")));
  FollowerSettings settings;
  settings.turn_angle = kTurn30;
  GreedyFollower follower(settings);
  float yaw = kTurn30;
  for (int i = 0; i < 17; ++i) {  // the last one begins a committed primitive of turns
    const Action action = follower.next_action(query, pose_at(query, {4, 0, 6}, yaw), {4, 0, 1});
    ASSERT_NE(action, Action::kForward) << i;
    yaw = action == Action::kTurnRight ? -2.0f * kTurn30 : 2.0f * kTurn30;
  }
  const Pose ahead = pose_at(query, {4, 0, 6}, 0.0f);
  GreedyFollower committed = follower;
  EXPECT_NE(committed.next_action(query, ahead, {4, 0, 1}), Action::kForward) << "finishes its turns";
  EXPECT_EQ(follower.next_action(query, ahead, {4, 0, 1.1f}), Action::kForward);
}

}  // namespace
}  // namespace inknav::nav
