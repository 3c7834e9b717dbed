// SPDX-License-Identifier: MIT
#pragma once
// HomeStyle: the colours of one home. Pure function of the seed.

#include <cstdint>
#include <vector>

#include "scene/home/home.h"
#include "scene/home/mesh_builder.h"

namespace inknav::scene::internal {

struct HomeStyle {
  std::vector<Finish> walls;   // by room
  std::vector<Finish> floors;  // by room
  Finish facade;
  Finish trim;  // door reveals, window frames
  Finish front_door;
  Finish glass;  // window panes, opaque
  Finish wood;   // most furniture of this home
  Finish dark_wood;
  Finish white;
  Finish cloth;  // sofas, armchairs
  Finish bedding;
  Finish metal;
  Finish leaves;
};

HomeStyle make_style(std::uint64_t seed, const FloorPlan& plan);

}  // namespace inknav::scene::internal
