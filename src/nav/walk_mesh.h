// SPDX-License-Identifier: MIT
#pragma once
// WalkMesh: the polygons of a navmesh laid out flat for the hot path, and SurfaceWalk, the walk over
// them that moves a body (spec/habitat.md 1, tryStep). Tiles follow each other; none links to another.
//
// SurfaceWalk::slide equals Detour's moveAlongSurface bit for bit (tested); without Detour's hashed node pool
// it costs a third. A polygon is named by its index. Disabled polygons are walls.
// Threads: WalkMesh is immutable; one SurfaceWalk per thread, no allocation after construction.

#include <array>
#include <cstdint>
#include <vector>

#include "base/geometry.h"

class dtNavMesh;

namespace inknav::nav::internal {

struct WalkPoly {
  static constexpr int kMaxVerts = 6;
  std::array<base::Vec3, kMaxVerts> verts;
  std::array<std::int32_t, kMaxVerts> neighbors;  // of edge i -> i + 1; -1 is a wall
  std::uint8_t num_verts = 0;
  bool enabled = true;
};

std::vector<WalkPoly> make_walk_mesh(const dtNavMesh& mesh);

/// What a grid over the polygons has to cover.
struct WalkExtent {
  base::Aabb bounds;     // empty without polygons
  float covered = 0.0f;  // square metres of all polygons' boxes; those of a file from elsewhere may overlap
};
WalkExtent walk_extent(const std::vector<WalkPoly>& polys);

/// Crossing-number test in the plane; points on an edge may fall on either side.
bool contains_2d(const WalkPoly& poly, const base::Vec3& p);

class SurfaceWalk {
 public:
  /// Keeps a pointer to `polys`.
  explicit SurfaceWalk(const std::vector<WalkPoly>& polys);

  struct Stop {
    base::Vec3 position;    // its height is not meaningful yet
    std::int32_t poly = 0;  // that holds the position, on its boundary if blocked
    bool reached = false;   // the target itself lies inside `poly`
  };
  /// Towards `to`, sliding along walls: the reachable point nearest to `to`.
  Stop slide(std::int32_t poly, const base::Vec3& from, const base::Vec3& to);
  /// Habitat up to 0.3.3: walls stop the body where its segment crosses them.
  Stop stop_at_walls(std::int32_t poly, const base::Vec3& from, const base::Vec3& to);
  /// Habitat 0.3.4: the slide, then cut at the crossed wall nearest to `to` among the polygons on its way.
  Stop slide_then_cut(std::int32_t poly, const base::Vec3& from, const base::Vec3& to);
  /// Whether the straight way stays on the mesh; `to` may lie up to 5 mm beside it.
  bool sees(std::int32_t poly, const base::Vec3& from, const base::Vec3& to);

 private:
  static constexpr int kMaxNodes = 64;  // Detour's node pool and queue for this walk
  static constexpr int kMaxQueue = 48;
  struct Node {
    std::int32_t poly;
    std::int32_t parent;
    bool closed;
  };
  struct Mark {
    std::uint32_t walk = 0;  // number of the walk that wrote `node`
    std::int32_t node = 0;
  };
  int node_of(std::int32_t poly);  // -1: the pool is full
  void start(std::int32_t poly);

  const std::vector<WalkPoly>* polys_;
  std::vector<Mark> marks_;  // [polys]
  std::array<Node, kMaxNodes> nodes_;
  int num_nodes_ = 0;
  int last_node_ = 0;
  std::uint32_t walk_ = 0;
};

}  // namespace inknav::nav::internal
