// SPDX-License-Identifier: MIT
#include "nav/multi_goal.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace inknav::nav {

using base::Vec3;

MultiGoal::MultiGoal(NavQuery& query, std::span<const Vec3> goals) {
  for (std::size_t i = 0; i < goals.size(); ++i) {
    if (query.project(goals[i])) goals_.push_back({goals[i], static_cast<int>(i), 0.0f});
  }
  order_.resize(goals_.size());
}

void MultiGoal::update_bounds(const Vec3& from) {
  const float moved = last_start_ ? glm::length(from - *last_start_) : 0.0f;
  for (Goal& goal : goals_) goal.bound = std::max(goal.bound - moved, glm::length(goal.position - from));
  last_start_ = from;
}

MultiGoal::Nearest MultiGoal::nearest(NavQuery& query, const Vec3& from) {
  Nearest best;
  if (goals_.empty() || !query.project(from)) return best;
  update_bounds(from);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return goals_[a].bound < goals_[b].bound; });
  for (const std::size_t i : order_) {
    Goal& goal = goals_[i];
    if (goal.bound > best.path.length) continue;
    ++num_searches_;
    GeodesicPath path = query.geodesic(from, goal.position);
    // An unreachable goal keeps the straight line: the next start may be on its island.
    if (!std::isfinite(path.length)) continue;
    goal.bound = path.length;
    if (path.length < best.path.length) best = {goal.index, std::move(path)};
  }
  return best;
}

}  // namespace inknav::nav
