// SPDX-License-Identifier: MIT
#pragma once
// PGM pictures (P2 text, P5 binary, up to 16 bits), as robots write their maps. Internal to the module.
// Limits and errors as in scene/image.h.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "scene/image.h"

namespace inknav::scene::internal {

bool is_pgm(std::span<const std::uint8_t> bytes);

/// One channel, scaled so that the file's greatest value becomes 255.
base::Result<Image> decode_pgm(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace inknav::scene::internal
