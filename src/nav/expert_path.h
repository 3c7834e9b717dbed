// SPDX-License-Identifier: MIT
#pragma once
// expert_path: the way the expert would walk from a place, as points at equal steps along it; what a policy
// that plans way points learns from.
//
// Every point is reached by walking straight towards the farthest point of the route that is in sight within
// a short lookahead: so an agent on the route follows it and keeps its clearance, corners come out round, an
// agent beside it comes back at a slant, and no straight piece cuts a wall. From a place that does not see
// the route the way is the shortest one back; where none leads back, the one to the goal.
//
// Laws (property tests of the same names): no piece is longer than `spacing`; every piece is walkable
// (NavQuery::is_clear); the points end at the route's end, after which they repeat it.
// No allocation. A few looks along the route a point, and one path search where it is not seen.

#include <span>

#include "base/geometry.h"
#include "nav/distance_field.h"
#include "nav/nav_mesh.h"
#include "nav/route.h"

namespace inknav::nav {

struct ExpertPathSettings {
  float spacing = 0.25f;   // metres to walk from a point to the next
  float lookahead = 0.5f;  // metres along the route; shorter keeps nearer to it, longer cuts corners more
};

/// Fills `points` (world, on the mesh) with the places after 1, 2, ... times `spacing` metres of way. Two
/// points are `spacing` apart but where the way bends between them, and nearer still where a straight piece
/// of that length would cut a wall. Off the mesh, and where no way leads on, the points stay where they are.
void expert_path(NavQuery& query, const Route& route, const RouteProgress& progress,
                 const DistanceField& to_goal, const base::Vec3& position, const ExpertPathSettings& settings,
                 std::span<base::Vec3> points);

}  // namespace inknav::nav
