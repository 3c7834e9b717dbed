// SPDX-License-Identifier: MIT
#pragma once
// check_tile: whether bytes are one well-formed Detour tile (spec/habitat.md 1). Detour itself trusts every
// count and index in a tile, so nothing reaches it that has not passed here. Never reads outside `bytes`.
//
// Checked: magic, version, counts and limits, sum of section sizes == bytes.size(), finite ordered bounds and
// coordinates, every vertex, neighbour, detail and bounding-volume index; no off-mesh links, no neighbours in
// other tiles; neighbourhood is mutual.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace inknav::nav::internal {

/// `bytes` must be aligned to 4. Errors (kData) begin with `name`.
base::Status check_tile(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace inknav::nav::internal
