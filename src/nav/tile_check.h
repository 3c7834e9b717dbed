// SPDX-License-Identifier: MIT
#pragma once
// check_tile: whether bytes are one well-formed Detour tile (spec/habitat.md 1). Detour itself trusts every
// count and index in a tile, so nothing reaches it that has not passed here. Never reads outside `bytes`.
//
// Checked: magic, version, counts and limits, sum of section sizes == bytes.size(), finite ordered bounds and
// coordinates, every vertex, neighbour, detail and bounding-volume index; no off-mesh links, no neighbours in
// other tiles; neighbourhood is mutual.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace inknav::nav::internal {

/// Links to other tiles are refused, not followed: Habitat builds a scene in one tile, and everything here
/// that walks on a mesh looks at edges with one neighbour. `bytes` must be aligned to 4. Errors (kData) begin
/// with `name` and name the byte, counted as if the tile began at `first_byte`.
base::Status check_tile(std::span<const std::uint8_t> bytes, std::string_view name,
                        std::size_t first_byte = 0);

}  // namespace inknav::nav::internal
