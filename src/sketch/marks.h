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

/// Lines of a start glyph in its own frame: x forward, y to the right, about radius 1. `open` is half the
/// width of its blunt end, `back` how far the barbs of an arrow reach from the middle.
std::vector<std::vector<glm::dvec2>> start_glyph_lines(StartGlyph glyph, double open, double back);

/// heading: Mark::heading. `size` is the radius on paper.
std::vector<Stroke> draw_start(const glm::dvec2& position, bool has_heading, double heading,
                               const Drawer& drawer, double size, base::PhiloxStream& stream);
std::vector<Stroke> draw_goal(const glm::dvec2& position, const Drawer& drawer, double size,
                              base::PhiloxStream& stream);

}  // namespace inknav::sketch
