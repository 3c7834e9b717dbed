// SPDX-License-Identifier: MIT
#pragma once
// Layout: the walls of a plan as a graph of junctions, and its rooms as labels on a raster. What synthesis
// needs to warp a home without changing how it hangs together.

#include <cstdint>
#include <glm/vec2.hpp>
#include <vector>

#include "sketch/wall_map.h"

namespace inknav::sketch {

struct LayoutEdge {
  int a = 0;  // index into Layout::nodes
  int b = 0;
  bool door = false;
};

struct Layout {
  std::vector<glm::dvec2> nodes;           // world, metres: wall ends, corners, T-junctions, door jambs
  std::vector<std::vector<int>> walls;     // nodes along each wall, at least two, in order from a to b
  std::vector<std::pair<int, int>> doors;  // nodes of each door's jambs
  std::vector<LayoutEdge> edges;           // between successive nodes of walls, and doors
  glm::dvec2 min{0.0}, max{0.0};           // of the nodes

  // Rooms: connected free cells with doors closed. 0 wall or door, 1.. rooms; `outside[label]` tells the ones
  // that touch the border of the raster.
  double cell = 0.1;  // metres
  int cells_x = 0, cells_z = 0;
  glm::dvec2 raster_min{0.0};
  std::vector<std::int32_t> labels;  // [cells_z, cells_x]
  std::vector<bool> outside;         // by label
  std::vector<double> area;          // by label, square metres

  int room_at(const glm::dvec2& p) const;  // 0 outside of the raster
};

/// Ends closer than `snap` metres become one junction; an end that close to another wall becomes a
/// T-junction. `extra` points widen the raster and the bounds.
Layout make_layout(const WallMap& walls, double snap, const std::vector<glm::dvec2>& extra);

}  // namespace inknav::sketch
