// SPDX-License-Identifier: MIT
#pragma once
// The part of a large building that a person draws: the walls around the way, not the whole floor.
//
// A building whose longer side is at most kWholeSide is drawn whole, because a home fits on a sheet. Of a
// larger one only the rectangle around the route and `margin` metres beyond it is kept: walls are cut at its
// border, doors stay when both their jambs are inside. Pure; costs one pass over the walls.

#include <span>

#include "base/geometry.h"
#include "sketch/wall_map.h"

namespace inknav::sketch {

inline constexpr float kWholeSide = 40.0f;    // metres
inline constexpr float kSurroundings = 8.0f;  // metres that are drawn around a route if nothing else is asked

/// The longer horizontal side of what the walls cover, metres.
float longer_side(const WallMap& walls);

/// `margin` <= 0 keeps everything.
WallMap surroundings(const WallMap& walls, std::span<const base::Vec3> route, float margin);

}  // namespace inknav::sketch
