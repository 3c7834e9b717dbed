// SPDX-License-Identifier: MIT
#pragma once
// Corners: where a person puts the junctions of a warped plan. Every straight line of walls and doors is
// drawn straight, pulled to a multiple of 45 degrees or left at its angle, and a little off; lines meet in a
// compromise by least squares. The result is a list of displacements that the warp's field shall take, at
// junctions and along walls.

#include <glm/vec2.hpp>
#include <vector>

#include "base/philox.h"
#include "sketch/correspondence_impl.h"
#include "sketch/drawer.h"
#include "sketch/layout.h"
#include "sketch/levels.h"

namespace inknav::sketch {

struct FieldTarget {
  glm::dvec2 world{0.0};         // metres
  glm::dvec2 displacement{0.0};  // of the image, in its units
  double weight = 1.0;
};

/// `strength` in [0, 1] weakens pulls and errors.
std::vector<FieldTarget> corner_targets(const Layout& layout, const Correspondence::Impl& warp,
                                        const LevelRecipe& recipe, const Drawer& drawer, double strength,
                                        base::PhiloxStream stream);

}  // namespace inknav::sketch
