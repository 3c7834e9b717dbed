// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <turbojpeg.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/check.h"
#include "scene/image_codec.h"

namespace inknav::scene::internal {
namespace {

struct DestroyHandle {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, DestroyHandle>;

base::Error jpeg_error(std::string_view name, tjhandle handle) {
  return image_error(
      name, fmt::format("a whole JPEG picture is wanted, the decoder says \"{}\"; the file is damaged "
                        "or cut off",
                        tjGetErrorStr2(handle)));
}

/// Cameras leave stray bytes between markers; the picture is complete all the same.
bool is_harmless(tjhandle handle) {
  return tjGetErrorCode(handle) == TJERR_WARNING &&
         std::string_view(tjGetErrorStr2(handle)).find("extraneous bytes") != std::string_view::npos;
}

/// CMYK as cameras and Adobe's programs write it: inverted, 255 means no ink.
void cmyk_to_rgb(const std::vector<std::uint8_t>& cmyk, std::vector<std::uint8_t>& rgb) {
  const std::size_t count = cmyk.size() / 4;
  rgb.resize(3 * count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      rgb[3 * i + c] =
          static_cast<std::uint8_t>((static_cast<unsigned>(cmyk[4 * i + c]) * cmyk[4 * i + 3] + 127u) / 255u);
    }
  }
}

}  // namespace

bool is_jpeg(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

base::Result<Image> decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name) {
  const Handle handle(tjInitDecompress());
  INKNAV_CHECK(handle != nullptr);
  const auto size = static_cast<unsigned long>(bytes.size());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colorspace = 0;
  if (tjDecompressHeader3(handle.get(), bytes.data(), size, &width, &height, &subsampling, &colorspace) !=
          0 &&
      !is_harmless(handle.get())) {
    return jpeg_error(name, handle.get());
  }
  INKNAV_RETURN_IF_ERROR(check_image_size(width, height, name));
  const bool grey = colorspace == TJCS_GRAY;
  const bool cmyk = colorspace == TJCS_CMYK || colorspace == TJCS_YCCK;
  Image image;
  image.width = width;
  image.height = height;
  image.channels = grey ? 1 : 3;
  const int stored = grey ? 1 : cmyk ? 4 : 3;
  image.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                      static_cast<std::size_t>(stored));
  const int format = grey ? TJPF_GRAY : cmyk ? TJPF_CMYK : TJPF_RGB;
  if (tjDecompress2(handle.get(), bytes.data(), size, image.pixels.data(), width, 0, height, format,
                    TJFLAG_ACCURATEDCT) != 0 &&
      !is_harmless(handle.get())) {
    return jpeg_error(name, handle.get());
  }
  if (cmyk) {
    std::vector<std::uint8_t> rgb;
    cmyk_to_rgb(image.pixels, rgb);
    image.pixels = std::move(rgb);
  }
  return image;
}

}  // namespace inknav::scene::internal

namespace inknav::scene {

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  INKNAV_CHECK(image.channels == 1 || image.channels == 3 || image.channels == 4, image.channels);
  INKNAV_CHECK(quality >= 1 && quality <= 100, quality);
  INKNAV_CHECK(image.width >= 1 && image.height >= 1 &&
                   image.pixels.size() == static_cast<std::size_t>(image.width) *
                                              static_cast<std::size_t>(image.height) *
                                              static_cast<std::size_t>(image.channels),
               image.width, image.height, image.pixels.size());
  const internal::Handle handle(tjInitCompress());
  INKNAV_CHECK(handle != nullptr);
  const int format = image.channels == 1 ? TJPF_GRAY : image.channels == 3 ? TJPF_RGB : TJPF_RGBX;
  const int subsampling = image.channels == 1 ? TJSAMP_GRAY : quality >= 90 ? TJSAMP_444 : TJSAMP_420;
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const int failed = tjCompress2(handle.get(), image.pixels.data(), image.width, 0, image.height, format,
                                 &data, &size, subsampling, quality, TJFLAG_ACCURATEDCT);
  INKNAV_CHECK(failed == 0, tjGetErrorStr2(handle.get()));
  std::vector<std::uint8_t> bytes(data, data + size);
  tjFree(data);
  return bytes;
}

}  // namespace inknav::scene
