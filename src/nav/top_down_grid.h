// SPDX-License-Identifier: MIT
#pragma once
// top_down_grid: which points of a horizontal plane are navigable, sampled as Habitat's top-down view does
// (spec/habitat.md 1): rows along z, columns along x, from the minimum corner of the mesh's bounds; each
// coordinate is the one before it plus the cell, in float32, so that the rounding adds up as it does there.
// Errors (kUsage): a cell that is none, or more than 2^26 of them. Cost: one projection a cell.

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "nav/nav_mesh.h"

namespace inknav::nav {

struct TopDownGrid {
  int rows = 0;                    // int(z span / cell)
  int cols = 0;                    // int(x span / cell)
  std::vector<std::uint8_t> free;  // [rows, cols], 1 navigable
};

base::Result<TopDownGrid> top_down_grid(NavQuery& query, float metres_per_cell, float height,
                                        float max_y_delta = 0.5f);

}  // namespace inknav::nav
