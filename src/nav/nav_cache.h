// SPDX-License-Identifier: MIT
#pragma once
// The navmesh cache: one file per (scene content, settings), written atomically, with an XXH3-128 of all that
// precedes it at its end. Reading checks the checksum, then the tile itself (nav/tile_check.h).

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "nav/nav_mesh.h"

namespace inknav::nav::internal {

/// "<scene hash>-<settings hash>.inknavmesh"
std::string cache_file_name(const base::Hash128& scene, const NavSettings& settings);

base::Status write_cache(const std::filesystem::path& path, const base::Hash128& scene,
                         const NavSettings& settings, const std::vector<std::uint8_t>& tile);
/// The tile. Error (kData) for a file that is damaged, or of another scene, settings or version.
base::Result<std::vector<std::uint8_t>> read_cache(const std::filesystem::path& path,
                                                   const base::Hash128& scene, const NavSettings& settings);

}  // namespace inknav::nav::internal
