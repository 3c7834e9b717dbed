// SPDX-License-Identifier: MIT
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "sketch/paper_search.h"
#include "sketch/read_internal.h"

namespace inknav::sketch::internal {
namespace {

using base::Vec2;

constexpr int kSide = kSearchSide;
// Prices of a step, where one over free paper costs 1.
constexpr float kInkPrice = 250.0f;  // over full ink; a wall has 1 to 2 cells: a detour of the page is better
constexpr float kBesidePrice = 4.0f;   // more beside a wall ...
constexpr float kBeside = 7.0f;        // ... falling to nothing this many cells from it
constexpr float kOutsidePrice = 3.0f;  // times the price, outside the building
constexpr float kInk = 0.3f;           // a cell with this much ink is part of a wall
constexpr int kGap = 11;               // cells: smaller openings do not lead outside
constexpr int kLineWidth = 5;          // pixels of 512, as a person's route line

/// What can be reached from the paper's edge without going through an opening narrower than kGap.
cv::Mat outside_of(const cv::Mat& ink) {
  cv::Mat closed;
  cv::dilate(ink, closed, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(kGap, kGap)));
  cv::copyMakeBorder(closed, closed, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
  cv::floodFill(closed, cv::Point(0, 0), cv::Scalar(128));
  cv::Mat outside = closed(cv::Rect(1, 1, kSide, kSide)) == 128;
  // Back over what the closing took from the outside.
  cv::dilate(outside, outside, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(kGap, kGap)));
  return outside;
}

}  // namespace

std::vector<Vec2> plan_route(const cv::Mat& walls, const Mark& start, const Mark& goal) {
  cv::Mat small;
  cv::resize(walls, small, cv::Size(kSide, kSide), 0.0, 0.0, cv::INTER_AREA);
  const cv::Mat ink = small > kInk;
  cv::Mat distance;
  cv::distanceTransform(~ink, distance, cv::DIST_L2, 5);
  const cv::Mat outside = outside_of(ink);
  const auto is_outside = [&](int cell) { return outside.data[cell] != 0; };
  const int first = search_cell(start.position), last = search_cell(goal.position);
  // Marks outside say that the walls do not enclose anything.
  const bool shun_outside = !is_outside(first) && !is_outside(last);
  std::vector<float> price(static_cast<std::size_t>(kSide) * kSide);
  for (int cell = 0; cell < kSide * kSide; ++cell) {
    const float away = std::min(distance.at<float>(cell / kSide, cell % kSide) / kBeside, 1.0f);
    float step = 1.0f + kInkPrice * small.at<float>(cell / kSide, cell % kSide) +
                 kBesidePrice * (1.0f - away) * (1.0f - away);
    if (shun_outside && is_outside(cell)) step *= kOutsidePrice;
    price[static_cast<std::size_t>(cell)] = step;
  }
  std::vector<Vec2> line = search_paper(price, first, last).way_to(last);
  if (line.size() < 2) return {start.position, goal.position};
  line.front() = start.position;
  line.back() = goal.position;
  return smooth_line(std::move(line));
}

void draw_line(const std::vector<Vec2>& line, cv::Mat& plane) {
  constexpr int kFraction = 4;  // bits of a pixel
  std::vector<cv::Point> points;
  for (const Vec2& p : line) {
    const Vec2 at = (p * static_cast<float>(plane.cols) - 0.5f) * static_cast<float>(1 << kFraction);
    points.emplace_back(cvRound(at.x), cvRound(at.y));
  }
  cv::Mat drawn = cv::Mat::zeros(plane.size(), CV_8U);
  cv::polylines(drawn, points, false, cv::Scalar(255), kLineWidth, cv::LINE_AA, kFraction);
  drawn.convertTo(drawn, CV_32F, 1.0 / 255.0);
  cv::max(plane, drawn, plane);
}

}  // namespace inknav::sketch::internal
