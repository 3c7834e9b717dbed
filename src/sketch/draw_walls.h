// SPDX-License-Identifier: MIT
#pragma once
// draw_walls: the walls of a warped layout as strokes, with the recipe's wrong content (dropped walls, missed
// and added doors, phantom lines), and the lines that were meant. What the route needs is never touched: the
// doors that it goes through stay open, no added line crosses it.

#include <vector>

#include "sketch/correspondence_impl.h"
#include "sketch/drawer.h"
#include "sketch/drawing.h"
#include "sketch/layout.h"
#include "sketch/levels.h"
#include "sketch/stroke_book.h"

namespace inknav::sketch {

struct WallInput {
  const Layout* layout = nullptr;
  const Correspondence::Impl* warp = nullptr;
  const LevelRecipe* recipe = nullptr;
  const Drawer* drawer = nullptr;
  std::vector<glm::dvec2> route;        // world
  const StrokeBook* strokes = nullptr;  // drawn again along the walls, where given
};

struct WallDrawing {
  std::vector<Stroke> strokes;
  std::vector<std::vector<glm::dvec2>> baselines;  // paper: what was meant, one polyline a wall
};

WallDrawing draw_walls(const WallInput& input, std::uint64_t seed, std::uint32_t drawer_number);

}  // namespace inknav::sketch
