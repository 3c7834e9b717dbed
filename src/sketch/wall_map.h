// SPDX-License-Identifier: MIT
#pragma once
// WallMap: the walls of any Scene as plan segments, found by slicing the mesh. A wall is what stands both
// low (above most clutter's feet) and high (above door lintels' height furniture does not reach), so doors
// become gaps and furniture disappears. Works for homes, converted robot maps and raw scans alike.

#include <vector>

#include "base/geometry.h"
#include "nav/nav_mesh.h"
#include "scene/scene.h"

namespace inknav::sketch {

struct PlanSegment {
  base::Vec2 a;  // world (x, z), metres
  base::Vec2 b;
};

struct WallMap {
  std::vector<PlanSegment> walls;  // centre lines, collinear pieces merged, door gaps left open
  std::vector<PlanSegment> doors;  // across each gap
  base::Aabb bounds;               // of the floor that the drawing is about
};

/// `floor_y` is the height of the floor the agent walks on. tolerance in metres (5, 10, 20 cm for L1, L2,
/// L3).
WallMap extract_walls(const scene::Scene& scene, float floor_y, float tolerance);

}  // namespace inknav::sketch
