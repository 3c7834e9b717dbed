// SPDX-License-Identifier: MIT
#pragma once
// make_plan: seed and parameters -> rooms, walls and openings (no furniture yet).

#include <cstdint>

#include "scene/home/home.h"

namespace inknav::scene::internal {

/// Draws proposals until one is plausible; the best of the first few plausible ones is taken.
FloorPlan make_plan(std::uint64_t seed, const HomeParams& params);

}  // namespace inknav::scene::internal
