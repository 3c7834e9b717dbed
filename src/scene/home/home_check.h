// SPDX-License-Identifier: MIT
#pragma once
// check_plan: what must hold of every home, found out slowly and by other means than the generator's.
//
// Laws: rooms are disjoint; every room is reachable from every other through open doors; doors are wide
// enough and join the rooms they name; corridors are wide enough; every piece of furniture lies in its room,
// in no wall, overlaps no other piece, stands in no door zone. For tests and for `inknav generate homes`.

#include <string>
#include <vector>

#include "scene/home/home.h"

namespace inknav::scene {

/// One sentence for each broken law; empty when the plan is good.
std::vector<std::string> check_plan(const FloorPlan& plan);

/// Floor between the walls, door openings included, square metres.
float floor_area(const FloorPlan& plan);

const char* to_string(RoomKind kind);

}  // namespace inknav::scene
