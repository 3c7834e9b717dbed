// SPDX-License-Identifier: MIT
#pragma once
// Polygons -> triangles. Internal to the module.
//
// Law: a simple polygon of n corners gives n - 2 triangles with the polygon's own winding whose areas add up
// to its area. A polygon that crosses itself, or has no plane, still gives n - 2 triangles of its own
// corners. Cost O(n) for convex polygons, O(n^2) otherwise; beyond kMaxClipCorners corners a fan is used.

#include <cstddef>
#include <cstdint>
#include <glm/vec2.hpp>
#include <glm/vec3.hpp>
#include <span>
#include <vector>

#include "base/geometry.h"

namespace inknav::scene::internal {

inline constexpr std::size_t kMaxClipCorners = 4096;

/// Ear clipping in the plane. Triangles are positions in `corners`, appended.
void triangulate_polygon(std::span<const glm::dvec2> corners, std::vector<glm::u32vec3>& out);

/// The same for a polygon in space, seen along its own normal.
void triangulate_polygon(std::span<const base::Vec3> corners, std::vector<glm::u32vec3>& out);

}  // namespace inknav::scene::internal
