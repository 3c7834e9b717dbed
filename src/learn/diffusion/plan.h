// SPDX-License-Identifier: MIT
#pragma once
// Plan: the way ahead as waypoints at equal arc length, and what following it means.
//
// Points lie kWaypointSpacing apart in the body frame of the pose where the plan was drawn, (right, forward)
// metres; the first is one spacing away, points after the goal repeat it. What the denoiser sees are
// increments over the spacing: every number is in [-1, 1] by construction, so a fixed scale serves as the
// normaliser. With four numbers a waypoint, the unit vector of its heading follows (repeated after the goal).
// Laws: to_points(to_numbers(p)) == p up to rounding; rebase by no motion changes nothing (tests). No
// allocation.

#include <cstdint>
#include <span>

#include "base/geometry.h"
#include "learn/reading/belief.h"

namespace inknav::learn {

inline constexpr float kWaypointSpacing = 0.25f;  // metres
inline constexpr float kPlanLookahead = 0.5f;     // metres ahead on the plan that the agent heads for

/// points [horizon] -> numbers [horizon, point_size], row-major; point_size 2 or 4.
void plan_to_numbers(std::span<const base::Vec2> points, int point_size, std::span<float> numbers);
/// Increments are cut to at most one spacing.
void plan_to_points(std::span<const float> numbers, int point_size, std::span<base::Vec2> points);

/// Arc length from the origin through all points, metres.
float plan_length(std::span<const base::Vec2> points);

/// Where the pose `now` lies on a plan that was drawn at `drawn`.
struct PlanPlace {
  float arc = 0.0f;        // metres along the plan to its nearest point
  float distance = 0.0f;   // metres off it
  base::Vec2 ahead{0.0f};  // point kPlanLookahead further on (the end if that is nearer), present body frame
  float left = 0.0f;       // metres of the plan beyond `arc`
};
PlanPlace locate_on_plan(std::span<const base::Vec2> points, const Odometry& drawn, const Odometry& now);

/// The rest of a plan seen from `now`, resampled from there and prolonged straight on: the start of a
/// refinement.
void rebase_plan(std::span<const base::Vec2> points, const Odometry& drawn, const Odometry& now,
                 std::span<base::Vec2> out);

}  // namespace inknav::learn
