// SPDX-License-Identifier: MIT
#pragma once
// The two codecs behind scene/image.h. Internal to the module. Decoders keep the file's channels (1, 3 or 4),
// check the picture's size against scene/limits.h before they allocate, and treat a truncated or damaged
// stream as an error (kData), never as a partly grey picture.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scene/image.h"

namespace inknav::scene::internal {

bool is_png(std::span<const std::uint8_t> bytes);
bool is_jpeg(std::span<const std::uint8_t> bytes);
base::Result<Image> decode_png(std::span<const std::uint8_t> bytes, std::string_view name);
base::Result<Image> decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name);

/// Error (kData) if a picture of this size is outside the limits.
base::Status check_image_size(std::int64_t width, std::int64_t height, std::string_view name);
base::Error image_error(std::string_view name, std::string_view what);

}  // namespace inknav::scene::internal
