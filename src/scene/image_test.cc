// SPDX-License-Identifier: MIT
#include "scene/image.h"

#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <string>

#include "base/philox.h"
#include "scene/scene_testing.h"

namespace inknav::scene {
namespace {

Image random_image(int width, int height, int channels) {
  Image image;
  image.width = width;
  image.height = height;
  image.channels = channels;
  base::PhiloxStream random({.seed = 5, .step = static_cast<std::uint32_t>(channels)});
  image.pixels.resize(static_cast<std::size_t>(width * height * channels));
  for (auto& byte : image.pixels) byte = static_cast<std::uint8_t>(random.uniform_int(256u));
  return image;
}

/// A smooth picture, which JPEG keeps within a few grey levels.
Image smooth_image(int width, int height, int channels) {
  Image image = random_image(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        image.pixels[static_cast<std::size_t>((y * width + x) * channels + c)] =
            static_cast<std::uint8_t>(40 + 2 * x + y + 20 * c);
      }
    }
  }
  return image;
}

struct PngSpec {
  int color_type = PNG_COLOR_TYPE_RGB;
  int depth = 8;
  bool interlaced = false;
};

void append_bytes(png_structp png, png_bytep data, std::size_t count) {
  auto* out = static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(png));
  out->insert(out->end(), data, data + count);
}

/// `rows` are in the file's own format.
std::vector<std::uint8_t> make_png(const PngSpec& spec, int width, int height,
                                   std::vector<std::vector<std::uint8_t>> rows) {
  std::vector<std::uint8_t> bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &bytes, append_bytes, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), spec.depth,
               spec.color_type, spec.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
  png_color palette[4] = {{10, 20, 30}, {40, 50, 60}, {70, 80, 90}, {255, 0, 255}};
  png_byte alpha[2] = {255, 128};
  if (spec.color_type == PNG_COLOR_TYPE_PALETTE) {
    png_set_PLTE(png, info, palette, 4);
    png_set_tRNS(png, info, alpha, 2, nullptr);
  }
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  for (auto& row : rows) pointers.push_back(row.data());
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

TEST(Image, PngRoundTripIsExact) {
  for (const int channels : {1, 3, 4}) {
    const Image image = random_image(13, 7, channels);
    const auto read = decode_image(encode_png(image), "test", 0);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->channels, channels);
    EXPECT_EQ(read->pixels, image.pixels);
  }
}

TEST(Image, PngKindsAreSpeltOut) {
  // 16 bits: the high byte counts (rounded).
  auto read = decode_image(make_png({PNG_COLOR_TYPE_GRAY, 16}, 2, 1, {{0x80, 0x00, 0xFF, 0xFF}}), "t", 0);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->channels, 1);
  EXPECT_EQ(read->pixels, (std::vector<std::uint8_t>{128, 255}));
  // One bit grey.
  read = decode_image(make_png({PNG_COLOR_TYPE_GRAY, 1}, 4, 1, {{0b10100000}}), "t", 0);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->pixels, (std::vector<std::uint8_t>{255, 0, 255, 0}));
  // Palette of two bits with transparency.
  read = decode_image(make_png({PNG_COLOR_TYPE_PALETTE, 2}, 4, 1, {{0b00011011}}), "t", 0);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->channels, 4);
  EXPECT_EQ(read->pixels,
            (std::vector<std::uint8_t>{10, 20, 30, 255, 40, 50, 60, 128, 70, 80, 90, 255, 255, 0, 255, 255}));
  // Grey with alpha has no form of its own here.
  read = decode_image(make_png({PNG_COLOR_TYPE_GRAY_ALPHA, 8}, 1, 1, {{77, 99}}), "t", 0);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->pixels, (std::vector<std::uint8_t>{77, 77, 77, 99}));
  // Interlaced.
  const Image image = random_image(9, 10, 3);
  std::vector<std::vector<std::uint8_t>> rows;
  for (int y = 0; y < 10; ++y)
    rows.emplace_back(image.pixels.begin() + 27 * y, image.pixels.begin() + 27 * (y + 1));
  read = decode_image(make_png({PNG_COLOR_TYPE_RGB, 8, true}, 9, 10, rows), "t", 0);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->pixels, image.pixels);
}

TEST(Image, JpegKeepsSmoothPicturesAndTheOrderOfChannels) {
  for (const int channels : {1, 3}) {
    const Image image = smooth_image(40, 30, channels);
    const auto read = decode_image(encode_jpeg(image, 95), "test", 0);
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_EQ(read->channels, channels);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) EXPECT_NEAR(read->pixels[i], image.pixels[i], 6);
  }
}

TEST(Image, CmykJpegBecomesRgb) {
  std::vector<std::uint8_t> cmyk;
  for (int i = 0; i < 16 * 16; ++i) cmyk.insert(cmyk.end(), {200, 100, 50, 255});  // inverted: 255 is no ink
  tjhandle handle = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  ASSERT_EQ(tjCompress2(handle, cmyk.data(), 16, 0, 16, TJPF_CMYK, &data, &size, TJSAMP_444, 95, 0), 0);
  const std::vector<std::uint8_t> bytes(data, data + size);
  tjFree(data);
  tjDestroy(handle);
  const auto read = decode_image(bytes, "test", 0);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->channels, 3);
  EXPECT_NEAR(read->pixels[0], 200, 4);
  EXPECT_NEAR(read->pixels[1], 100, 4);
  EXPECT_NEAR(read->pixels[2], 50, 4);
}

TEST(Image, ChannelsAreConvertedAndAlphaGoesOverWhite) {
  Image image;
  image.width = 2;
  image.height = 1;
  image.channels = 4;
  image.pixels = {100, 0, 0, 255, 0, 0, 0, 0};
  const auto png = encode_png(image);
  EXPECT_EQ(decode_image(png, "t", 3)->pixels, (std::vector<std::uint8_t>{100, 0, 0, 255, 255, 255}));
  EXPECT_EQ(decode_image(png, "t", 1)->pixels, (std::vector<std::uint8_t>{30, 255}));
  image.channels = 1;
  image.pixels = {7, 8};
  EXPECT_EQ(decode_image(encode_png(image), "t", 4)->pixels,
            (std::vector<std::uint8_t>{7, 7, 7, 255, 8, 8, 8, 255}));
}

/// A JPEG file with an EXIF block that holds nothing but the orientation.
std::vector<std::uint8_t> with_orientation(const std::vector<std::uint8_t>& jpeg, std::uint8_t orientation,
                                           bool big) {
  std::vector<std::uint8_t> out = {0xFF, 0xD8, 0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0};
  const std::vector<std::uint8_t> little = {'I', 'I', 42, 0, 8, 0,           0, 0, 1, 0, 0x12, 0x01, 3,
                                            0,   1,   0,  0, 0, orientation, 0, 0, 0, 0, 0,    0,    0};
  const std::vector<std::uint8_t> large = {'M', 'M', 0, 42, 0, 0, 0,           8, 0, 1, 0x01, 0x12, 0,
                                           3,   0,   0, 0,  1, 0, orientation, 0, 0, 0, 0,    0,    0};
  testing::append(out, big ? large : little);
  testing::append(out, std::vector<std::uint8_t>(jpeg.begin() + 2, jpeg.end()));
  return out;
}

TEST(Image, PhotosAreTurnedUpright) {
  // Seen upright: dark on the left, a bright strip on top. What a camera stores for each orientation is made
  // by hand: (stored column, stored row) -> (seen column, seen row).
  const int width = 32;
  const int height = 16;
  const auto seen = [&](int x, int y) { return y < 4 ? 250 : 20 + 4 * x; };
  const testing::TemporaryFolder folder;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Image stored;
    const bool swaps = orientation >= 5;
    stored.width = swaps ? height : width;
    stored.height = swaps ? width : height;
    stored.channels = 1;
    for (int row = 0; row < stored.height; ++row) {
      for (int column = 0; column < stored.width; ++column) {
        int x = column;
        int y = row;
        if (orientation == 2) x = width - 1 - column;
        if (orientation == 3) x = width - 1 - column, y = height - 1 - row;
        if (orientation == 4) y = height - 1 - row;
        if (orientation == 5) x = row, y = column;
        if (orientation == 6) x = width - 1 - row, y = column;
        if (orientation == 7) x = width - 1 - row, y = height - 1 - column;
        if (orientation == 8) x = row, y = height - 1 - column;
        stored.pixels.push_back(static_cast<std::uint8_t>(seen(x, y)));
      }
    }
    const auto bytes = with_orientation(encode_jpeg(stored, 95), static_cast<std::uint8_t>(orientation),
                                        orientation % 2 == 0);
    testing::write_bytes(folder / "photo.jpg", bytes);
    const auto read = load_image(folder / "photo.jpg", 1);
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_EQ(read->width, width) << orientation;
    for (int y = 0; y < height; y += 7) {
      for (int x = 3; x < width; x += 7) {
        EXPECT_NEAR(read->pixels[static_cast<std::size_t>(y * width + x)], seen(x, y), 14) << orientation;
      }
    }
    EXPECT_EQ(decode_image(bytes, "t", 1)->width, stored.width);
  }
}

/// Checksum of the header chunk of a PNG file (CRC-32 of its type and content).
std::uint32_t png_crc(const std::vector<std::uint8_t>& png) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= png[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

void expect_refused(const std::vector<std::uint8_t>& bytes, const char* words) {
  const auto read = decode_image(bytes, "picture.png", 3);
  ASSERT_FALSE(read.ok()) << words;
  EXPECT_EQ(read.error().code, base::ErrorCode::kData);
  EXPECT_NE(read.error().message.find(words), std::string::npos) << read.error().message;
  EXPECT_NE(read.error().message.find("picture.png"), std::string::npos);
}

TEST(Image, FaultsAreNamed) {
  expect_refused({}, "empty");
  expect_refused({'G', 'I', 'F', '8'}, "PNG or JPEG");
  auto png = encode_png(random_image(20, 20, 3));
  auto cut = png;
  cut.resize(cut.size() / 2);
  expect_refused(cut, "too early");
  auto jpeg = encode_jpeg(smooth_image(64, 64, 3), 90);
  jpeg.resize(jpeg.size() / 2);
  expect_refused(jpeg, "cut off");
  // A header of 100,000 x 100,000 pixels with a correct checksum.
  const std::uint8_t huge[8] = {0x00, 0x01, 0x86, 0xA0, 0x00, 0x01, 0x86, 0xA0};
  std::copy(huge, huge + 8, png.begin() + 16);
  const auto crc = png_crc(png);
  for (std::size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  expect_refused(png, "100000 x 100000");
}

}  // namespace
}  // namespace inknav::scene
