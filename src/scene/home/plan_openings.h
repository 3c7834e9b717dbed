// SPDX-License-Identifier: MIT
#pragma once
// Doors, wide openings, the front door, windows, and the solid walls that are left between them.
//
// Every room is reachable from every other through open doors; bedrooms, bathrooms and studies are entered
// from a corridor or the living side, an en-suite bathroom or a store room from the room beside it.

#include "base/philox.h"
#include "scene/home/home.h"
#include "scene/home/plan_layout.h"

namespace inknav::scene::internal {

/// Fills rooms, openings and walls of `plan` (its thickness and heights are read). False when some room
/// cannot be given a door. The home is centred on the origin to the cell.
bool make_openings(base::PhiloxStream& stream, const Layout& layout, FloorPlan& plan);

}  // namespace inknav::scene::internal
