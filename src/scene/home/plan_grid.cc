// SPDX-License-Identifier: MIT
#include "scene/home/plan_grid.h"

#include <algorithm>

#include "base/check.h"

namespace inknav::scene::internal {

PlanGrid::PlanGrid(int width, int height) : width_(width), height_(height) {
  INKNAV_CHECK(width > 0 && height > 0 && width < 4096 && height < 4096, width, height);
  cells_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height),
                static_cast<std::int8_t>(kOutside));
}

void PlanGrid::paint(const IntRect& rect, int label) {
  for (int y = std::max(rect.y0, 0); y < std::min(rect.y1, height_); ++y) {
    for (int x = std::max(rect.x0, 0); x < std::min(rect.x1, width_); ++x) {
      cells_[static_cast<std::size_t>(y * width_ + x)] = static_cast<std::int8_t>(label);
    }
  }
}

void PlanGrid::paint_inside(const IntRect& rect, int label) {
  for (int y = std::max(rect.y0, 0); y < std::min(rect.y1, height_); ++y) {
    for (int x = std::max(rect.x0, 0); x < std::min(rect.x1, width_); ++x) {
      std::int8_t& cell = cells_[static_cast<std::size_t>(y * width_ + x)];
      if (cell != kOutside) cell = static_cast<std::int8_t>(label);
    }
  }
}

int PlanGrid::area(int label) const {
  return static_cast<int>(std::count(cells_.begin(), cells_.end(), static_cast<std::int8_t>(label)));
}

IntRect PlanGrid::bounds(int label) const {
  IntRect box{width_, height_, 0, 0};
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      if (at(x, y) != label) continue;
      box.x0 = std::min(box.x0, x);
      box.y0 = std::min(box.y0, y);
      box.x1 = std::max(box.x1, x + 1);
      box.y1 = std::max(box.y1, y + 1);
    }
  }
  return box;
}

bool PlanGrid::connected(int label) const {
  const auto first = std::find(cells_.begin(), cells_.end(), static_cast<std::int8_t>(label));
  if (first == cells_.end()) return false;
  std::vector<bool> seen(cells_.size(), false);
  std::vector<int> stack{static_cast<int>(first - cells_.begin())};
  seen[static_cast<std::size_t>(stack.back())] = true;
  int count = 0;
  while (!stack.empty()) {
    const int cell = stack.back();
    stack.pop_back();
    ++count;
    const int x = cell % width_;
    const int y = cell / width_;
    const int near[4][2] = {{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}};
    for (const auto& n : near) {
      if (at(n[0], n[1]) != label) continue;
      const std::size_t index = static_cast<std::size_t>(n[1] * width_ + n[0]);
      if (seen[index]) continue;
      seen[index] = true;
      stack.push_back(static_cast<int>(index));
    }
  }
  return count == area(label);
}

int PlanGrid::opened_area(int label, int k) const {
  const IntRect box = bounds(label);
  const int w = box.width();
  const int h = box.height();
  if (w < k || h < k) return 0;
  const int stride = w + 1;
  std::vector<int> sums(static_cast<std::size_t>(stride * (h + 1)), 0);
  const auto sum = [&](int x, int y) -> int& { return sums[static_cast<std::size_t>(y * stride + x)]; };
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const int inside = at(box.x0 + x, box.y0 + y) == label ? 1 : 0;
      sum(x + 1, y + 1) = inside + sum(x, y + 1) + sum(x + 1, y) - sum(x, y);
    }
  }
  // starts(x, y): number of full squares whose corner lies in [0, x) x [0, y).
  std::vector<int> starts_store(sums.size(), 0);
  const auto starts = [&](int x, int y) -> int& {
    return starts_store[static_cast<std::size_t>(y * stride + x)];
  };
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const bool fits =
          x + k <= w && y + k <= h && sum(x + k, y + k) - sum(x, y + k) - sum(x + k, y) + sum(x, y) == k * k;
      starts(x + 1, y + 1) = (fits ? 1 : 0) + starts(x, y + 1) + starts(x + 1, y) - starts(x, y);
    }
  }
  int covered = 0;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const int x_low = std::max(0, x - k + 1);
      const int y_low = std::max(0, y - k + 1);
      const int squares =
          starts(x + 1, y + 1) - starts(x_low, y + 1) - starts(x + 1, y_low) + starts(x_low, y_low);
      covered += squares > 0 ? 1 : 0;
    }
  }
  return covered;
}

std::vector<IntRect> PlanGrid::slabs(int label, bool along_x) const {
  const IntRect box = bounds(label);
  std::vector<IntRect> done;
  std::vector<IntRect> open;  // rectangles that reach the line before the current one
  const int lines = along_x ? box.width() : box.height();
  const int extent = along_x ? box.height() : box.width();
  for (int i = 0; i <= lines; ++i) {
    std::vector<IntRect> next;
    for (int j = 0; i < lines && j < extent;) {
      const auto inside = [&](int q) {
        return along_x ? at(box.x0 + i, box.y0 + q) == label : at(box.x0 + q, box.y0 + i) == label;
      };
      if (!inside(j)) {
        ++j;
        continue;
      }
      const int start = j;
      while (j < extent && inside(j)) ++j;
      next.push_back(along_x ? IntRect{box.x0 + i, box.y0 + start, box.x0 + i + 1, box.y0 + j}
                             : IntRect{box.x0 + start, box.y0 + i, box.x0 + j, box.y0 + i + 1});
    }
    for (const IntRect& old : open) {
      const auto same = std::find_if(next.begin(), next.end(), [&](const IntRect& r) {
        return along_x ? r.y0 == old.y0 && r.y1 == old.y1 : r.x0 == old.x0 && r.x1 == old.x1;
      });
      if (same == next.end()) {
        done.push_back(old);
      } else if (along_x) {
        same->x0 = old.x0;
      } else {
        same->y0 = old.y0;
      }
    }
    open = std::move(next);
  }
  return done;
}

std::vector<IntRect> PlanGrid::rectangles(int label) const {
  std::vector<IntRect> along_x = slabs(label, true);
  std::vector<IntRect> along_y = slabs(label, false);
  return along_y.size() < along_x.size() ? along_y : along_x;
}

std::vector<WallRun> PlanGrid::wall_runs() const {
  std::vector<WallRun> runs;
  for (const bool horizontal : {true, false}) {
    const int lines = horizontal ? height_ : width_;
    const int extent = horizontal ? width_ : height_;
    for (int line = 0; line <= lines; ++line) {
      for (int i = 0; i < extent;) {
        const auto low_at = [&](int q) { return horizontal ? at(q, line - 1) : at(line - 1, q); };
        const auto high_at = [&](int q) { return horizontal ? at(q, line) : at(line, q); };
        const int low = low_at(i);
        const int high = high_at(i);
        const int from = i;
        while (i < extent && low_at(i) == low && high_at(i) == high) ++i;
        if (low != high) runs.push_back({horizontal, line, from, i, low, high});
      }
    }
  }
  return runs;
}

}  // namespace inknav::scene::internal
