// SPDX-License-Identifier: MIT
#pragma once
// Layout: rooms as regions of a PlanGrid, before doors.
//
// Slicing gives every room a rectangle (or a corner taken out of its neighbour's) inside a rectangular, L- or
// U-shaped outline whose wings are sized by the rooms in them; corridors are then carved along the walls
// (plan_corridor.h). A proposal that is not plausible is dropped, not repaired; drawing again is cheap.
// Pure functions of the stream.

#include <optional>
#include <vector>

#include "base/philox.h"
#include "scene/home/plan_grid.h"
#include "scene/home/plan_program.h"

namespace inknav::scene::internal {

struct Layout {
  std::vector<RoomSpec> rooms;  // label i of the grid is rooms[i]; corridors come last
  PlanGrid grid;
};

/// One proposal without corridors; nothing when a room came out with an implausible shape. `num_wings`: 1 a
/// rectangle, 2 an L, 3 a U; every wing gets at least two rooms (one when there is a single wing).
std::optional<Layout> propose_layout(base::PhiloxStream& stream, const std::vector<RoomSpec>& rooms,
                                     int num_wings);

/// Area, width, connectedness and number of parts of every room are plausible, and, when `windows` is set,
/// rooms to live in have an outer wall.
bool rooms_plausible(const Layout& layout, bool windows);

}  // namespace inknav::scene::internal
