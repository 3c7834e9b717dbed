// SPDX-License-Identifier: MIT
#include "task/episode_truth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace inknav::task {

namespace {
constexpr int kMaxReferencePoints = 4096;
constexpr float kStraightSlack =
    0.01f;  // metres by which a path may be longer than its chord and be straight

std::string text_of(const base::Vec3& p) { return fmt::format("({:.3f}, {:.3f}, {:.3f})", p.x, p.y, p.z); }

/// Projection of a point that lies on the mesh but for small offsets.
std::optional<nav::NavPoint> near_mesh(nav::NavQuery& query, const base::Vec3& p) {
  const auto point = query.project(p);
  if (!point) return std::nullopt;
  const base::Vec3 offset = point->position - p;
  if (std::hypot(offset.x, offset.z) > kMaxOffset || std::abs(offset.y) > kMaxHeightOffset)
    return std::nullopt;
  return point;
}

void append(std::vector<base::Vec3>& points, const base::Vec3& p) {
  if (points.empty() || points.back() != p) points.push_back(p);
}

/// Adds the way from the last point to `to`: straight, or around the corners.
void append_way(nav::NavQuery& query, std::vector<base::Vec3>& points, const base::Vec3& to) {
  const base::Vec3 from = points.back();
  const nav::GeodesicPath path = query.geodesic(from, to);
  if (std::isfinite(path.length) && path.length > glm::length(to - from) + kStraightSlack) {
    for (std::size_t i = 1; i + 1 < path.points.size(); ++i) append(points, path.points[i]);
  }
  append(points, to);
}
}  // namespace

std::size_t EpisodeTruth::num_bytes() const {
  const std::size_t points = reference.size() + route.points().size();
  return sizeof(EpisodeTruth) + points * (sizeof(base::Vec3) + sizeof(float)) +
         (to_goal != nullptr ? to_goal->num_bytes() : 0);
}

std::vector<base::Vec3> walkable_points(nav::NavQuery& query, const Episode& episode) {
  std::vector<base::Vec3> points;
  for (const base::Vec3& p : episode.reference_path) {
    const auto on_mesh = near_mesh(query, p);
    if (!on_mesh) continue;
    if (points.empty()) {
      points.push_back(on_mesh->position);
    } else {
      append_way(query, points, on_mesh->position);
    }
  }
  if (points.size() >= 2) return points;
  points.assign(
      1, query.project(episode.start.position).value_or(nav::NavPoint{episode.start.position, 0}).position);
  append_way(query, points,
             query.project(episode.goals.front().position)
                 .value_or(nav::NavPoint{episode.goals.front().position, 0})
                 .position);
  return points;
}

std::vector<base::Vec3> resample(const nav::Route& route, float spacing) {
  const float length = route.length();
  const float wanted = std::ceil(length / spacing);
  const int pieces = std::clamp(static_cast<int>(std::min(wanted, 1e6f)), 1, kMaxReferencePoints - 1);
  std::vector<base::Vec3> points;
  points.reserve(static_cast<std::size_t>(pieces) + 1);
  for (int i = 0; i <= pieces; ++i) {
    points.push_back(route.at(length * static_cast<float>(i) / static_cast<float>(pieces)));
  }
  return points;
}

std::shared_ptr<const EpisodeTruth> compute_truth(nav::NavQuery& query, const Episode& episode,
                                                  float spacing) {
  auto truth = std::make_shared<EpisodeTruth>();
  truth->route = nav::Route(walkable_points(query, episode));
  truth->reference = resample(truth->route, spacing);
  std::vector<base::Vec3> goals;
  for (const Goal& goal : episode.goals) goals.push_back(goal.position);
  truth->to_goal = nav::DistanceField::compute(query, goals);
  return truth;
}

base::Status check_episode(nav::NavQuery& query, const Episode& episode) {
  const auto start = near_mesh(query, episode.start.position);
  if (!start) {
    return base::Error{
        base::ErrorCode::kData,
        "the start " + text_of(episode.start.position) +
            " must lie on the navigation mesh, it does not; was the episode made for another scene?"};
  }
  if (episode.goals.empty()) {
    return base::Error{base::ErrorCode::kData,
                       "a goal is wanted, the episode has none; test splits without goals cannot be run"};
  }
  const int island = query.mesh().island_of(start->poly);
  bool any_near = false;
  for (const Goal& goal : episode.goals) {
    const auto point = near_mesh(query, goal.position);
    if (!point) continue;
    any_near = true;
    if (query.mesh().island_of(point->poly) == island) return base::ok_status();
  }
  const std::string place = text_of(episode.goals.front().position);
  return base::Error{
      base::ErrorCode::kData,
      any_near ? "the goal " + place + " must be reachable, it lies on another island than the start"
               : "the goal " + place + " must lie on the navigation mesh, it does not"};
}

}  // namespace inknav::task
