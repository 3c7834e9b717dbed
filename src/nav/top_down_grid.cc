// SPDX-License-Identifier: MIT
#include "nav/top_down_grid.h"

#include <fmt/format.h>

#include <cmath>

namespace inknav::nav {

base::Result<TopDownGrid> top_down_grid(NavQuery& query, float metres_per_cell, float height,
                                        float max_y_delta) {
  constexpr double kMostCells = 1 << 26;
  const base::Aabb& bounds = query.mesh().bounds();
  const float x_span = std::abs(bounds.max.x - bounds.min.x);
  const float z_span = std::abs(bounds.max.z - bounds.min.z);
  const double cells = (double{x_span} / metres_per_cell) * (double{z_span} / metres_per_cell);
  if (!(metres_per_cell > 0.0f && cells <= kMostCells)) {
    return base::Error{
        base::ErrorCode::kUsage,
        fmt::format("top-down grid: cells that divide {:.1f} x {:.1f} m into at most 2^26 were "
                    "wanted, found {} m; use a larger cell",
                    x_span, z_span, metres_per_cell)};
  }
  TopDownGrid grid;
  grid.rows = static_cast<int>(z_span / metres_per_cell);
  grid.cols = static_cast<int>(x_span / metres_per_cell);
  grid.free.reserve(static_cast<std::size_t>(grid.rows) * static_cast<std::size_t>(grid.cols));
  float z = bounds.min.z;
  for (int row = 0; row < grid.rows; ++row) {
    float x = bounds.min.x;
    for (int col = 0; col < grid.cols; ++col) {
      grid.free.push_back(query.is_navigable({x, height, z}, max_y_delta) ? 1 : 0);
      x += metres_per_cell;
    }
    z += metres_per_cell;
  }
  return grid;
}

}  // namespace inknav::nav
