// SPDX-License-Identifier: MIT
#pragma once
// Warp: how this drawing of this home is distorted, as a Correspondence::Impl without folds.
//
// Stages (spec: "topology-preserving warp", "corners"): affine part with the drawer's slant; a log-normal
// scale error for every room, its displacement solved by least squares over the plane; a 4x4 thin-plate
// spline; walls pulled to straight angles or turned by the drawer's angular error, solved by least squares at
// the junctions and carried by the same B-spline field. A warp that folds, closes a door, lets walls cross
// that do not, or moves a kept point over a wall is refused and drawn again weaker; the last attempt is the
// affine part alone, so there always is one.

#include <memory>
#include <vector>

#include "base/philox.h"
#include "sketch/correspondence_impl.h"
#include "sketch/drawer.h"
#include "sketch/layout.h"
#include "sketch/levels.h"

namespace inknav::sketch {

struct WarpInput {
  const Layout* layout = nullptr;
  const LevelRecipe* recipe = nullptr;
  const Drawer* drawer = nullptr;
  bool photo = false;                   // adds the perspective of a photographed sheet
  bool exact = false;                   // kClean: uniform scale only
  std::vector<glm::dvec2> kept_inside;  // world points that must fall on the paper, such as the route
};

/// Paper = unit square with the margin already left free. `seed` and `drawer_number` key the randomness.
std::shared_ptr<Correspondence::Impl> make_warp(const WarpInput& input, std::uint64_t seed,
                                                std::uint32_t drawer_number);

}  // namespace inknav::sketch
