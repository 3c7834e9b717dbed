// SPDX-License-Identifier: MIT
#pragma once
// Corridors: carved along walls so that every private room has a door to a corridor or to the living room.
//
// The walls of a layout form a graph; a corridor is a path of few bends in it, from the living room's wall,
// widened to the corridor's width (the rooms on both sides give up a strip, which makes some of them
// L-shaped). Branches are added while rooms are still without access.

#include "base/philox.h"
#include "scene/home/plan_layout.h"

namespace inknav::scene::internal {

/// Shortest wall that two rooms must share so that a door fits, cells.
inline constexpr int kDoorWall = 11;

/// Adds a room of kind kCorridor when the plan needs one, along the wall line or to one side of it, whichever
/// leaves plausible rooms. False when rooms stay without access or become implausible
/// (rooms_plausible).
bool carve_corridor(base::PhiloxStream& stream, Layout& layout, bool windows);

/// Whether the two labels share a straight wall of at least kDoorWall.
bool door_fits(const std::vector<WallRun>& runs, int a, int b);

}  // namespace inknav::scene::internal
