// SPDX-License-Identifier: MIT
#pragma once
// Slices: where a mesh crosses a level plane, as plan segments, and how high its walls stand.

#include <vector>

#include "scene/scene.h"
#include "sketch/wall_map.h"

namespace inknav::sketch {

/// Segments in which the triangles of `scene` cross the plane y = height. Level triangles give none.
std::vector<PlanSegment> slice(const scene::Scene& scene, float height);

/// Height of the walls above `floor_y`, metres: no higher than the ceiling or the next floor, and no higher
/// than at least half of what stands in every slice below still stands. 0 when nothing stands.
float wall_height(const scene::Scene& scene, float floor_y);

}  // namespace inknav::sketch
