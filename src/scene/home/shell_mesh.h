// SPDX-License-Identifier: MIT
#pragma once
// The shell of a home: floors, walls with their openings, window panes and the front door.
//
// Walls are one closed surface: the plan is cut into columns by every wall and opening, a column is solid
// over some heights, and faces stand where a solid height meets air. So no two faces coincide, jambs and
// lintels have thickness, and nothing is hidden inside.

#include "scene/home/home.h"
#include "scene/home/home_style.h"
#include "scene/home/mesh_builder.h"

namespace inknav::scene::internal {

void add_shell(const FloorPlan& plan, const HomeStyle& style, MeshBuilder& mesh);

}  // namespace inknav::scene::internal
