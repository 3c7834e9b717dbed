// SPDX-License-Identifier: MIT
#pragma once
// GreedyFollower: Habitat's greedy geodesic follower (spec/habitat.md 7), which turns a goal into discrete
// actions by trying what each would do.
//
// It tries the primitives "n turns to one side, then a step" for n = 0, 1, 2.. up to half a turn, and takes
// the one that shortens the geodesic distance best, less small costs for turns, collisions and nearness to
// walls; where noise makes it turn to and fro, it commits to a whole primitive. The model is noiseless:
// NavQuery::try_step. It differs from nav/route.h's expert, which walks a drawn route.
//
// One object an agent; it remembers the last actions and the goal. Cost: a path search and a wall search for
// each primitive tried, 1 to 2 pi / turn_angle of them.

#include <cstddef>
#include <optional>
#include <vector>

#include "base/geometry.h"
#include "nav/nav_mesh.h"
#include "nav/route.h"

namespace inknav::nav {

struct FollowerSettings {
  float forward_step = 0.25f;         // metres
  float turn_angle = 0.17453293f;     // radians
  float goal_radius = 0.75f * 0.25f;  // metres of geodesic distance within which it stops
  bool allow_sliding = true;
  bool fix_thrashing = true;
  int thrashing_threshold = 16;  // actions that alternate left and right until it commits
};

class GreedyFollower {
 public:
  explicit GreedyFollower(const FollowerSettings& settings) : settings_(settings) {}

  /// The first action of the best primitive, found anew each call; nullopt where the goal cannot be reached
  /// or nothing leads nearer. Another goal than the last one resets.
  std::optional<Action> next_action_along(NavQuery& query, const base::Pose& pose_world_agent,
                                          const base::Vec3& goal);
  /// The same with kStop in place of nullopt, as Habitat-Lab's shortest path follower does.
  Action next_action(NavQuery& query, const base::Pose& pose_world_agent, const base::Vec3& goal);
  /// All actions to the goal, kStop included, each primitive walked to its end; empty on failure, and after
  /// 5,000 actions as many as there are.
  std::vector<Action> find_path(NavQuery& query, const base::Pose& pose_world_agent, const base::Vec3& goal);
  void reset();

 private:
  using Primitive = std::vector<Action>;
  /// Empty: none. {kStop}: the goal is near.
  Primitive best_primitive(NavQuery& query, const base::Pose& pose, const base::Vec3& goal) const;
  float score(NavQuery& query, const base::Pose& pose, const base::Vec3& goal, float distance_now,
              int turns) const;
  void move(NavQuery& query, Action action, base::Pose& pose) const;
  Action remember(Action action);
  bool is_thrashing() const;

  FollowerSettings settings_;
  std::optional<base::Vec3> goal_;
  std::vector<Action> done_;  // the last thrashing_threshold
  Primitive committed_;
  std::size_t next_committed_ = 0;
};

}  // namespace inknav::nav
