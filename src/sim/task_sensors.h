// SPDX-License-Identifier: MIT
#pragma once
// What Habitat's navigation sensors read (spec/habitat.md 5), as functions of poses.
//
// Rotation and angles are computed in double, as Habitat-Lab does, and rounded to float32 at the end. The
// start pose is the episode's, `pose` the agent's. pointgoal is point_goal from the start pose,
// pointgoal_with_gps_compass the same from the present one. objectgoal and instruction are the dataset's and
// need no function. Pure; no allocation.

#include <array>
#include <string_view>

#include "base/geometry.h"
#include "nav/nav_mesh.h"

namespace inknav::sim {

struct PointGoalFormat {
  bool polar = true;
  int dimensions = 2;  // 2 or 3
};

/// The first `dimensions` values count. 2-D Cartesian: (forward, right) metres. 2-D polar: (distance in the
/// plane, angle in radians, left positive). 3-D Cartesian: (x, y, z) of the body. 3-D polar: (distance, the
/// same angle, angle from straight up). A goal at the very place is pi / 2 from straight up (Habitat: NaN),
/// and its other angle says nothing.
std::array<float, 3> point_goal(const base::Pose& from, const base::Vec3& goal,
                                const PointGoalFormat& format);

/// The first `dimensions` values count: 2: (forward, right), 3: (x, y, z), in the start frame, metres.
std::array<float, 3> gps(const base::Pose& start, const base::Vec3& position, int dimensions);

/// Radians in (-pi, pi], left positive, 0 at the start.
float compass(const base::Pose& start, const base::Quat& rotation);

/// Yaw in the world, radians in (-pi, pi]: (0, sin(h / 2), 0, cos(h / 2)) (x, y, z, w) reads h.
float heading(const base::Quat& rotation);

/// Metres to the nearest obstacle, at most `max_radius`; infinity where the position is not on the mesh.
float proximity(nav::NavQuery& query, const base::Vec3& position, float max_radius = 2.0f);

/// The pose from which imagegoal is seen: at the goal, with a yaw in [0, 2 pi) from XXH3-128 of the episode
/// id's bytes. Habitat draws it from Python's hash(), which differs from process to process.
base::Pose image_goal_pose(const base::Vec3& goal, std::string_view episode_id);

}  // namespace inknav::sim
