// SPDX-License-Identifier: MIT
#pragma once
// Basis Universal's UASTC texture data: blocks of 4 x 4 pixels in 16 bytes, each in one of 19 modes, which
// are modes of ASTC with shorter codes. Internal to the module. Any 16 bytes are a block or a damaged one.

#include <cstdint>
#include <span>

#include "base/result.h"
#include "scene/image.h"

namespace inknav::scene::internal {

/// Fills `image` (RGBA, its size is the picture's) from its blocks in raster order. Error (kData) when they
/// are too few or one is damaged.
base::Status decode_uastc(std::span<const std::uint8_t> blocks, Image& image);

}  // namespace inknav::scene::internal
