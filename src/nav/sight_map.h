// SPDX-License-Identifier: MIT
#pragma once
// SightMap: which corners of a navmesh a shortest way to some goals goes by, and what each of them sees.
//
// Made by Dijkstra over the mesh's reflex corners; the edges (who sees whom) are found by opening cones of
// sight through the polygons, only into the shadow that a corner throws as seen from its parent. Immutable
// when made.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/geometry.h"
#include "nav/mesh_data.h"
#include "nav/surface.h"

namespace inknav::nav::internal {

/// A point where shortest ways bend or end.
struct Root {
  base::Vec3 position{0.0f};
  float distance = 0.0f;     // to the nearest goal, metres
  std::int32_t parent = -1;  // next root towards the goal, -1 for a goal
  float side = 0.0f;         // sign of the bend of a way parent -> this root -> point, 0 for a goal
};

/// Part of a polygon that a root sees: between two directions, or all of it.
struct Window {
  std::int32_t root = 0;
  std::int32_t next = -1;  // window of the same polygon, -1 last
  Plane eye{0.0f};
  Plane right{0.0f};
  Plane left{0.0f};
  bool whole = false;
};

/// Roots by which a way begins: the best, and a rival of about the same length that leads elsewhere; -1 none.
using Ways = std::pair<std::int32_t, std::int32_t>;

struct SightMap {
  std::vector<Root> roots;
  std::vector<Window> windows;
  std::vector<std::int32_t> first_window;  // [polys], -1 none
  float handed = 1.0f;

  float length_by(std::int32_t root, const base::Vec3& p) const {
    return roots[static_cast<std::size_t>(root)].distance +
           glm::length(p - roots[static_cast<std::size_t>(root)].position);
  }
  /// At a point of a polygon.
  Ways ways_at(std::int32_t poly, const base::Vec3& p) const;
  /// ways_at() holds at one point; a point beside it may have passed that corner and see the next.
  std::int32_t passed(std::int32_t root, const base::Vec3& p) const;
  std::size_t num_bytes() const;

 private:
  bool sees(const Window& window, const base::Vec3& p) const;
  std::int32_t shortest_at(std::int32_t first, const base::Vec3& p, bool strict, float& shortest) const;
};

SightMap look_from(const MeshData& data, std::span<const NavPoint> goals);

}  // namespace inknav::nav::internal
