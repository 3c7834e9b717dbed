// SPDX-License-Identifier: MIT
#pragma once
// EpisodeTruth: what is known about an episode's way, computed once when the episode is first run: the drawn
// route made walkable, the distance to the goal from everywhere, and the route resampled for nDTW.
// Immutable; a pure function of (mesh, episode).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "nav/distance_field.h"
#include "nav/nav_mesh.h"
#include "nav/route.h"
#include "task/episode.h"

namespace inknav::task {

struct EpisodeTruth {
  nav::Route route;                   // on the mesh
  nav::DistanceFieldPtr to_goal;      // nearest of the goals
  std::vector<base::Vec3> reference;  // the route, one point a `spacing`, both ends included
  std::size_t num_bytes() const;
};

/// `query` is scratch. The episode must have passed check_episode on the same mesh.
std::shared_ptr<const EpisodeTruth> compute_truth(nav::NavQuery& query, const Episode& episode,
                                                  float spacing);

/// Points of `points` on the mesh, joined by shortest paths wherever the straight piece is not one; from the
/// start to the goal when there are none.
std::vector<base::Vec3> walkable_points(nav::NavQuery& query, const Episode& episode);

/// One point per `spacing` metres of arc length, first and last point included; at most 4096 points.
std::vector<base::Vec3> resample(const nav::Route& route, float spacing);

/// kData, with the reason, when the episode cannot be walked on the mesh: start or goal off the mesh
/// (kMaxOffset in the plane), or no goal on the start's island.
inline constexpr float kMaxOffset = 0.25f;       // metres in the plane
inline constexpr float kMaxHeightOffset = 1.0f;  // metres
base::Status check_episode(nav::NavQuery& query, const Episode& episode);

/// The same as a value.
enum class EpisodePlace : std::uint8_t { kGood, kStartOff, kNoGoal, kGoalOff, kUnreachable };
EpisodePlace place_of(nav::NavQuery& query, const Episode& episode);
/// Projection of a point that lies on the mesh but for the offsets above.
std::optional<nav::NavPoint> near_mesh(nav::NavQuery& query, const base::Vec3& p);

}  // namespace inknav::task
