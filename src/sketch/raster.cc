// SPDX-License-Identifier: MIT
#include "sketch/raster.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "base/check.h"
#include "base/philox.h"
#include "sketch/ink.h"
#include "sketch/opencv_threads.h"

namespace inknav::sketch {
namespace {

// Layers of the random counter under Purpose::kPaper.
enum Layer : std::uint32_t {
  kLayerTooth = 0,
  kLayerFine = 1,
  kLayerCoarse = 2,
  kLayerPhoto = 3,
  kLayerNoise = 4
};

/// Uneven light of a photograph: a slope across the sheet, a soft blotch, darker corners.
void shade(const Drawing& drawing, cv::Mat& canvas) {
  const float strength = drawing.paper.shade;
  if (strength <= 0.0f) return;
  const int size = canvas.rows;
  base::PhiloxStream stream({drawing.seed, 0, 0, kLayerPhoto, base::Purpose::kPaper});
  const float angle = stream.uniform(-base::kPi, base::kPi);
  const float slope = stream.uniform(0.3f, 1.0f), corner = stream.uniform(0.0f, 0.5f);
  const std::array<float, 3> tint{1.0f, 1.0f - 0.06f * stream.uniform() * strength,
                                  1.0f - 0.16f * stream.uniform() * strength};
  const float level = 1.0f - 0.25f * strength * stream.uniform();
  const cv::Mat blotch = paper_noise(drawing.seed, kLayerPhoto + 100, size, 4);
  for (int y = 0; y < size; ++y) {
    auto* row = canvas.ptr<cv::Vec3f>(y);
    const auto* cloud = blotch.ptr<float>(y);
    const float v = (static_cast<float>(y) + 0.5f) / static_cast<float>(size) - 0.5f;
    for (int x = 0; x < size; ++x) {
      const float u = (static_cast<float>(x) + 0.5f) / static_cast<float>(size) - 0.5f;
      const float across = u * std::cos(angle) + v * std::sin(angle);
      const float dark =
          strength * (0.45f * slope * (0.5f + across) + corner * (u * u + v * v) + 0.15f * cloud[x]);
      const float light = level * std::max(0.2f, 1.0f - dark);
      for (int c = 0; c < 3; ++c) row[x][c] *= light * tint[static_cast<std::size_t>(c)];
    }
  }
}

void tilt(const Drawing& drawing, cv::Mat& canvas) {
  if (drawing.paper.perspective <= 0.0f) return;
  const auto size = static_cast<float>(canvas.rows);
  base::PhiloxStream stream({drawing.seed, 0, 1, kLayerPhoto, base::Purpose::kPaper});
  const std::array<cv::Point2f, 4> from{{{0, 0}, {size, 0}, {size, size}, {0, size}}};
  std::array<cv::Point2f, 4> to = from;
  for (std::size_t i = 0; i < 4; ++i) {  // every corner moves inwards, so nothing leaves the picture
    const float in_x = size * drawing.paper.perspective * stream.uniform();
    const float in_y = size * drawing.paper.perspective * stream.uniform();
    to[i].x += from[i].x == 0.0f ? in_x : -in_x;
    to[i].y += from[i].y == 0.0f ? in_y : -in_y;
  }
  cv::Mat warped;
  cv::warpPerspective(canvas, warped, cv::getPerspectiveTransform(from.data(), to.data()), canvas.size(),
                      cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(1, 1, 1));
  canvas = warped;
}

void add_grain(const Drawing& drawing, const cv::Mat& tooth, cv::Mat& canvas) {
  const float grain = drawing.paper.grain;
  if (grain <= 0.0f) return;
  const int size = canvas.rows;
  const cv::Mat cloud = paper_noise(drawing.seed, kLayerCoarse, size, 24);
  const cv::Mat fine = paper_noise(drawing.seed, kLayerFine, size, size);
  for (int y = 0; y < size; ++y) {
    auto* row = canvas.ptr<cv::Vec3f>(y);
    const auto* t = tooth.ptr<float>(y);
    const auto* c = cloud.ptr<float>(y);
    const auto* f = fine.ptr<float>(y);
    for (int x = 0; x < size; ++x) {
      const float dark = grain * (0.05f * (1.0f - t[x]) + 0.05f * (1.0f - c[x]) + 0.06f * (f[x] - 0.5f));
      row[x] *= 1.0f - dark;
    }
  }
}

}  // namespace

scene::Image rasterize(const Drawing& drawing, int size) {
  keep_opencv_on_this_thread();
  INKNAV_CHECK(size >= 1 && size <= 8192, size);
  cv::Mat canvas(size, size, CV_32FC3, cv::Scalar(1, 1, 1));
  const cv::Mat tooth = paper_noise(drawing.seed, kLayerTooth, size, std::max(size * 3 / 5, 1));
  lay_ink(drawing, tooth, canvas);
  add_grain(drawing, tooth, canvas);
  tilt(drawing, canvas);
  if (const double sigma = static_cast<double>(drawing.paper.blur) * size; sigma > 0.05) {
    cv::GaussianBlur(canvas, canvas, cv::Size(0, 0), sigma, sigma, cv::BORDER_REPLICATE);
  }
  shade(drawing, canvas);

  scene::Image image{
      size, size, 3,
      std::vector<std::uint8_t>(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3)};
  cv::Mat bytes(size, size, CV_8UC3, image.pixels.data());
  canvas.convertTo(bytes, CV_8UC3, 255.0);
  if (drawing.paper.jpeg_quality > 0) {
    auto again = scene::decode_image(scene::encode_jpeg(image, drawing.paper.jpeg_quality), "drawing", 3);
    INKNAV_CHECK(again.ok());
    image = std::move(*again);
  }
  return image;
}

scene::Image normalize_picture(const scene::Image& picture) {
  keep_opencv_on_this_thread();
  constexpr int kSide = 512;
  INKNAV_CHECK(picture.width >= 1 && picture.height >= 1, picture.width, picture.height);
  INKNAV_CHECK(picture.channels == 1 || picture.channels == 3 || picture.channels == 4, picture.channels);
  const int side = std::max(picture.width, picture.height);
  // Resized first, padded after: the same picture as the other order, without the memory of a huge square.
  const int width =
      std::max(1, static_cast<int>(std::lround(static_cast<double>(picture.width) * kSide / side)));
  const int height =
      std::max(1, static_cast<int>(std::lround(static_cast<double>(picture.height) * kSide / side)));
  const auto channels = static_cast<std::size_t>(picture.channels);
  const std::size_t count =
      static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
  cv::Mat rgb(picture.height, picture.width, CV_8UC3);
  auto* out = rgb.ptr<std::uint8_t>();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* p = &picture.pixels[i * channels];
    for (std::size_t c = 0; c < 3; ++c) {
      const int value = p[channels == 1 ? 0 : c];
      const int alpha = channels == 4 ? p[3] : 255;
      out[3 * i + c] = static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  cv::Mat small;
  const bool shrinks = side >= kSide;
  cv::resize(rgb, small, cv::Size(width, height), 0.0, 0.0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  scene::Image result{kSide, kSide, 3, std::vector<std::uint8_t>(std::size_t{3} * kSide * kSide, 255)};
  cv::Mat square(kSide, kSide, CV_8UC3, result.pixels.data());
  small.copyTo(square(cv::Rect((kSide - width) / 2, (kSide - height) / 2, width, height)));
  return result;
}

}  // namespace inknav::sketch
