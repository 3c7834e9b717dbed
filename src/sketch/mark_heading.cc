// SPDX-License-Identifier: MIT
#include "sketch/mark_heading.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "sketch/marks.h"

namespace inknav::sketch::internal {
namespace {

constexpr int kSide = 24;       // of a template, pixels
constexpr double kReach = 2.4;  // half its side, in RMS radii of the mark
constexpr int kAngles = 72;
constexpr double kPi = 3.14159265358979323846;

using Patch = std::array<float, kSide * kSide>;

/// Zero mean, unit length.
void normalise(Patch& patch) {
  float mean = 0.0f, square = 0.0f;
  for (const float v : patch) mean += v / static_cast<float>(patch.size());
  for (float& v : patch) {
    v -= mean;
    square += v * v;
  }
  const float factor = square > 0.0f ? 1.0f / std::sqrt(square) : 0.0f;
  for (float& v : patch) v *= factor;
}

/// The plane around `middle`, turned so that direction `angle` (of x to the right, y down) points to +x of
/// the patch.
Patch cut(const cv::Mat& ink, const cv::Point2d& middle, double radius, double angle) {
  Patch patch{};
  const double scale = 2.0 * kReach * radius / kSide;
  const double c = scale * std::cos(angle), s = scale * std::sin(angle);
  for (int j = 0; j < kSide; ++j) {
    for (int i = 0; i < kSide; ++i) {
      const double x = i + 0.5 - 0.5 * kSide, y = j + 0.5 - 0.5 * kSide;
      const double u = middle.x + c * x - s * y - 0.5, v = middle.y + s * x + c * y - 0.5;
      const int u0 = static_cast<int>(std::floor(u)), v0 = static_cast<int>(std::floor(v));
      if (u0 < 0 || v0 < 0 || u0 + 1 >= ink.cols || v0 + 1 >= ink.rows) continue;
      const auto fu = static_cast<float>(u - u0), fv = static_cast<float>(v - v0);
      const float* row = ink.ptr<float>(v0) + u0;
      const float* next = ink.ptr<float>(v0 + 1) + u0;
      patch[static_cast<std::size_t>(j * kSide + i)] =
          (1.0f - fv) * ((1.0f - fu) * row[0] + fu * row[1]) + fv * ((1.0f - fu) * next[0] + fu * next[1]);
    }
  }
  return patch;
}

/// Middle and RMS radius of the ink.
std::pair<cv::Point2d, double> moments(const cv::Mat& ink) {
  double sum = 0.0, square = 0.0;
  cv::Point2d middle(0.0, 0.0);
  for (int y = 0; y < ink.rows; ++y) {
    for (int x = 0; x < ink.cols; ++x) {
      const auto w = static_cast<double>(ink.at<float>(y, x));
      sum += w;
      middle += w * cv::Point2d(x + 0.5, y + 0.5);
    }
  }
  middle *= 1.0 / sum;
  for (int y = 0; y < ink.rows; ++y) {
    for (int x = 0; x < ink.cols; ++x) {
      const cv::Point2d d = cv::Point2d(x + 0.5, y + 0.5) - middle;
      square += static_cast<double>(ink.at<float>(y, x)) * d.dot(d);
    }
  }
  return {middle, std::sqrt(square / sum)};
}

std::vector<Patch> make_templates() {
  struct Shape {
    StartGlyph glyph;
    double open, back;
  };
  const Shape shapes[] = {{StartGlyph::kArrow, 0.0, 0.35},        {StartGlyph::kArrow, 0.0, 0.55},
                          {StartGlyph::kWedge, 0.65, 0.0},        {StartGlyph::kOutlineWedge, 0.65, 0.0},
                          {StartGlyph::kOutlineWedge, 0.55, 0.0}, {StartGlyph::kChevron, 0.65, 0.0}};
  std::vector<Patch> templates;
  constexpr double kUnit = 12.0;  // pixels of a glyph's radius on the canvas
  for (const Shape& shape : shapes) {
    for (const double blur : {1.2, 3.6}) {
      cv::Mat canvas = cv::Mat::zeros(72, 72, CV_8U);
      for (const auto& line : start_glyph_lines(shape.glyph, shape.open, shape.back)) {
        for (std::size_t i = 1; i < line.size(); ++i) {
          const auto at = [](const glm::dvec2& p) {
            return cv::Point(static_cast<int>(std::lround(16.0 * (36.0 + kUnit * p.x))),
                             static_cast<int>(std::lround(16.0 * (36.0 + kUnit * p.y))));
          };
          cv::line(canvas, at(line[i - 1]), at(line[i]), cv::Scalar(255), 4, cv::LINE_AA, 4);
        }
      }
      cv::Mat ink;
      canvas.convertTo(ink, CV_32F, 1.0 / 255.0);
      cv::GaussianBlur(ink, ink, cv::Size(0, 0), blur);
      const auto [middle, radius] = moments(ink);
      templates.push_back(cut(ink, middle, radius, 0.0));
      normalise(templates.back());
    }
  }
  return templates;
}

}  // namespace

ShapeHeading shape_heading(const cv::Mat& ink, const cv::Point2d& middle, double radius) {
  static const std::vector<Patch> kTemplates = make_templates();
  std::array<float, kAngles> fit{};
  for (int k = 0; k < kAngles; ++k) {
    Patch patch = cut(ink, middle, radius, 2.0 * kPi * k / kAngles);
    normalise(patch);
    float best = -1.0f;
    for (const Patch& shape : kTemplates) {
      float sum = 0.0f;
      for (std::size_t i = 0; i < patch.size(); ++i) sum += patch[i] * shape[i];
      best = std::max(best, sum);
    }
    fit[static_cast<std::size_t>(k)] = best;
  }
  const auto at = [&fit](int k) { return fit[static_cast<std::size_t>((k + kAngles) % kAngles)]; };
  const int best = static_cast<int>(std::max_element(fit.begin(), fit.end()) - fit.begin());
  float opposite = -1.0f;
  for (int k = kAngles / 4; k <= 3 * kAngles / 4; ++k) opposite = std::max(opposite, at(best + k));
  // Vertex of the parabola through the best angle and its neighbours.
  const float left = at(best - 1), here = at(best), right = at(best + 1);
  const float bend = left - 2.0f * here + right;
  const double shift = bend < 0.0f ? static_cast<double>(0.5f * (left - right) / bend) : 0.0;
  const double angle = 2.0 * kPi * (best + std::clamp(shift, -0.5, 0.5)) / kAngles;
  return {static_cast<float>(std::atan2(-std::cos(angle), -std::sin(angle))),
          std::max(0.0f, here - opposite)};
}

}  // namespace inknav::sketch::internal
