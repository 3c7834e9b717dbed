// SPDX-License-Identifier: MIT
#include "render/picture_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/philox.h"
#include "render/clutter_scene.h"
#include "render/renderer_testing.h"

namespace inknav::render {
namespace {

using base::DevicePicture;
using base::PictureValue;

float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

/// Of the two neighbours of `value` in bf16 the nearer one, by distances in double precision.
std::uint16_t nearest_bf16(float value) {
  const auto below = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
  const auto above = static_cast<std::uint16_t>(below + 1);
  const double down = std::abs(double{value} - double{from_bf16(below)});
  const double up = std::abs(double{from_bf16(above)} - double{value});
  if (down == up) return below % 2 == 0 ? below : above;
  return down < up ? below : above;
}

TEST(PictureCode, Bf16IsTheNearestAndOfTwoTheEvenOne) {
  EXPECT_EQ(bf16_of(0.0f), 0);
  EXPECT_EQ(bf16_of(1.0f), 0x3F80);
  // bf16 keeps 7 bits of the fraction, so beside 1 its step is 2^-7.
  EXPECT_EQ(bf16_of(1.0f + std::ldexp(1.0f, -8)), 0x3F80) << "a tie, the even one is below";
  EXPECT_EQ(bf16_of(1.0f + 3.0f * std::ldexp(1.0f, -8)), 0x3F82) << "a tie, the even one is above";
  EXPECT_EQ(bf16_of(1.0f + std::ldexp(1.0f, -8) + std::ldexp(1.0f, -20)), 0x3F81);
  EXPECT_EQ(bf16_of(1.9999f), 0x4000) << "the exponent takes the carry";
  base::PhiloxStream stream({4, 0, 0, 0, base::Purpose::kTest});
  for (int i = 0; i < 20000; ++i) {
    const float value = stream.uniform() * std::ldexp(1.0f, stream.uniform_int(0, 20) - 10);
    ASSERT_EQ(bf16_of(value), nearest_bf16(value)) << value;
    ASSERT_EQ(bf16_of(-value), 0x8000 | nearest_bf16(value)) << value;
  }
}

TEST(PictureCode, DepthIsClippedAndScaledAsTheSensorDoes) {
  const DepthCoding parts = depth_coding(0.5f, 4.5f, true);
  EXPECT_EQ(coded_depth(parts, 0.0f), 0.0f);
  EXPECT_EQ(coded_depth(parts, 0.5f), 0.0f);
  EXPECT_EQ(coded_depth(parts, 1.5f), 0.25f);
  EXPECT_EQ(coded_depth(parts, 100.0f), 1.0f);
  const DepthCoding metres = depth_coding(0.5f, 4.5f, false);
  EXPECT_EQ(coded_depth(metres, 0.0f), 0.5f);
  EXPECT_EQ(coded_depth(metres, 1.75f), 1.75f);
  EXPECT_EQ(coded_depth(metres, 100.0f), 4.5f);
  base::PhiloxStream stream({5, 0, 0, 0, base::Purpose::kTest});
  for (int i = 0; i < 1000; ++i) {
    const float value = 1000.0f * stream.uniform();
    EXPECT_EQ(coded_depth({}, value), value) << "as it stands it changes nothing";
  }
}

TEST(PictureCode, ColoursAreBytesOrPartsOfOne) {
  std::vector<float> parts(4, -1.0f);
  write_colour({.data = parts.data(), .value = PictureValue::kF32}, 1, {255, 0, 51});
  EXPECT_EQ(parts, (std::vector<float>{-1.0f, 255 * (1.0f / 255.0f), 0.0f, 51 * (1.0f / 255.0f)}));
  std::vector<std::uint8_t> bytes(4, 7);
  write_colour({.data = bytes.data(), .value = PictureValue::kU8}, 1, {255, 0, 51});
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{7, 255, 0, 51}));
}

/// A renderer in a cluttered scene, and the host's images of its views.
class CpuPictures : public testing::TestWithParam<Backend> {
 protected:
  static constexpr int kWidth = 11, kHeight = 37, kViews = 3;
  static constexpr std::size_t kPixels = std::size_t{kWidth} * kHeight;

  CpuPictures() {
    renderer_ = std::move(make_renderer(GetParam(), {kWidth, kHeight, 90.0f}, pool_)).value();
    const ClutterSpec spec{5, 1, 400};
    const int slot = renderer_->add_scene(make_clutter_scene(spec)).value();
    base::PhiloxStream stream({6, 0, 0, 0, base::Purpose::kTest});
    for (int i = 0; i < kViews; ++i) views_.push_back({slot, random_clutter_pose(spec, stream)});
    depth_.resize(kViews * kPixels);
    rgb_.resize(3 * kViews * kPixels);
    EXPECT_TRUE(renderer_->render(views_, {depth_.data(), rgb_.data()}).ok());
    down_ = renderer_->counters().bytes_down;
  }
  std::int64_t bytes_down() const { return renderer_->counters().bytes_down - down_; }

  base::ThreadPool pool_{2};
  std::unique_ptr<Renderer> renderer_;
  std::vector<View> views_;
  std::vector<float> depth_;
  std::vector<std::uint8_t> rgb_;
  std::int64_t down_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Backends, CpuPictures,
                         testing::Values(Backend::kBundle, Backend::kWideBvh, Backend::kEmbree,
                                         Backend::kBruteForce),
                         backend_name);

TEST_P(CpuPictures, DepthIsCodedInTheLearnersTypeAndNothingComesDown) {
  const DepthCoding coding = depth_coding(0.3f, 3.0f, true);
  std::vector<float> wide(kViews * kPixels);
  std::vector<std::uint16_t> narrow(kViews * kPixels);
  for (const bool half : {false, true}) {
    const DevicePicture picture{.data = half ? static_cast<void*>(narrow.data()) : wide.data(),
                                .value = half ? PictureValue::kBf16 : PictureValue::kF32,
                                .image_stride = kPixels};
    ASSERT_TRUE(renderer_->writes_to(picture));
    ASSERT_TRUE(
        renderer_->render(views_, {.pictures = {.depth = picture, .rgb = {}, .coding = coding}}).ok());
  }
  int between = 0;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    ASSERT_EQ(wide[i], (std::clamp(depth_[i], 0.3f, 3.0f) - 0.3f) / (3.0f - 0.3f)) << i;
    ASSERT_EQ(narrow[i], nearest_bf16(wide[i])) << i;
    between += wide[i] > 0.0f && wide[i] < 1.0f ? 1 : 0;
  }
  EXPECT_GT(between, 100) << "the scene shows more than the ends of the range";
  EXPECT_EQ(bytes_down(), 0);
  EXPECT_FALSE(renderer_->writes_to({.data = wide.data(), .gpu = 0})) << "a GPU's memory is not the CPU's";
}

TEST_P(CpuPictures, OneTensorHoldsColourAndDepthAndOnlyTheRowsThatAreMeant) {
  // [5, H, W, 4] f32: colour, then depth; the views belong to rows 4, 0 and 2.
  const std::vector<std::uint32_t> rows{4, 0, 2};
  constexpr std::size_t kImage = 4 * kPixels;
  std::vector<float> tensor(5 * kImage, -1.0f);
  DevicePictures pictures;
  pictures.rgb = {.data = tensor.data(), .image_stride = kImage, .pixel_stride = 4};
  pictures.depth = {.data = tensor.data() + 3, .image_stride = kImage, .pixel_stride = 4};
  pictures.rows = rows;
  std::vector<float> host(depth_.size());
  ASSERT_TRUE(renderer_->render(views_, {host.data(), nullptr, pictures}).ok());
  EXPECT_EQ(host, depth_) << "the host's image beside it";
  EXPECT_EQ(bytes_down(), static_cast<std::int64_t>(depth_.size() * sizeof(float)));
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const float* out = tensor.data() + rows[k] * kImage;
    for (std::size_t p = 0; p < kPixels; ++p, out += 4) {
      const std::uint8_t* rgb = rgb_.data() + 3 * (k * kPixels + p);
      for (int c = 0; c < 3; ++c) ASSERT_EQ(out[c], static_cast<float>(rgb[c]) * (1.0f / 255.0f));
      ASSERT_EQ(out[3], depth_[k * kPixels + p]);
    }
  }
  for (const std::size_t row : {std::size_t{1}, std::size_t{3}}) {
    for (std::size_t i = 0; i < kImage; ++i) ASSERT_EQ(tensor[row * kImage + i], -1.0f);
  }
  std::vector<std::uint8_t> bytes(3 * kViews * kPixels);
  const DevicePicture colour{
      .data = bytes.data(), .value = PictureValue::kU8, .image_stride = 3 * kPixels, .pixel_stride = 3};
  ASSERT_TRUE(renderer_->render(views_, {.pictures = {.depth = {}, .rgb = colour, .coding = {}}}).ok());
  EXPECT_EQ(bytes, rgb_);
}

}  // namespace
}  // namespace inknav::render
