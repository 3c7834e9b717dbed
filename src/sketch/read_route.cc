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
constexpr float kSolid = 0.35f;
constexpr int kLeastPixels = 24;  // less ink than this is no route
constexpr float kOffInk = 12.0f;  // price of a step off the ink, where one on it costs 1

}  // namespace

std::vector<Vec2> trace_route(const std::array<cv::Mat, ReadPlanes::kNumPlanes>& planes, const Mark& start,
                              const Mark& goal) {
  cv::Mat route;
  cv::resize(planes[1], route, cv::Size(kSide, kSide), 0.0, 0.0, cv::INTER_AREA);
  std::vector<int> ink;
  std::vector<float> price(static_cast<std::size_t>(kSide) * kSide, kOffInk);
  cv::Mat solid = route > kSolid;
  cv::Mat depth;
  cv::distanceTransform(solid, depth, cv::DIST_L2, 3);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      if (solid.at<std::uint8_t>(y, x) == 0) continue;
      ink.push_back(y * kSide + x);
      // Cheaper along the middle of the line than along its edge.
      price[static_cast<std::size_t>(y * kSide + x)] = 1.0f + 1.0f / (1.0f + depth.at<float>(y, x));
    }
  }
  if (static_cast<int>(ink.size()) < kLeastPixels) return {};
  if (std::vector<Vec2> line = follow_line(solid, start, goal); !line.empty())
    return smooth_line(std::move(line));
  // Without a mark the line's own far end takes its place.
  const auto farthest_ink = [&](const PaperSearch& search) {
    return *std::max_element(ink.begin(), ink.end(), [&](int a, int b) {
      return search.cost[static_cast<std::size_t>(a)] < search.cost[static_cast<std::size_t>(b)];
    });
  };
  int first = start.present ? search_cell(start.position) : -1;
  if (first < 0) {
    const int seed =
        goal.present ? search_cell(goal.position) : farthest_ink(search_paper(price, ink.front()));
    first = goal.present ? farthest_ink(search_paper(price, seed)) : seed;
  }
  const int last = goal.present ? search_cell(goal.position) : -1;
  const PaperSearch search = search_paper(price, first, last);
  const int cell = last >= 0 ? last : farthest_ink(search);
  std::vector<Vec2> line = search.way_to(cell);
  if (start.present) line.front() = start.position;
  if (goal.present) line.back() = goal.position;
  return smooth_line(std::move(line));
}

}  // namespace inknav::sketch::internal
