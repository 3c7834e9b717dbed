// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/check.h"
#include "sketch/opencv_threads.h"
#include "sketch/read_internal.h"

namespace inknav::sketch {
namespace internal {

namespace {

constexpr int kBlock = 16;         // pixels; the paper's brightness is taken from blocks of this size
constexpr int kBlended = 2;        // rows in which resizing may have mixed white and paper
constexpr int kEdge = 3 * kBlock;  // rows beside white in which paper is sought: a stroke may lie along them
constexpr float kDarkestPaper = 0.12f;  // below this a block is ink or night, not paper
constexpr float kInkFrom = 0.10f;       // darkening at which paper ends ...
constexpr float kInkFull = 0.40f;       // ... and full ink begins
constexpr float kColourFrom = 0.28f;  // share of colour in the darkening at which ink stops being a wall ...
constexpr float kColourFull = 0.45f;  // ... and is surely coloured

float ramp(float x, float low, float high) { return std::clamp((x - low) / (high - low), 0.0f, 1.0f); }

/// What a fifth of a block's pixels reach, in each colour: its paper, with some ink on it.
cv::Vec3f bright_level(const cv::Mat& block) {
  cv::Vec3f bright;
  const int enough = block.rows * block.cols / 5;
  for (int c = 0; c < 3; ++c) {
    std::array<int, 256> histogram{};
    for (int y = 0; y < block.rows; ++y) {
      const auto* row = block.ptr<cv::Vec3b>(y);
      for (int x = 0; x < block.cols; ++x) ++histogram[row[x][c]];
    }
    int above = 0, level = 255;
    while (level > 0 && (above += histogram[static_cast<std::size_t>(level)]) < enough) --level;
    bright[c] = static_cast<float>(level) / 255.0f;
  }
  return bright;
}

bool is_white(const std::uint8_t* rgb) { return rgb[0] == 255 && rgb[1] == 255 && rgb[2] == 255; }

int white_pixels(const cv::Mat& rgb, int y) {
  int count = 0;
  for (int x = 0; x < rgb.cols; ++x) count += is_white(rgb.ptr<std::uint8_t>(y, x)) ? 1 : 0;
  return count;
}

/// Rows of pure white at the top.
int white_rows(const cv::Mat& rgb) {
  int rows = 0;
  while (rows < rgb.rows && white_pixels(rgb, rows) == rgb.cols) ++rows;
  return rows;
}

/// Whether there is pure white beside what the row shows: then white is the paper and was not added to it.
bool is_partly_white(const cv::Mat& rgb, int y) { return 8 * white_pixels(rgb, y) > rgb.cols; }

/// Gives rows of pure white at the top the colour of the paper below them, place by place.
void continue_paper_upwards(cv::Mat& rgb) {
  const int rows = white_rows(rgb);
  if (rows == 0 || rows > rgb.rows - kEdge || is_partly_white(rgb, rows + kBlended)) return;
  const int blocks = rgb.cols / kBlock;
  cv::Mat edge(1, blocks, CV_32FC3), row;
  for (int b = 0; b < blocks; ++b)
    edge.at<cv::Vec3f>(0, b) = 255.0f * bright_level(rgb(cv::Rect(b * kBlock, rows, kBlock, kEdge)));
  cv::resize(edge, row, cv::Size(rgb.cols, 1), 0.0, 0.0, cv::INTER_LINEAR);
  row.convertTo(row, CV_8UC3);
  for (int y = 0; y < rows; ++y) row.copyTo(rgb.row(y));
}

/// A photograph that is not square was padded with white, and beside white its grey paper would be ink.
void continue_paper(cv::Mat& rgb) {
  for (int side = 0; side < 4; ++side) {
    continue_paper_upwards(rgb);
    cv::rotate(rgb, rgb, cv::ROTATE_90_CLOCKWISE);
  }
}

/// The paper's colour at every pixel: bright values of blocks, spread over the ink, smoothed.
cv::Mat paper_colour(const cv::Mat& rgb) {
  const int blocks = kPictureSide / kBlock;
  cv::Mat coarse(blocks, blocks, CV_32FC3);
  for (int by = 0; by < blocks; ++by) {
    for (int bx = 0; bx < blocks; ++bx) {
      coarse.at<cv::Vec3f>(by, bx) = bright_level(rgb(cv::Rect(bx * kBlock, by * kBlock, kBlock, kBlock)));
    }
  }
  cv::dilate(coarse, coarse, cv::getStructuringElement(cv::MORPH_RECT, cv::Size(3, 3)));
  cv::GaussianBlur(coarse, coarse, cv::Size(5, 5), 0.0, 0.0, cv::BORDER_REPLICATE);
  cv::Mat full;
  cv::resize(coarse, full, rgb.size(), 0.0, 0.0, cv::INTER_LINEAR);
  return full;
}

/// Membership of a hue (degrees) in red, blue, purple; the bands meet at 20 and 335, 250 and 262 degrees.
std::array<float, 3> hue_class(float hue) {
  const float around_red = hue > 180.0f ? hue - 360.0f : hue;
  const float red = std::min(ramp(around_red, -42.0f, -30.0f), 1.0f - ramp(around_red, 35.0f, 50.0f));
  const float blue = std::min(ramp(hue, 165.0f, 185.0f), 1.0f - ramp(hue, 248.0f, 262.0f));
  const float purple = std::min(ramp(hue, 248.0f, 262.0f), 1.0f - ramp(hue, 318.0f, 330.0f));
  return {std::max(red, 0.0f), std::max(blue, 0.0f), std::max(purple, 0.0f)};
}

}  // namespace

std::array<cv::Mat, ReadPlanes::kNumPlanes> separate_inks(const cv::Mat& picture) {
  cv::Mat rgb = picture.clone();
  continue_paper(rgb);
  std::array<cv::Mat, ReadPlanes::kNumPlanes> planes;
  for (cv::Mat& plane : planes) plane = cv::Mat::zeros(rgb.size(), CV_32F);
  const cv::Mat paper = paper_colour(rgb);
  for (int y = 0; y < rgb.rows; ++y) {
    const auto* p = rgb.ptr<cv::Vec3b>(y);
    const auto* white = paper.ptr<cv::Vec3f>(y);
    for (int x = 0; x < rgb.cols; ++x) {
      std::array<float, 3> ratio{};
      for (int c = 0; c < 3; ++c) {
        const float light = std::max(white[x][c], kDarkestPaper);
        ratio[static_cast<std::size_t>(c)] = std::min(static_cast<float>(p[x][c]) / 255.0f / light, 1.0f);
      }
      const auto [low, high] = std::minmax({ratio[0], ratio[1], ratio[2]});
      const float darkening = 1.0f - low;
      if (darkening <= kInkFrom) continue;
      const float ink = ramp(darkening, kInkFrom, kInkFull);
      const float chroma = high - low;
      const float colour = ramp(chroma / darkening, kColourFrom, kColourFull);
      float hue = 0.0f;
      if (chroma > 1e-6f) {
        if (high == ratio[0]) {
          hue = 60.0f * (ratio[1] - ratio[2]) / chroma;
        } else if (high == ratio[1]) {
          hue = 120.0f + 60.0f * (ratio[2] - ratio[0]) / chroma;
        } else {
          hue = 240.0f + 60.0f * (ratio[0] - ratio[1]) / chroma;
        }
        if (hue < 0.0f) hue += 360.0f;
      }
      const std::array<float, 3> share = hue_class(hue);
      const float coloured = std::min(1.0f, share[0] + share[1] + share[2]);
      // Ink of any other colour (a green pen) is wall.
      planes[0].at<float>(y, x) = ink * (1.0f - colour * coloured);
      for (std::size_t k = 0; k < 3; ++k) planes[k + 1].at<float>(y, x) = ink * colour * share[k];
    }
  }
  return planes;
}

}  // namespace internal

ReadPlanes read_picture(const scene::Image& normalized_512, int size) {
  keep_opencv_on_this_thread();
  using internal::kPictureSide;
  INKNAV_CHECK(normalized_512.width == kPictureSide && normalized_512.height == kPictureSide &&
                   normalized_512.channels == 3,
               normalized_512.width, normalized_512.height, normalized_512.channels);
  INKNAV_CHECK(size >= 1 && size <= kPictureSide, size);
  cv::Mat rgb(kPictureSide, kPictureSide, CV_8UC3);
  std::copy(normalized_512.pixels.begin(), normalized_512.pixels.end(), rgb.ptr<std::uint8_t>());
  std::array<cv::Mat, ReadPlanes::kNumPlanes> planes = internal::separate_inks(rgb);

  ReadPlanes result;
  result.size = size;
  const internal::FoundMark start = internal::find_mark(planes[2]);
  const internal::FoundMark goal = internal::find_mark(planes[3]);
  result.start = start.mark;
  result.goal = goal.mark;
  result.start_marks = start.pieces;
  result.goal_marks = goal.pieces;
  result.route = internal::trace_route(planes, result.start, result.goal);
  if (result.route.empty() && result.start.present && result.goal.present) {
    result.route = internal::plan_route(planes[0], result.start, result.goal);
    result.route_planned = true;
    internal::draw_line(result.route, planes[1]);
  }
  internal::settle_heading(start, result.route, result.start);

  const std::size_t plane_size = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  result.planes.resize(ReadPlanes::kNumPlanes * plane_size);
  for (std::size_t k = 0; k < planes.size(); ++k) {
    cv::Mat small;
    cv::resize(planes[k], small, cv::Size(size, size), 0.0, 0.0, cv::INTER_AREA);
    cv::Mat bytes(size, size, CV_8U, &result.planes[k * plane_size]);
    small.convertTo(bytes, CV_8U, 255.0);
  }
  return result;
}

}  // namespace inknav::sketch
