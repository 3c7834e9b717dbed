// SPDX-License-Identifier: MIT
#include "task/episode_sampling.h"

#include <cmath>
#include <utility>

#include "nav/walkable_route.h"

namespace inknav::task {

namespace {
constexpr int kMaxDraws = 400;
constexpr int kFarDraws = 200;        // draws after which a wall between the ends is no longer asked for
constexpr float kAcrossWalls = 0.8f;  // part of the episodes with a wall between the ends
constexpr float kSameFloor = 0.5f;    // metres of height between the ends at most

float cross(const base::Vec2& a, const base::Vec2& b) { return a.x * b.y - a.y * b.x; }

bool segments_cross(const base::Vec2& a, const base::Vec2& b, const sketch::PlanSegment& wall) {
  const base::Vec2 way = b - a, along = wall.b - wall.a;
  const float side_a = cross(along, a - wall.a), side_b = cross(along, b - wall.a);
  const float side_c = cross(way, wall.a - a), side_d = cross(way, wall.b - a);
  return side_a * side_b < 0.0f && side_c * side_d < 0.0f;
}
}  // namespace

bool crosses_wall(const sketch::WallMap& walls, const base::Vec2& a, const base::Vec2& b) {
  for (const sketch::PlanSegment& wall : walls.walls) {
    if (segments_cross(a, b, wall)) return true;
  }
  return false;
}

std::optional<Episode> sample_episode(nav::NavQuery& query, const sketch::WallMap& walls, int island,
                                      const SamplingSettings& settings, base::PhiloxStream& stream) {
  const bool wants_wall = stream.bernoulli(kAcrossWalls);
  for (int draw = 0; draw < kMaxDraws; ++draw) {
    const base::Vec3 start = query.random_point(stream, island).position;
    const base::Vec3 goal = query.random_point(stream, island).position;
    const float yaw = stream.uniform(-base::kPi, base::kPi);
    if (std::abs(start.y - goal.y) > kSameFloor) continue;
    const float straight = glm::length(goal - start);
    if (straight > settings.max_length) continue;
    const bool wall_between = crosses_wall(walls, {start.x, start.z}, {goal.x, goal.z});
    if (wants_wall && !wall_between && draw < kFarDraws) continue;
    if (query.distance_to_wall(start, settings.end_clearance) < settings.end_clearance) continue;
    if (query.distance_to_wall(goal, settings.end_clearance) < settings.end_clearance) continue;
    const nav::GeodesicPath path = query.geodesic(start, goal);
    if (!(path.length >= settings.min_length && path.length <= settings.max_length)) continue;
    Episode episode;
    episode.start = base::Pose{start, base::rotation_from_yaw(yaw)};
    episode.goals.push_back(Goal{goal, settings.goal_radius});
    episode.geodesic_distance = path.length;
    episode.reference_path = nav::walkable_route(query, start, goal, settings.route_clearance);
    if (episode.reference_path.size() < 2) continue;
    return episode;
  }
  return std::nullopt;
}

}  // namespace inknav::task
