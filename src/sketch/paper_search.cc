// SPDX-License-Identifier: MIT
#include "sketch/paper_search.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "sketch/plane_geometry.h"

namespace inknav::sketch::internal {
namespace {

using base::Vec2;

constexpr int kSide = kSearchSide;
constexpr float kDiagonal = 1.41421356f;
constexpr int kSmoothingPasses = 4;

}  // namespace

int search_cell(const Vec2& paper) {
  const int x = std::clamp(static_cast<int>(paper.x * kSide), 0, kSide - 1);
  const int y = std::clamp(static_cast<int>(paper.y * kSide), 0, kSide - 1);
  return y * kSide + x;
}

Vec2 search_middle(int cell) {
  return (Vec2(static_cast<float>(cell % kSide), static_cast<float>(cell / kSide)) + 0.5f) /
         static_cast<float>(kSide);
}

std::vector<Vec2> PaperSearch::way_to(int cell) const {
  std::vector<Vec2> line;
  for (; cell >= 0; cell = from[static_cast<std::size_t>(cell)]) line.push_back(search_middle(cell));
  std::reverse(line.begin(), line.end());
  return line;
}

PaperSearch search_paper(const std::vector<float>& price, int start, int stop_at) {
  PaperSearch s{std::vector<float>(price.size(), std::numeric_limits<float>::infinity()),
                std::vector<int>(price.size(), -1)};
  using Entry = std::pair<float, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  s.cost[static_cast<std::size_t>(start)] = 0.0f;
  open.emplace(0.0f, start);
  while (!open.empty()) {
    const auto [cost, cell] = open.top();
    open.pop();
    if (cell == stop_at) break;
    if (cost > s.cost[static_cast<std::size_t>(cell)]) continue;
    const int x = cell % kSide, y = cell / kSide;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const int nx = x + dx, ny = y + dy;
        if ((dx == 0 && dy == 0) || nx < 0 || ny < 0 || nx >= kSide || ny >= kSide) continue;
        const int next = ny * kSide + nx;
        const float step = dx != 0 && dy != 0 ? kDiagonal : 1.0f;
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

std::vector<Vec2> smooth_line(std::vector<Vec2> line) {
  smooth(line, kSmoothingPasses);
  return line;
}

}  // namespace inknav::sketch::internal
