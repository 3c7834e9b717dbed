// SPDX-License-Identifier: MIT
#pragma once
// furnish: puts furniture that belongs to its room into every room of a plan.
//
// Pieces stand with their back to a wall, or in groups (bed and nightstands; sofa, coffee table and
// television; table and chairs). No piece touches a wall, another piece or a door zone; RoomSpace says what
// is allowed. Furniture below 0.42 m does not exist (Habitat's default voxels would let agents climb it).
// Pure function of seed, density and plan.

#include <cstdint>

#include "scene/home/home.h"

namespace inknav::scene::internal {

/// `density` 0 gives an empty home, 1 a lived-in one. Appends to plan.furniture.
void furnish(std::uint64_t seed, float density, FloorPlan& plan);

}  // namespace inknav::scene::internal
