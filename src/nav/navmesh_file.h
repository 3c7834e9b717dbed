// SPDX-License-Identifier: MIT
#pragma once
// Habitat's ".navmesh" files, versions 1 and 2 (spec/habitat.md 1): little-endian, uncompressed, a set of
// Detour tiles. Version 2 is written.
//
// parse_navmesh looks at every count, size and index before anything else sees the bytes, so what it returns
// can be handed to Detour. Habitat's reader stops silently at an empty tile record; here that is a fault
// unless it ends the file, and then a warning. At most 4,096 tiles and 1 GiB; links between tiles are refused
// (tile_check.h). Settings of version 1 are Habitat's defaults, as Habitat assumes.
//
// Not defined by the format, and kept as they are when a mesh is written: the links' content and the
// polygons' first links (Detour makes them again), padding of detail meshes. The byte for "static objects" is
// padding in old files of version 2: 0 and 1 are taken at their word, anything else is read as no and written
// as 0.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "nav/nav_settings.h"

namespace inknav::nav::internal {

/// Where tiles lie and how polygon references are divided into bits.
struct TileGrid {
  base::Vec3 origin{0.0f};
  float tile_width = 0.0f;  // metres
  float tile_height = 0.0f;
  std::int32_t max_tiles = 1;
  std::int32_t max_polys = 1;  // a tile
};

struct NavMeshTile {
  std::uint32_t ref = 0;  // 0: Detour's choice
  std::vector<std::uint8_t> bytes;
};

struct NavMeshFile {
  int version = 0;  // 1 or 2: that was read; 0: made here
  TileGrid grid;
  NavSettings settings;
  std::vector<NavMeshTile> tiles;
};

/// A mesh of one tile, which must have passed check_tile, with the references that Detour gives it.
NavMeshFile one_tile(std::vector<std::uint8_t> tile, const NavSettings& settings);

/// Errors (kData) begin with `name` and name the byte.
base::Result<NavMeshFile> parse_navmesh(std::span<const std::uint8_t> bytes, std::string_view name);
base::Result<NavMeshFile> read_navmesh(const std::filesystem::path& path);

/// As version 2.
std::vector<std::uint8_t> navmesh_bytes(const NavMeshFile& file);

}  // namespace inknav::nav::internal
