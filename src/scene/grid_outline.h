// SPDX-License-Identifier: MIT
#pragma once
// Geometry of cell masks: outlines along the edges between cells, and covers by rectangles. Internal to the
// module. A mask is [height, width] bytes, non-zero inside; beyond its border everything is outside.
// Points are cell corners: (column, row) with row 0 at the top edge.

#include <cstdint>
#include <glm/vec2.hpp>
#include <span>
#include <vector>

namespace inknav::scene::internal {

struct MaskView {
  std::span<const std::uint8_t> cells;
  int width = 0;
  int height = 0;
  bool inside(int column, int row) const {
    return column >= 0 && row >= 0 && column < width && row < height &&
           cells[static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                 static_cast<std::size_t>(column)] != 0;
  }
};

using Outline =
    std::vector<glm::ivec2>;  // closed, corners only, inside on the right-hand side (row points down)

/// All borders of the mask. Inside is 4-connected: two cells that touch at a corner only are separate.
/// Law: the outlines' signed areas (outer positive, holes negative) add up to the number of cells inside.
std::vector<Outline> trace_outlines(const MaskView& mask);

/// Corners that are left when the outline may move by at most `tolerance` cells (Douglas-Peucker); at least
/// three, or nothing if the outline has no area at that tolerance.
Outline simplify_outline(const Outline& outline, double tolerance);

struct CellRect {  // columns [x0, x1), rows [y0, y1)
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
};

/// Disjoint rectangles whose union is the mask.
std::vector<CellRect> cover_by_rectangles(const MaskView& mask);

}  // namespace inknav::scene::internal
