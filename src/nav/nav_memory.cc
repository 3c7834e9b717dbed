// SPDX-License-Identifier: MIT
#include "nav/nav_memory.h"

#include "nav/mesh_data.h"

namespace inknav::nav {

std::size_t num_bytes(const NavMesh& mesh) {
  const auto of = [](const auto& values) { return values.size() * sizeof(values[0]); };
  const internal::MeshData& data = mesh.data();
  const internal::CornerGraph& graph = data.corner_graph;
  std::size_t bytes = sizeof(data) + of(data.polys) + of(data.poly_island) + of(data.islands) +
                      of(graph.corners) + of(graph.fans) + of(graph.corner_of) +
                      data.surface_grid.num_bytes() + of(data.floor) + of(data.floor_area_before) +
                      of(data.island_floor);
  const dtNavMesh& detour = mesh.detour();
  for (int i = 0; i < detour.getMaxTiles(); ++i) {
    const dtMeshTile* tile = detour.getTile(i);
    if (tile != nullptr && tile->header != nullptr) bytes += static_cast<std::size_t>(tile->dataSize);
  }
  return bytes;
}

}  // namespace inknav::nav
