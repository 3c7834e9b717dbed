// SPDX-License-Identifier: MIT
#include "sketch/plan_picture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <opencv2/imgproc.hpp>

#include "base/check.h"
#include "sketch/opencv_threads.h"

namespace inknav::sketch {
namespace {

constexpr int kShift = 4;  // sub-pixel bits of OpenCV's drawing
constexpr float kMargin = 0.03f;

cv::Point fixed(const base::Vec2& p) {
  // A scene may be far larger than the picture; OpenCV clips what fits into its integers.
  const base::Vec2 q = glm::clamp(p, base::Vec2(-1e5f), base::Vec2(1e5f)) * static_cast<float>(1 << kShift);
  return {static_cast<int>(std::lround(q.x)), static_cast<int>(std::lround(q.y))};
}

cv::Scalar scalar(const Rgb& color) { return cv::Scalar(color[0], color[1], color[2]); }

cv::Mat view(scene::Image& image) { return cv::Mat(image.height, image.width, CV_8UC3, image.pixels.data()); }

int thickness(float width_px) { return std::max(1, static_cast<int>(std::lround(width_px))); }

}  // namespace

PlanFrame make_plan_frame(const base::Aabb& bounds, int size) {
  INKNAV_CHECK(!bounds.empty() && size >= 1, size);
  PlanFrame frame;
  frame.middle = 0.5f * base::Vec2(bounds.min.x + bounds.max.x, bounds.min.z + bounds.max.z);
  frame.side = std::max({bounds.size().x, bounds.size().z, 0.1f}) * (1.0f + 2.0f * kMargin);
  frame.size = size;
  return frame;
}

PlanPicture::PlanPicture(const PlanFrame& frame, Rgb paper)
    : frame_(frame),
      image_{frame.size, frame.size, 3,
             std::vector<std::uint8_t>(static_cast<std::size_t>(frame.size) *
                                       static_cast<std::size_t>(frame.size) * 3)} {
  keep_opencv_on_this_thread();
  view(image_).setTo(scalar(paper));
}

PlanPicture::PlanPicture(const PlanFrame& frame, const scene::Image& background)
    : frame_(frame), image_(background) {
  keep_opencv_on_this_thread();
  INKNAV_CHECK(background.width == frame.size && background.height == frame.size && background.channels == 3);
}

void PlanPicture::triangles(std::span<const base::Vec3> soup, Rgb color) {
  cv::Mat canvas = view(image_);
  for (std::size_t i = 0; i + 2 < soup.size(); i += 3) {
    const std::array<cv::Point, 3> corners{fixed(frame_.to_pixels(soup[i])),
                                           fixed(frame_.to_pixels(soup[i + 1])),
                                           fixed(frame_.to_pixels(soup[i + 2]))};
    cv::fillConvexPoly(canvas, corners.data(), 3, scalar(color), cv::LINE_8, kShift);
  }
}

void PlanPicture::walls(const WallMap& map) {
  cv::Mat canvas = view(image_);
  const float width = std::max(1.0f, static_cast<float>(frame_.size) / 220.0f);
  const auto at = [this](const base::Vec2& p) { return fixed(frame_.to_pixels({p.x, 0.0f, p.y})); };
  for (const PlanSegment& door : map.doors) {
    cv::line(canvas, at(door.a), at(door.b), cv::Scalar(60, 170, 90), thickness(0.7f * width), cv::LINE_AA,
             kShift);
  }
  for (const PlanSegment& wall : map.walls) {
    cv::line(canvas, at(wall.a), at(wall.b), cv::Scalar(20, 20, 24), thickness(width), cv::LINE_AA, kShift);
  }
}

void PlanPicture::route(std::span<const base::Vec3> points, Rgb color, float width_px) {
  cv::Mat canvas = view(image_);
  for (std::size_t i = 1; i < points.size(); ++i) {
    cv::line(canvas, fixed(frame_.to_pixels(points[i - 1])), fixed(frame_.to_pixels(points[i])),
             scalar(color), thickness(width_px), cv::LINE_AA, kShift);
  }
}

void PlanPicture::start(const base::Pose& pose) {
  cv::Mat canvas = view(image_);
  const float length = static_cast<float>(frame_.size) / 32.0f;
  const base::Vec3 ahead = base::forward_from_yaw(base::yaw_from_rotation(pose.rotation));
  const base::Vec2 middle = frame_.to_pixels(pose.position), forward(ahead.x, ahead.z),
                   side(-forward.y, forward.x);
  const std::array<cv::Point, 3> wedge{fixed(middle + length * forward),
                                       fixed(middle - 0.7f * length * forward + 0.6f * length * side),
                                       fixed(middle - 0.7f * length * forward - 0.6f * length * side)};
  cv::fillConvexPoly(canvas, wedge.data(), 3, cv::Scalar(30, 70, 220), cv::LINE_AA, kShift);
}

void PlanPicture::goal(const base::Vec3& position) {
  cv::Mat canvas = view(image_);
  const int radius = std::max(3, frame_.size / 48);
  cv::circle(canvas, fixed(frame_.to_pixels(position)), radius << kShift, cv::Scalar(140, 40, 180),
             std::max(2, frame_.size / 170), cv::LINE_AA, kShift);
}

scene::Image side_by_side(std::span<const scene::Image> pictures, int gap) {
  INKNAV_CHECK(!pictures.empty() && gap >= 0, gap);
  int width = -gap;
  for (const scene::Image& picture : pictures) {
    INKNAV_CHECK(picture.channels == 3 && picture.height == pictures.front().height, picture.channels,
                 picture.height);
    width += picture.width + gap;
  }
  const int height = pictures.front().height;
  scene::Image row{
      width, height, 3,
      std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, 255)};
  std::size_t left = 0;
  for (const scene::Image& picture : pictures) {
    const std::size_t bytes = static_cast<std::size_t>(picture.width) * 3;
    for (int y = 0; y < height; ++y) {
      const auto line = static_cast<std::size_t>(y);
      std::copy_n(picture.pixels.begin() + static_cast<std::ptrdiff_t>(line * bytes), bytes,
                  row.pixels.begin() +
                      static_cast<std::ptrdiff_t>((line * static_cast<std::size_t>(width) + left) * 3));
    }
    left += static_cast<std::size_t>(picture.width + gap);
  }
  return row;
}

}  // namespace inknav::sketch
