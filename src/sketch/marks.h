// SPDX-License-Identifier: MIT
#pragma once
// Marks: how a person marks start (arrow, wedge, chevron; a dot without a heading) and goal (cross, star,
// circle).
//
// The middle of a mark's ink lies on the position that is meant. Start glyphs are told apart by a reader from
// where they are widest: at the blunt end (wedge, chevron) or near the tip (arrow).

#include <glm/vec2.hpp>
#include <vector>

#include "base/philox.h"
#include "sketch/drawer.h"
#include "sketch/drawing.h"

namespace inknav::sketch {

/// heading: Mark::heading. `size` is the radius on paper.
std::vector<Stroke> draw_start(const glm::dvec2& position, bool has_heading, double heading,
                               const Drawer& drawer, double size, base::PhiloxStream& stream);
std::vector<Stroke> draw_goal(const glm::dvec2& position, const Drawer& drawer, double size,
                              base::PhiloxStream& stream);

}  // namespace inknav::sketch
