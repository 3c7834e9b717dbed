// SPDX-License-Identifier: MIT
#include "nav/multi_goal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"

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

int MultiGoal::search(NavQuery& query, const Vec3& from, float& length, GeodesicPath* path) {
  length = std::numeric_limits<float>::infinity();
  if (goals_.empty() || !query.project(from)) return -1;
  update_bounds(from);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  // Equal bounds in the order of the goals; std::stable_sort would take memory.
  std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return goals_[a].bound != goals_[b].bound ? goals_[a].bound < goals_[b].bound : a < b;
  });
  int best = -1;
  for (const std::size_t i : order_) {
    Goal& goal = goals_[i];
    if (goal.bound > length) continue;
    ++num_searches_;
    GeodesicPath found;
    if (path != nullptr) found = query.geodesic(from, goal.position);
    const float distance = path != nullptr ? found.length : query.geodesic_length(from, goal.position);
    // An unreachable goal keeps the straight line: the next start may be on its island.
    if (!std::isfinite(distance)) continue;
    goal.bound = distance;
    if (distance >= length) continue;
    length = distance;
    best = static_cast<int>(i);
    if (path != nullptr) *path = std::move(found);
  }
  return best;
}

MultiGoal::Nearest MultiGoal::nearest(NavQuery& query, const Vec3& from) {
  Nearest best;
  float length = 0.0f;
  const int goal = search(query, from, length, &best.path);
  if (goal >= 0) best.goal = goals_[static_cast<std::size_t>(goal)].index;
  return best;
}

float MultiGoal::nearest_length(NavQuery& query, const Vec3& from) {
  float length = 0.0f;
  search(query, from, length, nullptr);
  return length;
}

std::vector<float> MultiGoal::bounds() const {
  std::vector<float> bounds;
  for (const Goal& goal : goals_) bounds.push_back(goal.bound);
  return bounds;
}

void MultiGoal::restore(std::span<const float> bounds, const std::optional<Vec3>& last_start) {
  INKNAV_CHECK(bounds.size() == goals_.size(), bounds.size(), goals_.size());
  for (std::size_t i = 0; i < goals_.size(); ++i) goals_[i].bound = bounds[i];
  last_start_ = last_start;
}

}  // namespace inknav::nav
