// SPDX-License-Identifier: MIT
#include "scene/image.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/file.h"
#include "scene/image_codec.h"
#include "scene/image_orientation.h"
#include "scene/limits.h"

namespace inknav::scene {
namespace {

std::uint8_t luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((299u * rgb[0] + 587u * rgb[1] + 114u * rgb[2] + 500u) / 1000u);
}

/// `value` seen through `alpha` on white paper.
std::uint8_t over_white(std::uint8_t value, std::uint8_t alpha) {
  return static_cast<std::uint8_t>((static_cast<unsigned>(value) * alpha + 255u * (255u - alpha) + 127u) /
                                   255u);
}

Image convert(Image from, int channels) {
  if (from.channels == channels) return from;
  Image to;
  to.width = from.width;
  to.height = from.height;
  to.channels = channels;
  const std::size_t count = static_cast<std::size_t>(from.width) * static_cast<std::size_t>(from.height);
  const auto step_from = static_cast<std::size_t>(from.channels);
  const auto step_to = static_cast<std::size_t>(channels);
  to.pixels.resize(count * step_to);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* in = from.pixels.data() + i * step_from;
    std::uint8_t* out = to.pixels.data() + i * step_to;
    std::uint8_t rgba[4] = {in[0], in[0], in[0], 255};
    if (from.channels >= 3) std::memcpy(rgba, in, step_from);
    if (channels != 4) {
      for (int c = 0; c < 3; ++c) rgba[c] = over_white(rgba[c], rgba[3]);
    }
    if (channels == 1) {
      out[0] = from.channels == 1 ? in[0] : luma(rgba);
    } else {
      std::memcpy(out, rgba, step_to);
    }
  }
  return to;
}

}  // namespace

base::Result<Image> decode_image(std::span<const std::uint8_t> bytes, std::string_view name, int channels) {
  INKNAV_CHECK(channels == 0 || channels == 1 || channels == 3 || channels == 4, channels);
  base::Result<Image> image =
      internal::is_png(bytes) ? internal::decode_png(bytes, name)
      : internal::is_jpeg(bytes)
          ? internal::decode_jpeg(bytes, name)
          : base::Error{base::ErrorCode::kData,
                        fmt::format("{}: a PNG or JPEG picture is wanted, {}", name,
                                    bytes.empty() ? "the file is empty" : "it starts with other bytes")};
  if (!image.ok() || channels == 0) return image;
  return convert(std::move(image).value(), channels);
}

base::Result<Image> load_image(const std::filesystem::path& path, int channels) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, base::read_file(path, kMaxImageFileBytes));
  INKNAV_ASSIGN_OR_RETURN(Image image, decode_image(bytes, path.string(), channels));
  return internal::upright(std::move(image), internal::exif_orientation(bytes));
}

base::Status save_png(const std::filesystem::path& path, const Image& image) {
  return base::write_file_atomic(path, std::span<const std::uint8_t>(encode_png(image)));
}

}  // namespace inknav::scene
