// SPDX-License-Identifier: MIT
#pragma once
// Cheapest ways over a picture, on a grid of kSearchSide x kSearchSide cells whose prices say what a step
// into a cell costs. Internal to this module.

#include <vector>

#include "base/geometry.h"

namespace inknav::sketch::internal {

inline constexpr int kSearchSide = 256;  // half the resolution of a normalised picture

int search_cell(const base::Vec2& paper);
base::Vec2 search_middle(int cell);  // paper

struct PaperSearch {
  std::vector<float> cost;  // infinite where the search did not come
  std::vector<int> from;    // the cell before, -1 at the start

  /// Middles of the cells from the start to `cell`.
  std::vector<base::Vec2> way_to(int cell) const;
};

/// From `start` to every cell, or until `stop_at` is reached (-1: every cell). Eight neighbours; `price`
/// [side * side] is at least zero.
PaperSearch search_paper(const std::vector<float>& price, int start, int stop_at = -1);

/// The line with its steps from cell to cell smoothed out; its ends stay.
std::vector<base::Vec2> smooth_line(std::vector<base::Vec2> line);

}  // namespace inknav::sketch::internal
