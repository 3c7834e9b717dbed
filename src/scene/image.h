// SPDX-License-Identifier: MIT
#pragma once
// Pictures: PNG and JPEG in, PNG and JPEG out (libpng, libjpeg-turbo), with limits on what is read
// (16,384 px a side, 128 Mpx). 8 bits a channel, row-major, top row first, RGB order (never BGR).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::scene {

struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;                  // 1 grey, 3 RGB, 4 RGBA
  std::vector<std::uint8_t> pixels;  // [height, width, channels]
};

/// Decodes PNG or JPEG (told by content). `channels` 1, 3 or 4 asks for a conversion, 0 keeps the file's.
/// `name` is used in error messages. Alpha over white when it is dropped.
base::Result<Image> decode_image(std::span<const std::uint8_t> bytes, std::string_view name, int channels);
/// The same from a file; a photo is turned as its EXIF orientation says (decode_image keeps it as stored).
base::Result<Image> load_image(const std::filesystem::path& path, int channels);

/// `compression` 1 (fast) to 9 (small); the pixels are the same with any.
std::vector<std::uint8_t> encode_png(const Image& image, int compression = 6);
std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality);
base::Status save_png(const std::filesystem::path& path, const Image& image);

}  // namespace inknav::scene
