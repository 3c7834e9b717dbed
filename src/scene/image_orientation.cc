// SPDX-License-Identifier: MIT
#include "scene/image_orientation.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace inknav::scene::internal {
namespace {

/// Reads of a TIFF block in its own byte order; beyond the end everything is 0.
class TiffBlock {
 public:
  explicit TiffBlock(std::span<const std::uint8_t> bytes)
      : bytes_(bytes), big_(!bytes.empty() && bytes[0] == 'M') {}
  std::uint32_t u16(std::size_t at) const {
    const std::uint32_t a = byte(at);
    const std::uint32_t b = byte(at + 1);
    return big_ ? a << 8 | b : b << 8 | a;
  }
  std::uint32_t u32(std::size_t at) const {
    return big_ ? u16(at) << 16 | u16(at + 2) : u16(at + 2) << 16 | u16(at);
  }

 private:
  std::uint32_t byte(std::size_t at) const { return at < bytes_.size() ? bytes_[at] : 0u; }
  std::span<const std::uint8_t> bytes_;
  bool big_;
};

int orientation_of_exif(std::span<const std::uint8_t> tiff) {
  constexpr std::uint32_t kOrientationTag = 0x0112;
  const TiffBlock block(tiff);
  if (block.u16(2) != 42) return 1;
  const std::size_t directory = block.u32(4);
  const std::uint32_t entries = block.u16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.size()) break;
    if (block.u16(entry) != kOrientationTag) continue;
    const auto value = static_cast<int>(block.u16(entry + 8));
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  if (bytes.size() < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8) return 1;
  std::size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == 0xFF) {
    const std::uint8_t marker = bytes[at + 1];
    if (marker == 0xDA || marker == 0xD9) break;  // the picture itself
    const std::size_t length = 256u * bytes[at + 2] + bytes[at + 3];
    if (length < 2 || length > bytes.size() - at - 2) break;
    const auto content = bytes.subspan(at + 4, length - 2);
    if (marker == 0xE1 && content.size() > kExif.size() &&
        std::equal(kExif.begin(), kExif.end(), content.begin())) {
      return orientation_of_exif(content.subspan(kExif.size()));
    }
    at += 2 + length;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool swaps = orientation >= 5;
  Image out;
  out.width = swaps ? image.height : image.width;
  out.height = swaps ? image.width : image.height;
  out.channels = image.channels;
  out.pixels.resize(image.pixels.size());
  const auto channels = static_cast<std::size_t>(image.channels);
  // Stored row 0 is seen at the bottom for 3, 4, at the right for 6, 7; stored column 0 at the right for 2,
  // 3, at the bottom for 7, 8.
  const bool flip_row = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool flip_column = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      const int along_row = flip_row ? image.height - 1 - row : row;
      const int along_column = flip_column ? image.width - 1 - column : column;
      const int x = swaps ? along_row : along_column;
      const int y = swaps ? along_column : along_row;
      const auto from = (static_cast<std::size_t>(row) * static_cast<std::size_t>(image.width) +
                         static_cast<std::size_t>(column)) *
                        channels;
      const auto to =
          (static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width) + static_cast<std::size_t>(x)) *
          channels;
      for (std::size_t c = 0; c < channels; ++c) out.pixels[to + c] = image.pixels[from + c];
    }
  }
  return out;
}

}  // namespace inknav::scene::internal
