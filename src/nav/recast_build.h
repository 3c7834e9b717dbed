// SPDX-License-Identifier: MIT
#pragma once
// build_tile: a scene's triangles -> the bytes of one Detour tile, by Recast, in Habitat's order of steps
// and with its derived settings (spec/habitat.md 1). Pure; safe from any thread.
// Errors are kData: no floor to stand on, more cells or polygons than a single tile can hold.

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "nav/nav_mesh.h"
#include "scene/scene.h"

namespace inknav::nav::internal {

/// Most cells of the voxel grid's footprint; one cell costs about 100 bytes while building.
inline constexpr std::int64_t kMaxGridCells = std::int64_t{1} << 25;

/// Detour marks neighbours in other tiles with the high bit of 16.
inline constexpr int kMaxTilePolys = 32767;

/// Polygon flags of Habitat's navmeshes.
inline constexpr unsigned short kFlagWalk = 1;
inline constexpr unsigned short kFlagDisabled = 4;

base::Status check_settings(const NavSettings& settings);
base::Result<std::vector<std::uint8_t>> build_tile(const scene::Scene& scene, const NavSettings& settings);

}  // namespace inknav::nav::internal
