// SPDX-License-Identifier: MIT
#pragma once
// MeshData: what a NavMesh holds beside Detour's own mesh, shared by queries and distance fields. Immutable.

#include <DetourNavMesh.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nav/nav_mesh.h"
#include "nav/navmesh_file.h"
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

/// The polygons of one tile among all.
struct TileRange {
  const dtMeshTile* tile = nullptr;
  PolyRef first_ref = 0;        // of its polygon 0; that of its polygon i is first_ref + i
  std::int32_t first_poly = 0;  // in MeshData::polys
  std::int32_t num_polys = 0;
};

struct MeshData {
  NavSettings settings;
  int file_version = 0;  // 0: built
  base::Aabb bounds;
  std::unique_ptr<dtNavMesh, DetourMeshRelease> detour;
  std::vector<TileRange> tiles;  // [Detour's tile places], in order of polygons; empty places have none
  float walkable_climb = 0.0f;   // metres, the greatest of the tiles
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
    const std::size_t place = detour->decodePolyIdTile(ref);
    if (place >= tiles.size()) return -1;
    const PolyRef local = ref - tiles[place].first_ref;
    if (local >= static_cast<PolyRef>(tiles[place].num_polys)) return -1;
    return tiles[place].first_poly + static_cast<std::int32_t>(local);
  }
  const TileRange& tile_of(std::int32_t index) const {
    if (tiles.size() == 1) return tiles.front();
    const auto after = std::upper_bound(tiles.begin(), tiles.end(), index,
                                        [](std::int32_t i, const TileRange& t) { return i < t.first_poly; });
    return *(after - 1);
  }
  PolyRef ref_of(std::int32_t index) const {
    const TileRange& range = tile_of(index);
    return range.first_ref + static_cast<PolyRef>(index - range.first_poly);
  }
};

/// The tiles must have passed check_tile. Without `bounds` they are the tiles' own. Error (kData) when Detour
/// refuses a tile, and when there is no floor in any.
base::Result<std::unique_ptr<MeshData>> make_mesh_data(const NavMeshFile& file,
                                                       const std::optional<base::Aabb>& bounds,
                                                       std::string_view name);

/// The mesh as a file, its tiles as Detour has them now.
NavMeshFile to_file(const MeshData& data);

}  // namespace inknav::nav::internal
