// SPDX-License-Identifier: MIT
#pragma once
// Wall lines: from wavy centre lines between junctions to straight walls with doors.

#include <functional>
#include <glm/vec2.hpp>
#include <vector>

#include "sketch/wall_map.h"

namespace inknav::sketch {

struct Line {  // world, metres
  glm::dvec2 a{0.0};
  glm::dvec2 b{0.0};
};

struct LineSettings {
  double tolerance = 0.05;       // metres that a wall may be off its straight line
  double step = 0.025;           // metres between samples along a line
  double half_thickness = 0.06;  // metres by which a skeleton stops short of a free end, at least
  double least_wall = 0.25;      // metres; shorter pieces that hang on nothing are clutter
  double least_door = 0.5;       // metres of an opening
  double widest_door = 2.6;      // metres of an opening under a lintel
  double widest_gap = 1.4;       // metres of an opening with nothing above
};

/// Straight segments along the polylines, corners sharpened, collinear ones merged through junctions. `depth`
/// is the distance of a point from the nearest free space.
std::vector<Line> straight_lines(const std::vector<std::vector<glm::dvec2>>& polylines,
                                 const LineSettings& settings,
                                 const std::function<double(const glm::dvec2&)>& depth);

/// Parts of `lines` where something stands low become walls; gaps of a door's width between them become
/// doors.
void cut_at_doors(const std::vector<Line>& lines, const LineSettings& settings,
                  const std::function<bool(const glm::dvec2&)>& stands_low, WallMap& map);

/// Doors without lintels: a free wall end that looks at another end or wall across a gap.
void find_open_gaps(const LineSettings& settings, WallMap& map);

}  // namespace inknav::sketch
