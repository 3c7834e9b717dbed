// SPDX-License-Identifier: MIT
#include "nav/greedy_follower.h"

#include <cmath>

#include "nav/collision.h"

namespace inknav::nav {
namespace {

using base::Pose;
using base::Vec3;

// Costs in steps of headway (spec/habitat.md 7).
constexpr float kTurnCost = 0.0125f;
constexpr float kCollisionCost = 0.25f;
constexpr float kNearWallCost = 0.05f;
constexpr float kNearWall = 0.2f;  // metres
constexpr float kGoodEnough = 0.99f;
constexpr std::size_t kMostActions = 5000;

/// numpy.allclose with its defaults.
bool all_close(const Vec3& a, const Vec3& b) {
  for (int axis = 0; axis < 3; ++axis) {
    if (!(std::abs(a[axis] - b[axis]) <= 1e-8f + 1e-5f * std::abs(b[axis]))) return false;
  }
  return true;
}

}  // namespace

void GreedyFollower::reset() {
  goal_.reset();
  done_.clear();
  committed_.clear();
  next_committed_ = 0;
}

Action GreedyFollower::remember(Action action) {
  const auto most = static_cast<std::size_t>(settings_.thrashing_threshold);
  done_.push_back(action);
  if (done_.size() > most) done_.erase(done_.begin());
  return action;
}

void GreedyFollower::move(NavQuery& query, Action action, Pose& pose) const {
  Vec3 target = pose.position;
  if (action == Action::kForward) {
    target += (pose.rotation * Vec3(0.0f, 0.0f, -1.0f)) * settings_.forward_step;
  } else {
    const float angle = action == Action::kTurnLeft ? settings_.turn_angle : -settings_.turn_angle;
    pose.rotation = glm::normalize(pose.rotation * base::rotation_from_yaw(angle));
  }
  pose.position = query.try_step(pose.position, target, settings_.allow_sliding);
}

float GreedyFollower::score(NavQuery& query, const Pose& pose, const Vec3& goal, float distance_now,
                            int turns) const {
  Pose after = pose;
  move(query, Action::kForward, after);
  const Vec3 target = pose.position + (pose.rotation * Vec3(0.0f, 0.0f, -1.0f)) * settings_.forward_step;
  const float distance_after = query.geodesic(after.position, goal).length;
  float score = (distance_now - distance_after) / settings_.forward_step;
  score -= kTurnCost * static_cast<float>(turns);
  if (has_collided(pose.position, target, after.position)) score -= kCollisionCost;
  if (query.distance_to_wall(after.position, 1.1f * kNearWall) < kNearWall) score -= kNearWallCost;
  return score;
}

GreedyFollower::Primitive GreedyFollower::best_primitive(NavQuery& query, const Pose& pose,
                                                         const Vec3& goal) const {
  const float distance = query.geodesic(pose.position, goal).length;
  if (!std::isfinite(distance)) return {};
  if (distance < settings_.goal_radius) return {Action::kStop};
  float best = -kCollisionCost;
  int best_turns = -1;
  Action best_side = Action::kTurnLeft;
  Pose left = pose, right = pose;
  int turns = 0;
  for (float angle = 0.0f; angle < base::kPi; angle += settings_.turn_angle, ++turns) {
    for (const Action side : {Action::kTurnLeft, Action::kTurnRight}) {
      Pose& turned = side == Action::kTurnLeft ? left : right;
      if (turns > 0) move(query, side, turned);
      if (turns == 0 && side == Action::kTurnRight) continue;  // the same step again
      const float reward = score(query, turned, goal, distance, turns);
      if (!(reward > best)) continue;
      best = reward;
      best_turns = turns;
      best_side = side;
    }
    if (best > kGoodEnough) break;
  }
  if (best_turns < 0) return {};
  Primitive primitive(static_cast<std::size_t>(best_turns), best_side);
  primitive.push_back(Action::kForward);
  return primitive;
}

bool GreedyFollower::is_thrashing() const {
  if (done_.empty() || done_.size() < static_cast<std::size_t>(settings_.thrashing_threshold)) return false;
  for (std::size_t i = 0; i < done_.size(); ++i) {
    if (done_[i] != Action::kTurnLeft && done_[i] != Action::kTurnRight) return false;
    if (i > 0 && done_[i] == done_[i - 1]) return false;
  }
  return true;
}

std::optional<Action> GreedyFollower::next_action_along(NavQuery& query, const Pose& pose, const Vec3& goal) {
  if (!goal_ || !all_close(goal, *goal_)) {
    reset();
    goal_ = goal;
  }
  if (next_committed_ < committed_.size()) {
    return remember(committed_[next_committed_++]);
  }
  const Primitive primitive = best_primitive(query, pose, goal);
  if (primitive.empty()) return std::nullopt;
  if (settings_.fix_thrashing && is_thrashing()) {
    committed_ = primitive;
    next_committed_ = 1;
  }
  return remember(primitive.front());
}

Action GreedyFollower::next_action(NavQuery& query, const Pose& pose, const Vec3& goal) {
  return next_action_along(query, pose, goal).value_or(Action::kStop);
}

std::vector<Action> GreedyFollower::find_path(NavQuery& query, const Pose& start, const Vec3& goal) {
  reset();
  Pose pose = start;
  std::vector<Action> actions;
  while (actions.size() < kMostActions) {
    const Primitive primitive = best_primitive(query, pose, goal);
    if (primitive.empty()) return {};
    for (const Action action : primitive) {
      actions.push_back(action);
      if (action == Action::kStop) return actions;
      move(query, action, pose);
    }
  }
  return actions;
}

}  // namespace inknav::nav
