// SPDX-License-Identifier: MIT
#pragma once
// walkable_route: a way as a person walks it: about the shortest, but clear of walls where there is room and
// round where the shortest way bends sharply. Deterministic; a few milliseconds for ten metres.

#include <vector>

#include "base/geometry.h"
#include "nav/nav_mesh.h"

namespace inknav::nav {

/// Points on the mesh from the projection of `from` to that of `to`; every straight piece is walkable
/// (NavQuery:: is_clear). `clearance`: metres to keep from the navmesh's border (which is an agent's radius
/// away from the wall itself) where there is room, 0 gives the shortest way. Empty when there is no way.
std::vector<base::Vec3> walkable_route(NavQuery& query, const base::Vec3& from, const base::Vec3& to,
                                       float clearance = 0.3f);

}  // namespace inknav::nav
