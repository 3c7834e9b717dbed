// SPDX-License-Identifier: MIT
#pragma once
// What a scene takes in memory.

#include <cstddef>

#include "scene/scene.h"

namespace inknav::scene {

/// Of all its arrays.
std::size_t num_bytes(const Scene& scene);

}  // namespace inknav::scene
