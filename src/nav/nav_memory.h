// SPDX-License-Identifier: MIT
#pragma once
// What a navigation mesh takes in memory.

#include <cstddef>

#include "nav/nav_mesh.h"

namespace inknav::nav {

/// Of all arrays for queries and distance fields, Detour's tiles included.
std::size_t num_bytes(const NavMesh& mesh);

}  // namespace inknav::nav
