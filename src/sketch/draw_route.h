// SPDX-License-Identifier: MIT
#pragma once
// draw_route: the route as a hand-drawn line from start mark to goal mark. It wanders less where walls are
// near, so it goes through the doors that the route goes through.

#include <vector>

#include "base/philox.h"
#include "sketch/correspondence_impl.h"
#include "sketch/drawer.h"
#include "sketch/drawing.h"

namespace inknav::sketch {

struct RouteInput {
  const Correspondence::Impl* warp = nullptr;
  const Drawer* drawer = nullptr;
  const std::vector<std::vector<glm::dvec2>>* walls = nullptr;  // paper, as drawn
  const glm::dvec2* points = nullptr;                           // world
  std::size_t count = 0;
  glm::dvec2 start{0.0}, goal{0.0};  // world, where the marks are
  bool exact = false;
};

struct RouteDrawing {
  Stroke stroke;
  std::vector<base::Vec2> centre;  // paper: the line that was meant
};

RouteDrawing draw_route(const RouteInput& input, base::PhiloxStream& stream);

}  // namespace inknav::sketch
