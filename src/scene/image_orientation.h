// SPDX-License-Identifier: MIT
#pragma once
// EXIF orientation: a camera held sideways stores its picture sideways and says so. Internal to the module.

#include <cstdint>
#include <span>

#include "scene/image.h"

namespace inknav::scene::internal {

/// 1 to 8 as EXIF counts; 1 (upright) when the bytes are no JPEG, say nothing or say nonsense.
int exif_orientation(std::span<const std::uint8_t> bytes);

/// The picture as it is meant to be seen.
Image upright(Image image, int orientation);

}  // namespace inknav::scene::internal
