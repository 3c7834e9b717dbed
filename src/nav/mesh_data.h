// SPDX-License-Identifier: MIT
#pragma once
// MeshData: what a NavMesh holds beside Detour's own mesh, shared by queries and distance fields. Immutable.

#include <DetourNavMesh.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nav/nav_mesh.h"
#include "nav/surface.h"
#include "nav/walk_mesh.h"

namespace inknav::nav::internal {

struct DetourMeshRelease {
  void operator()(dtNavMesh* mesh) const { dtFreeNavMesh(mesh); }
};

/// A triangle of the detail mesh.
struct FloorTriangle {
  base::Vec3 a, b, c;
  std::int32_t poly;
};

/// For each square of the plane the one island whose polygons lie within `reach` of it.
class IslandGrid {
 public:
  static constexpr float kReach = 0.5f;  // metres
  static constexpr std::int16_t kMixed = -1;
  void build(const std::vector<WalkPoly>& polys, const std::vector<std::int32_t>& poly_island);
  /// The island, or kMixed when there are others or none (or p is far outside).
  int only_island_near(const base::Vec3& p) const {
    const float x = (p.x - origin_x_) * per_metre_;
    const float z = (p.z - origin_z_) * per_metre_;
    if (!(x >= 0.0f && z >= 0.0f && x < static_cast<float>(width_) && z < static_cast<float>(depth_)))
      return kMixed;
    return cells_[static_cast<std::size_t>(z) * static_cast<std::size_t>(width_) +
                  static_cast<std::size_t>(x)];
  }

 private:
  float origin_x_ = 0.0f;
  float origin_z_ = 0.0f;
  float per_metre_ = 2.0f;
  int width_ = 0;
  int depth_ = 0;
  std::vector<std::int16_t> cells_;
};

struct MeshData {
  NavSettings settings;
  base::Aabb bounds;
  std::unique_ptr<dtNavMesh, DetourMeshRelease> detour;
  PolyRef first_ref = 0;  // ref of polygon 0; ref of polygon i is first_ref + i
  std::vector<WalkPoly> polys;
  std::vector<std::int32_t> poly_island;  // -1 disabled
  std::vector<Island> islands;
  int largest_island = 0;
  float area = 0.0f;
  IslandGrid island_grid;
  CornerGraph corner_graph;
  SurfaceGrid surface_grid;

  // Floor triangles grouped by island, polygon order within; cumulative area for sampling.
  std::vector<FloorTriangle> floor;
  std::vector<double> floor_area_before;  // [floor + 1]
  std::vector<std::size_t> island_floor;  // [islands + 1], first triangle of each

  std::int32_t index_of(PolyRef ref) const {
    const PolyRef index = ref - first_ref;
    return index < polys.size() ? static_cast<std::int32_t>(index) : -1;
  }
  PolyRef ref_of(std::int32_t index) const { return first_ref + static_cast<PolyRef>(index); }
};

/// `tile` must have passed check_tile. Error (kData) when Detour refuses it.
base::Result<std::unique_ptr<MeshData>> make_mesh_data(const std::vector<std::uint8_t>& tile,
                                                       const NavSettings& settings, const base::Aabb& bounds,
                                                       std::string_view name);

}  // namespace inknav::nav::internal
