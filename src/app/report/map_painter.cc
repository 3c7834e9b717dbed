// SPDX-License-Identifier: MIT
#include "app/report/map_painter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/check.h"
#include "sketch/surroundings.h"
#include "sketch/wall_map.h"

namespace inknav::app {
namespace {

using base::Vec2;

constexpr int kSubpixelBits = 4;  // OpenCV draws with 1/16 pixel
constexpr Color kFloorColor{238, 233, 222};
constexpr Color kWallColor{58, 54, 50};

cv::Mat as_mat(scene::Image& image) {
  return cv::Mat(image.height, image.width, CV_8UC3, image.pixels.data());
}

cv::Scalar as_scalar(const Color& color) { return cv::Scalar(color[0], color[1], color[2]); }

cv::Point as_point(const Vec2& pixel) {
  const auto scale = static_cast<float>(1 << kSubpixelBits);
  return {static_cast<int>(std::lround(pixel.x * scale)), static_cast<int>(std::lround(pixel.y * scale))};
}

Vec2 flat(const base::Vec3& p) { return {p.x, p.z}; }

}  // namespace

MapPainter::MapPainter(const scene::Scene& scene, const nav::NavMesh& mesh, float floor_y, int size,
                       std::span<const base::Vec3> focus) {
  INKNAV_CHECK(size >= 16, size);
  const std::vector<base::Vec3> floor = mesh.triangle_soup(-1);
  const sketch::WallMap walls = sketch::extract_walls(scene, floor_y, 0.05f);
  Vec2 low(std::numeric_limits<float>::infinity()), high(-std::numeric_limits<float>::infinity());
  const auto extend = [&](const Vec2& p) {
    low = glm::min(low, p);
    high = glm::max(high, p);
  };
  for (const base::Vec3& p : floor) extend(flat(p));
  for (const sketch::PlanSegment& wall : walls.walls) {
    extend(wall.a);
    extend(wall.b);
  }
  INKNAV_CHECK(low.x <= high.x);
  if (!focus.empty() && std::max(high.x - low.x, high.y - low.y) > sketch::kWholeSide) {
    low = high = flat(focus.front());
    for (const base::Vec3& p : focus) extend(flat(p));
    low -= sketch::kSurroundings;
    high += sketch::kSurroundings;
  }
  const float side = static_cast<float>(size);
  const float extent = std::max({high.x - low.x, high.y - low.y, 0.5f});
  pixels_per_metre_ = 0.92f * side / extent;
  origin_px_ = Vec2(0.5f * side) - 0.5f * pixels_per_metre_ * (low + high);

  background_ = {size, size, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * size * size), 255)};
  cv::Mat canvas = as_mat(background_);
  for (std::size_t i = 0; i + 2 < floor.size(); i += 3) {
    const cv::Point corners[3] = {as_point(to_pixel(flat(floor[i]))), as_point(to_pixel(flat(floor[i + 1]))),
                                  as_point(to_pixel(flat(floor[i + 2])))};
    cv::fillConvexPoly(canvas, corners, 3, as_scalar(kFloorColor), cv::LINE_8, kSubpixelBits);
  }
  const int thickness = std::max(2, static_cast<int>(std::lround(0.12f * pixels_per_metre_)));
  for (const sketch::PlanSegment& wall : walls.walls) {
    cv::line(canvas, as_point(to_pixel(wall.a)), as_point(to_pixel(wall.b)), as_scalar(kWallColor), thickness,
             cv::LINE_AA, kSubpixelBits);
  }
}

void MapPainter::line(scene::Image& image, std::span<const Vec2> world_xz, const Color& color,
                      float width_px) const {
  std::vector<cv::Point> points;
  for (const Vec2& p : world_xz) points.push_back(as_point(to_pixel(p)));
  cv::polylines(as_mat(image), points, false, as_scalar(color),
                std::max(1, static_cast<int>(std::lround(width_px))), cv::LINE_AA, kSubpixelBits);
}

void MapPainter::disc(scene::Image& image, const Vec2& world_xz, const Color& color, float radius_px) const {
  draw_disc(image, to_pixel(world_xz), color, radius_px);
}

void MapPainter::agent(scene::Image& image, const Vec2& world_xz, float yaw, const Color& color) const {
  draw_agent(image, to_pixel(world_xz), yaw, std::max(7.0f, 0.3f * pixels_per_metre_), color);
}

scene::Image side_by_side(std::span<const scene::Image> images, int gap) {
  INKNAV_CHECK(!images.empty());
  int width = gap * (static_cast<int>(images.size()) - 1);
  for (const scene::Image& image : images) {
    INKNAV_CHECK(image.channels == 3 && image.height == images[0].height, image.height, images[0].height);
    width += image.width;
  }
  const int height = images[0].height;
  scene::Image joined{width, height, 3,
                      std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), 255)};
  int left = 0;
  for (const scene::Image& image : images) {
    for (int y = 0; y < height; ++y) {
      const auto row = static_cast<std::size_t>(y);
      std::copy_n(
          image.pixels.begin() + static_cast<std::ptrdiff_t>(3 * row * static_cast<std::size_t>(image.width)),
          3 * image.width,
          joined.pixels.begin() + static_cast<std::ptrdiff_t>(3 * (row * static_cast<std::size_t>(width) +
                                                                   static_cast<std::size_t>(left))));
    }
    left += image.width + gap;
  }
  return joined;
}

scene::Image resized(const scene::Image& image, int width, int height) {
  INKNAV_CHECK(image.channels == 3 && width >= 1 && height >= 1, image.channels, width, height);
  scene::Image result{width, height, 3,
                      std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height))};
  scene::Image source = image;
  cv::Mat target = as_mat(result);
  const bool shrink = width < image.width;
  cv::resize(as_mat(source), target, target.size(), 0.0, 0.0, shrink ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

void draw_agent(scene::Image& image, const Vec2& pixel, float yaw, float size_px, const Color& color) {
  const Vec2 forward(-std::sin(yaw), -std::cos(yaw)), right(std::cos(yaw), -std::sin(yaw));
  const cv::Point corners[4] = {as_point(pixel + 1.3f * size_px * forward),
                                as_point(pixel - 0.8f * size_px * forward + 0.75f * size_px * right),
                                as_point(pixel - 0.35f * size_px * forward),
                                as_point(pixel - 0.8f * size_px * forward - 0.75f * size_px * right)};
  std::vector<std::vector<cv::Point>> shape{{corners, corners + 4}};
  cv::Mat canvas = as_mat(image);
  cv::fillPoly(canvas, shape, as_scalar(color), cv::LINE_AA, kSubpixelBits);
  cv::polylines(canvas, shape, true, cv::Scalar(255, 255, 255), 1, cv::LINE_AA, kSubpixelBits);
}

void draw_disc(scene::Image& image, const Vec2& pixel, const Color& color, float radius_px) {
  const int radius = static_cast<int>(std::lround(radius_px * static_cast<float>(1 << kSubpixelBits)));
  cv::Mat canvas = as_mat(image);
  cv::circle(canvas, as_point(pixel), radius, as_scalar(color), cv::FILLED, cv::LINE_AA, kSubpixelBits);
  cv::circle(canvas, as_point(pixel), radius, cv::Scalar(255, 255, 255), 1, cv::LINE_AA, kSubpixelBits);
}

}  // namespace inknav::app
