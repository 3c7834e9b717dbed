// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <queue>
#include <vector>

#include "sketch/read_internal.h"

namespace inknav::sketch::internal {
namespace {

using base::Vec2;

constexpr int kSide = 256;  // the route is traced at half resolution
constexpr float kSolid = 0.35f;
constexpr int kLeastPixels = 24;  // less ink than this is no route
constexpr float kOffInk = 12.0f;  // price of a step off the ink, where one on it costs 1

int cell_at(const Vec2& paper) {
  const int x = std::clamp(static_cast<int>(paper.x * kSide), 0, kSide - 1);
  const int y = std::clamp(static_cast<int>(paper.y * kSide), 0, kSide - 1);
  return y * kSide + x;
}
Vec2 middle_of(int cell) {
  return (Vec2(static_cast<float>(cell % kSide), static_cast<float>(cell / kSide)) + 0.5f) /
         static_cast<float>(kSide);
}

struct Search {
  std::vector<float> cost;
  std::vector<int> from;
};

/// Cheapest way from `start` to every cell; `price` of stepping into each cell.
Search cheapest(const std::vector<float>& price, int start) {
  Search s{std::vector<float>(price.size(), std::numeric_limits<float>::infinity()),
           std::vector<int>(price.size(), -1)};
  using Entry = std::pair<float, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  s.cost[static_cast<std::size_t>(start)] = 0.0f;
  open.emplace(0.0f, start);
  while (!open.empty()) {
    const auto [cost, cell] = open.top();
    open.pop();
    if (cost > s.cost[static_cast<std::size_t>(cell)]) continue;
    const int x = cell % kSide, y = cell / kSide;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const int nx = x + dx, ny = y + dy;
        if ((dx == 0 && dy == 0) || nx < 0 || ny < 0 || nx >= kSide || ny >= kSide) continue;
        const int next = ny * kSide + nx;
        const float step = dx != 0 && dy != 0 ? 1.41421356f : 1.0f;
        const float total = cost + step * price[static_cast<std::size_t>(next)];
        if (total >= s.cost[static_cast<std::size_t>(next)]) continue;
        s.cost[static_cast<std::size_t>(next)] = total;
        s.from[static_cast<std::size_t>(next)] = cell;
        open.emplace(total, next);
      }
    }
  }
  return s;
}

std::vector<Vec2> smoothed(std::vector<Vec2> line) {
  for (int pass = 0; pass < 4; ++pass) {
    Vec2 before = line.front();
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      const Vec2 here = line[i];
      line[i] = 0.25f * before + 0.5f * here + 0.25f * line[i + 1];
      before = here;
    }
  }
  return line;
}

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
    return smoothed(std::move(line));
  // Without a mark the line's own far end takes its place.
  const auto farthest_ink = [&](const Search& search) {
    return *std::max_element(ink.begin(), ink.end(), [&](int a, int b) {
      return search.cost[static_cast<std::size_t>(a)] < search.cost[static_cast<std::size_t>(b)];
    });
  };
  int first = start.present ? cell_at(start.position) : -1;
  if (first < 0) {
    const int seed = goal.present ? cell_at(goal.position) : farthest_ink(cheapest(price, ink.front()));
    first = goal.present ? farthest_ink(cheapest(price, seed)) : seed;
  }
  const Search search = cheapest(price, first);
  int cell = goal.present ? cell_at(goal.position) : farthest_ink(search);
  std::vector<Vec2> line;
  for (; cell >= 0; cell = search.from[static_cast<std::size_t>(cell)]) line.push_back(middle_of(cell));
  std::reverse(line.begin(), line.end());
  if (start.present) line.front() = start.position;
  if (goal.present) line.back() = goal.position;
  return smoothed(std::move(line));
}

}  // namespace inknav::sketch::internal
