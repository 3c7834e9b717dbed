// SPDX-License-Identifier: MIT
#pragma once
// Navmesh files made by hand for tests: polygons on a grid of voxels (0.05 x 0.2 x 0.05 m) -> a Detour tile,
// and the bytes of both versions of the file.

#include <DetourAlloc.h>
#include <DetourNavMeshBuilder.h>

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "nav/navmesh_file.h"

namespace inknav::nav::testing {

using Voxel = std::array<int, 3>;
/// Corners in the order of Recast's polygons: x to z.
using VoxelPolygon = std::vector<Voxel>;

inline VoxelPolygon rectangle(int x0, int z0, int x1, int z1, int y = 0) {
  return {{x0, y, z0}, {x0, y, z1}, {x1, y, z1}, {x1, y, z0}};
}

/// Polygons with a common edge become neighbours.
struct TileSketch {
  std::vector<VoxelPolygon> polygons;
  base::Vec3 low{0.0f};
  base::Vec3 high{10.0f, 4.0f, 10.0f};
  int tile_x = 0;
  int tile_y = 0;

  std::vector<std::uint8_t> bytes() const {
    constexpr int kNvp = 6;
    std::vector<unsigned short> verts, polys;
    std::map<Voxel, unsigned short> number;
    std::map<std::pair<int, int>, unsigned short> owner;  // directed edge -> polygon
    for (const VoxelPolygon& polygon : polygons) {
      for (const Voxel& v : polygon) {
        if (!number.emplace(v, static_cast<unsigned short>(number.size())).second) continue;
        for (const int value : v) verts.push_back(static_cast<unsigned short>(value));
      }
    }
    const auto edge = [&](const VoxelPolygon& polygon, std::size_t i) {
      return std::pair<int, int>(number.at(polygon[i]), number.at(polygon[(i + 1) % polygon.size()]));
    };
    for (std::size_t p = 0; p < polygons.size(); ++p) {
      for (std::size_t i = 0; i < polygons[p].size(); ++i) {
        owner[edge(polygons[p], i)] = static_cast<unsigned short>(p);
      }
    }
    for (const VoxelPolygon& polygon : polygons) {
      std::array<unsigned short, 2 * kNvp> row;
      row.fill(0xffff);
      for (std::size_t i = 0; i < polygon.size(); ++i) {
        const auto [from, to] = edge(polygon, i);
        row[i] = static_cast<unsigned short>(from);
        if (const auto other = owner.find({to, from}); other != owner.end()) row[kNvp + i] = other->second;
      }
      polys.insert(polys.end(), row.begin(), row.end());
    }
    return create(verts, polys);
  }

 private:
  std::vector<std::uint8_t> create(const std::vector<unsigned short>& verts,
                                   const std::vector<unsigned short>& polys) const {
    std::vector<unsigned short> flags(polygons.size(), 1);
    std::vector<unsigned char> areas(polygons.size(), 0);
    dtNavMeshCreateParams params{};
    params.verts = verts.data();
    params.vertCount = static_cast<int>(verts.size() / 3);
    params.polys = polys.data();
    params.polyFlags = flags.data();
    params.polyAreas = areas.data();
    params.polyCount = static_cast<int>(polygons.size());
    params.nvp = 6;
    params.tileX = tile_x;
    params.tileY = tile_y;
    for (int axis = 0; axis < 3; ++axis) params.bmin[axis] = low[axis];
    for (int axis = 0; axis < 3; ++axis) params.bmax[axis] = high[axis];
    params.walkableHeight = 1.5f;
    params.walkableRadius = 0.1f;
    params.walkableClimb = 0.2f;
    params.cs = 0.05f;
    params.ch = 0.2f;
    params.buildBvTree = true;
    unsigned char* data = nullptr;
    int size = 0;
    INKNAV_CHECK(dtCreateNavMeshData(&params, &data, &size));
    std::vector<std::uint8_t> tile(data, data + size);
    dtFree(data);
    return tile;
  }
};

/// The counts of Habitat's test scene van-gogh-room: 10 polygons, 25 vertices, 41 edges, 21 triangles, 2
/// islands. Island 0: 0.5 x 1 m rectangles, five in a row; island 1: four such, and one with a fifth corner.
inline TileSketch room_sketch() {
  TileSketch sketch;
  for (int i = 0; i < 5; ++i) sketch.polygons.push_back(rectangle(10 + 10 * i, 10, 20 + 10 * i, 30));
  for (int i = 0; i < 4; ++i) sketch.polygons.push_back(rectangle(10 + 10 * i, 100, 20 + 10 * i, 120));
  sketch.polygons.push_back({{50, 0, 100}, {50, 0, 120}, {60, 0, 120}, {64, 0, 110}, {60, 0, 100}});
  return sketch;
}

/// As Habitat wrote it: room for 16 polygons, reference 16 (salt 1).
inline internal::NavMeshFile room_file() {
  internal::NavMeshFile file = internal::one_tile(room_sketch().bytes(), {});
  file.grid.max_polys = 16;
  file.tiles[0].ref = 16;
  return file;
}

inline std::vector<std::uint8_t> version_1_bytes(const internal::NavMeshFile& file) {
  std::vector<std::uint8_t> bytes = internal::navmesh_bytes(file);
  bytes[4] = 1;
  bytes.erase(bytes.begin() + 40, bytes.begin() + 96);
  return bytes;
}

}  // namespace inknav::nav::testing
