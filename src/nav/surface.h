// SPDX-License-Identifier: MIT
#pragma once
// What a distance field needs of a navmesh, made once per mesh: its corners (the only points where a shortest
// path can bend) and a grid that finds the polygons near a point in O(1). Immutable.

#include <array>
#include <cstdint>
#include <vector>

#include "base/geometry.h"
#include "nav/walk_mesh.h"

namespace inknav::nav::internal {

/// Direction or difference in the plane, (x, z).
using Plane = base::Vec2;
inline Plane plane(const base::Vec3& p) { return {p.x, p.z}; }
/// Positive when b is a left turn from a in the orientation in which polygons run (`handed` = +1 or -1).
inline float turn(const Plane& a, const Plane& b, float handed) { return handed * (a.x * b.y - a.y * b.x); }

/// A reflex vertex of the boundary, seen from one connected fan of polygons.
struct Corner {
  base::Vec3 position;
  Plane first;  // direction of the wall at which the free fan begins, in the polygons' orientation
  Plane last;   // ... and ends
  std::uint32_t fan_begin = 0;  // into CornerGraph::fans
  std::uint32_t fan_end = 0;
};

struct CornerGraph {
  struct Wedge {
    std::int32_t poly;
    std::int32_t vertex;  // of the polygon, that is the corner
  };
  std::vector<Corner> corners;
  std::vector<Wedge> fans;
  std::vector<std::array<std::int32_t, WalkPoly::kMaxVerts>> corner_of;  // [polys][verts], -1 none
  float handed = 1.0f;
};

CornerGraph make_corner_graph(const std::vector<WalkPoly>& polys);

/// Squares of the plane with the polygons that touch them.
class SurfaceGrid {
 public:
  struct Entry {
    std::int32_t poly = 0;
    base::Vec3 point{0.0f};  // of the polygon nearest to the square's centre
  };
  void build(const std::vector<WalkPoly>& polys);

  /// Index into entries() of the polygon nearest to p by Detour's measure, within 2 m in the plane and 4 m in
  /// height; -1 none. O(1) on and near the mesh.
  std::int32_t find(const std::vector<WalkPoly>& polys, const base::Vec3& p) const;
  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t num_bytes() const;

 private:
  std::int32_t nearest_in(const std::vector<WalkPoly>& polys, int cell, const base::Vec3& p,
                          float& best) const;
  std::int32_t find_around(const std::vector<WalkPoly>& polys, const base::Vec3& p) const;

  float origin_x_ = 0.0f;
  float origin_z_ = 0.0f;
  float cell_ = 0.1f;
  float per_metre_ = 10.0f;
  int width_ = 0;
  int depth_ = 0;
  std::vector<std::uint32_t> first_;  // [cells + 1]
  std::vector<Entry> entries_;
};

/// Point of the polygon nearest to p in the plane, at the height of the polygon there.
base::Vec3 nearest_point(const WalkPoly& poly, const base::Vec3& p);

}  // namespace inknav::nav::internal
