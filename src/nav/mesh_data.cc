// SPDX-License-Identifier: MIT
#include "nav/mesh_data.h"

#include <DetourAlloc.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "nav/recast_build.h"

namespace inknav::nav::internal {
namespace {

/// Polygons smaller than this (square metres) are disabled, as Habitat does.
constexpr float kMinPolyArea = 1.0e-5f;
constexpr std::int16_t kEmpty = -2;

float triangle_area(const FloorTriangle& t) { return 0.5f * glm::length(glm::cross(t.b - t.a, t.c - t.a)); }

/// Of polygon `local` of the tile, which is called `index`.
void append_floor(const dtMeshTile& tile, std::int32_t local, std::int32_t index,
                  std::vector<FloorTriangle>& out) {
  const dtPoly& poly = tile.polys[local];
  const dtPolyDetail& detail = tile.detailMeshes[local];
  const auto corner = [&](unsigned char k) {
    const float* p = k < poly.vertCount
                         ? &tile.verts[std::size_t{poly.verts[k]} * 3]
                         : &tile.detailVerts[(std::size_t{detail.vertBase} + k - poly.vertCount) * 3];
    return base::Vec3(p[0], p[1], p[2]);
  };
  for (std::size_t t = 0; t < detail.triCount; ++t) {
    const unsigned char* k = &tile.detailTris[(detail.triBase + t) * 4];
    out.push_back({corner(k[0]), corner(k[1]), corner(k[2]), index});
  }
}

void disable_slivers(dtNavMesh& mesh, const TileRange& range) {
  std::vector<FloorTriangle> triangles;
  for (std::int32_t i = 0; i < range.num_polys; ++i) {
    triangles.clear();
    append_floor(*range.tile, i, i, triangles);
    float area = 0.0f;
    for (const FloorTriangle& t : triangles) area += triangle_area(t);
    if (area < kMinPolyArea) mesh.setPolyFlags(range.first_ref + static_cast<PolyRef>(i), kFlagDisabled);
  }
}

base::Status add_tile(dtNavMesh& mesh, const NavMeshTile& tile, std::string_view name) {
  auto* copy = static_cast<unsigned char*>(dtAlloc(tile.bytes.size(), DT_ALLOC_PERM));
  INKNAV_CHECK(copy != nullptr, tile.bytes.size());
  std::memcpy(copy, tile.bytes.data(), tile.bytes.size());
  const dtStatus status =
      mesh.addTile(copy, static_cast<int>(tile.bytes.size()), DT_TILE_FREE_DATA, tile.ref, nullptr);
  if (dtStatusSucceed(status)) return base::ok_status();
  dtFree(copy);
  return base::Error{
      base::ErrorCode::kData,
      fmt::format("{}: Detour refuses a tile of the navmesh (status {:#x}); build the navmesh again", name,
                  status)};
}

/// Detour's mesh with its tiles, and their places.
base::Status add_tiles(const NavMeshFile& file, std::string_view name, MeshData& data) {
  data.detour.reset(dtAllocNavMesh());
  INKNAV_CHECK(data.detour != nullptr);
  dtNavMeshParams params{};
  for (int axis = 0; axis < 3; ++axis) params.orig[axis] = file.grid.origin[axis];
  params.tileWidth = file.grid.tile_width;
  params.tileHeight = file.grid.tile_height;
  params.maxTiles = file.grid.max_tiles;
  params.maxPolys = file.grid.max_polys;
  const dtStatus status = data.detour->init(&params);
  if (dtStatusFailed(status)) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: Detour refuses a navmesh of {} tiles of {} polygons (status {:#x}); "
                                   "build the navmesh again",
                                   name, params.maxTiles, params.maxPolys, status)};
  }
  for (const NavMeshTile& tile : file.tiles) INKNAV_RETURN_IF_ERROR(add_tile(*data.detour, tile, name));
  data.tiles.assign(static_cast<std::size_t>(params.maxTiles), TileRange{});
  std::int32_t num_polys = 0;
  for (int place = 0; place < params.maxTiles; ++place) {
    TileRange& range = data.tiles[static_cast<std::size_t>(place)];
    range.first_poly = num_polys;
    const dtMeshTile* tile = static_cast<const dtNavMesh&>(*data.detour).getTile(place);
    if (tile->header == nullptr) continue;
    range = {tile, data.detour->getPolyRefBase(tile), num_polys, tile->header->polyCount};
    num_polys += range.num_polys;
    data.walkable_climb = std::max(data.walkable_climb, tile->header->walkableClimb);
    disable_slivers(*data.detour, range);
  }
  return base::ok_status();
}

base::Aabb bounds_of_tiles(const MeshData& data) {
  base::Aabb bounds;
  for (const TileRange& range : data.tiles) {
    if (range.tile == nullptr) continue;
    const float *low = range.tile->header->bmin, *high = range.tile->header->bmax;
    bounds.extend({low[0], low[1], low[2]});
    bounds.extend({high[0], high[1], high[2]});
  }
  return bounds;
}

void number_islands(MeshData& data) {
  data.poly_island.assign(data.polys.size(), -1);
  std::int32_t count = 0;
  std::vector<std::int32_t> stack;
  for (std::size_t seed = 0; seed < data.polys.size(); ++seed) {
    if (!data.polys[seed].enabled || data.poly_island[seed] >= 0) continue;
    stack.assign(1, static_cast<std::int32_t>(seed));
    data.poly_island[seed] = count;
    while (!stack.empty()) {
      const WalkPoly& poly = data.polys[static_cast<std::size_t>(stack.back())];
      stack.pop_back();
      for (std::size_t edge = 0; edge < poly.num_verts; ++edge) {
        const std::int32_t next = poly.neighbors[edge];
        if (next < 0 || data.poly_island[static_cast<std::size_t>(next)] >= 0) continue;
        data.poly_island[static_cast<std::size_t>(next)] = count;
        stack.push_back(next);
      }
    }
    ++count;
  }
  data.islands.assign(static_cast<std::size_t>(count), Island{});
}

void measure_islands(MeshData& data) {
  const std::size_t count = data.islands.size();
  std::vector<base::Vec3> mean(count, base::Vec3(0.0f));
  std::vector<float> num_verts(count, 0.0f);
  const auto for_each_vertex = [&](auto&& body) {
    for (std::size_t i = 0; i < data.polys.size(); ++i) {
      if (data.poly_island[i] < 0) continue;
      for (std::size_t v = 0; v < data.polys[i].num_verts; ++v) {
        body(static_cast<std::size_t>(data.poly_island[i]), data.polys[i].verts[v]);
      }
    }
  };
  for_each_vertex([&](std::size_t island, const base::Vec3& p) {
    mean[island] += p;
    num_verts[island] += 1.0f;
  });
  for (std::size_t i = 0; i < count; ++i) mean[i] /= num_verts[i];
  for_each_vertex([&](std::size_t island, const base::Vec3& p) {
    data.islands[island].radius = std::max(data.islands[island].radius, glm::length(p - mean[island]));
  });
}

void gather_floor(MeshData& data) {
  std::vector<FloorTriangle> all;
  for (const TileRange& range : data.tiles) {
    for (std::int32_t local = 0; local < range.num_polys; ++local) {
      const std::int32_t index = range.first_poly + local;
      if (data.poly_island[static_cast<std::size_t>(index)] >= 0)
        append_floor(*range.tile, local, index, all);
    }
  }
  const auto island_of = [&](const FloorTriangle& t) {
    return data.poly_island[static_cast<std::size_t>(t.poly)];
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto& a, const auto& b) { return island_of(a) < island_of(b); });
  data.floor = std::move(all);
  data.floor_area_before.assign(1, 0.0);
  data.island_floor.assign(data.islands.size() + 1, 0);
  for (const FloorTriangle& t : data.floor) {
    const float area = triangle_area(t);
    const auto island = static_cast<std::size_t>(island_of(t));
    data.islands[island].area += area;
    data.floor_area_before.push_back(data.floor_area_before.back() + double{area});
    ++data.island_floor[island + 1];
  }
  for (std::size_t i = 0; i < data.islands.size(); ++i) {
    data.island_floor[i + 1] += data.island_floor[i];
    data.area += data.islands[i].area;
    if (data.islands[i].area > data.islands[static_cast<std::size_t>(data.largest_island)].area) {
      data.largest_island = static_cast<int>(i);
    }
  }
}

}  // namespace

void IslandGrid::build(const std::vector<WalkPoly>& polys, const std::vector<std::int32_t>& poly_island) {
  const auto [bounds, covered] = walk_extent(polys);
  const base::Vec3 size = bounds.size();
  constexpr float kMostCells = 1024.0f;  // a side
  constexpr float kMostWrites = 4.0e6f;  // in all: boxes of a file from elsewhere may overlap without end
  const float cell =
      std::max({0.5f, size.x / kMostCells, size.z / kMostCells, std::sqrt(covered / kMostWrites)});
  per_metre_ = 1.0f / cell;
  origin_x_ = bounds.min.x - kReach;
  origin_z_ = bounds.min.z - kReach;
  width_ = static_cast<int>((size.x + 2.0f * kReach) * per_metre_) + 1;
  depth_ = static_cast<int>((size.z + 2.0f * kReach) * per_metre_) + 1;
  cells_.assign(static_cast<std::size_t>(width_) * static_cast<std::size_t>(depth_), kEmpty);
  const auto cell_of = [&](float value, float origin, int most) {
    return std::clamp(static_cast<int>(std::floor((value - origin) * per_metre_)), 0, most - 1);
  };
  for (std::size_t i = 0; i < polys.size(); ++i) {
    if (poly_island[i] < 0) continue;
    const auto island = static_cast<std::int16_t>(std::min(poly_island[i], 32766));
    base::Aabb box;
    for (std::size_t v = 0; v < polys[i].num_verts; ++v) box.extend(polys[i].verts[v]);
    constexpr float kMargin = kReach + 0.01f;
    for (int z = cell_of(box.min.z - kMargin, origin_z_, depth_);
         z <= cell_of(box.max.z + kMargin, origin_z_, depth_); ++z) {
      for (int x = cell_of(box.min.x - kMargin, origin_x_, width_);
           x <= cell_of(box.max.x + kMargin, origin_x_, width_); ++x) {
        std::int16_t& c = cells_[static_cast<std::size_t>(z) * static_cast<std::size_t>(width_) +
                                 static_cast<std::size_t>(x)];
        if (c == kEmpty) c = island;
        if (c != island) c = kMixed;
      }
    }
  }
  for (std::int16_t& c : cells_) {
    if (c == kEmpty || c == 32766) c = kMixed;
  }
}

NavMeshFile to_file(const MeshData& data) {
  NavMeshFile file;
  const dtNavMeshParams& params = *data.detour->getParams();
  file.grid = {{params.orig[0], params.orig[1], params.orig[2]},
               params.tileWidth,
               params.tileHeight,
               params.maxTiles,
               params.maxPolys};
  file.settings = data.settings;
  for (const TileRange& range : data.tiles) {
    if (range.tile == nullptr) continue;
    file.tiles.push_back({range.first_ref, {range.tile->data, range.tile->data + range.tile->dataSize}});
  }
  return file;
}

base::Result<std::unique_ptr<MeshData>> make_mesh_data(const NavMeshFile& file,
                                                       const std::optional<base::Aabb>& bounds,
                                                       std::string_view name) {
  auto data = std::make_unique<MeshData>();
  data->settings = file.settings;
  data->file_version = file.version;
  INKNAV_RETURN_IF_ERROR(add_tiles(file, name, *data));
  data->bounds = bounds ? *bounds : bounds_of_tiles(*data);
  data->polys = make_walk_mesh(*data->detour);
  number_islands(*data);
  if (data->islands.empty()) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: a floor to stand on was wanted, only slivers were found", name)};
  }
  measure_islands(*data);
  gather_floor(*data);
  data->island_grid.build(data->polys, data->poly_island);
  data->corner_graph = make_corner_graph(data->polys);
  data->surface_grid.build(data->polys);
  return data;
}

}  // namespace inknav::nav::internal
