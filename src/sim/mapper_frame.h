// SPDX-License-Identifier: MIT
#pragma once
// Where a camera is on the mapper's grid, and which way it looks there. All in cells; columns grow to the
// right of the start frame, rows backward. Shared by mapper.cc (level cameras) and mapper_tilted.cc.
// Internal to the mapper; plain values, no failure, no allocation.

#include "sim/mapper.h"

namespace inknav::sim {

inline constexpr float kFreeMargin = 0.5f;  // cells left between free space and the obstacle that ends it

struct Mapper::Frame {
  float col, row;                  // camera, such that floor() is its cell
  float forward_col, forward_row;  // one cell forward
  float right_col, right_row;      // one cell to the right
};

}  // namespace inknav::sim
