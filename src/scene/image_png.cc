// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "scene/image_codec.h"
#include "scene/limits.h"

namespace inknav::scene::internal {

base::Error image_error(std::string_view name, std::string_view what) {
  return {base::ErrorCode::kData, fmt::format("{}: {}", name, what)};
}

base::Status check_image_size(std::int64_t width, std::int64_t height, std::string_view name) {
  if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide ||
      width * height > kMaxImagePixels) {
    return image_error(name,
                       fmt::format("the picture is {} x {} pixels; 1 to {} a side and at most {} in all are "
                                   "read; scale it down",
                                   width, height, kMaxImageSide, kMaxImagePixels));
  }
  return base::ok_status();
}

namespace {

/// Everything libpng touches. It lives in a frame above setjmp, so that a jump out of libpng skips no
/// destructor and leaves no local variable undefined.
struct PngReader {
  std::span<const std::uint8_t> bytes;
  std::size_t position = 0;
  std::string_view name;
  Image image;
  std::vector<png_bytep> rows;
  base::Status size_status = base::ok_status();
  char message[200] = "";
  std::jmp_buf jump;
};

struct PngWriter {
  std::vector<std::uint8_t> bytes;
};

[[noreturn]] void on_read_error(png_structp png, png_const_charp message) {
  auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
  std::snprintf(reader->message, sizeof(reader->message), "%s", message);
  std::longjmp(reader->jump, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep out, std::size_t count) {
  auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
  if (count > reader->bytes.size() - reader->position) png_error(png, "the file ends too early");
  std::memcpy(out, reader->bytes.data() + reader->position, count);
  reader->position += count;
}

/// Texels as stored: no gamma, 16 bits cut to 8, palettes and transparency keys spelt out.
void set_transforms(png_structp png, png_infop info) {
  const int color = png_get_color_type(png, info);
  const bool transparent = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
  png_set_expand(png);
  png_set_scale_16(png);
  // Grey with alpha becomes RGBA: Image has no two-channel form.
  if (color == PNG_COLOR_TYPE_GRAY_ALPHA || (color == PNG_COLOR_TYPE_GRAY && transparent))
    png_set_gray_to_rgb(png);
}

/// Returns false after a jump out of libpng or a picture that is too large.
bool read_pixels(png_structp png, png_infop info, PngReader& reader) {
  if (setjmp(reader.jump) != 0) return false;
  png_set_read_fn(png, &reader, read_bytes);
  png_set_user_limits(png, 1'000'000,
                      1'000'000);  // a clearer message than libpng's comes from check_image_size
  png_set_chunk_malloc_max(png, 8'000'000);
  png_set_chunk_cache_max(png, 128);
  png_read_info(png, info);
  reader.size_status =
      check_image_size(png_get_image_width(png, info), png_get_image_height(png, info), reader.name);
  if (!reader.size_status.ok()) return false;
  set_transforms(png, info);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  Image& image = reader.image;
  image.width = static_cast<int>(png_get_image_width(png, info));
  image.height = static_cast<int>(png_get_image_height(png, info));
  image.channels = png_get_channels(png, info);
  const std::size_t stride = png_get_rowbytes(png, info);
  if (stride != static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels)) {
    png_error(png, "unexpected row length");
  }
  image.pixels.resize(stride * static_cast<std::size_t>(image.height));
  reader.rows.resize(static_cast<std::size_t>(image.height));
  for (std::size_t y = 0; y < reader.rows.size(); ++y) reader.rows[y] = image.pixels.data() + y * stride;
  png_read_image(png, reader.rows.data());
  png_read_end(png, nullptr);
  return true;
}

[[noreturn]] void on_write_error(png_structp, png_const_charp message) {
  INKNAV_CHECK(false, message);
  std::abort();
}

void write_bytes(png_structp png, png_bytep data, std::size_t count) {
  auto* writer = static_cast<PngWriter*>(png_get_io_ptr(png));
  writer->bytes.insert(writer->bytes.end(), data, data + count);
}

}  // namespace

bool is_png(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 8 && png_sig_cmp(bytes.data(), 0, 8) == 0;
}

base::Result<Image> decode_png(std::span<const std::uint8_t> bytes, std::string_view name) {
  PngReader reader;
  reader.bytes = bytes;
  reader.name = name;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_read_error, ignore_warning);
  INKNAV_CHECK(png != nullptr);
  png_infop info = png_create_info_struct(png);
  INKNAV_CHECK(info != nullptr);
  const bool complete = read_pixels(png, info, reader);
  png_destroy_read_struct(&png, &info, nullptr);
  INKNAV_RETURN_IF_ERROR(reader.size_status);
  if (!complete) {
    return image_error(name,
                       fmt::format("a whole PNG picture is wanted, the decoder says \"{}\"; the file is "
                                   "damaged or cut off",
                                   reader.message));
  }
  return std::move(reader.image);
}

}  // namespace inknav::scene::internal

namespace inknav::scene {

std::vector<std::uint8_t> encode_png(const Image& image, int compression) {
  INKNAV_CHECK(compression >= 1 && compression <= 9, compression);
  INKNAV_CHECK(image.channels == 1 || image.channels == 3 || image.channels == 4, image.channels);
  const std::size_t stride = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  INKNAV_CHECK(image.width >= 1 && image.height >= 1 &&
                   image.pixels.size() == stride * static_cast<std::size_t>(image.height),
               image.width, image.height, image.pixels.size());
  internal::PngWriter writer;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, internal::on_write_error,
                                            internal::ignore_warning);
  INKNAV_CHECK(png != nullptr);
  png_infop info = png_create_info_struct(png);
  INKNAV_CHECK(info != nullptr);
  png_set_write_fn(png, &writer, internal::write_bytes, nullptr);
  const int color = image.channels == 1   ? PNG_COLOR_TYPE_GRAY
                    : image.channels == 3 ? PNG_COLOR_TYPE_RGB
                                          : PNG_COLOR_TYPE_RGBA;
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
               color, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, compression);
  if (compression == 1) png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_write_info(png, info);
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    png_write_row(png, image.pixels.data() + y * stride);
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return std::move(writer.bytes);
}

}  // namespace inknav::scene
