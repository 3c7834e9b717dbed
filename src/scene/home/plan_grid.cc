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

bool joined(const std::vector<IntRect>& rectangles) {
  if (rectangles.empty()) return false;
  std::vector<bool> seen(rectangles.size(), false);
  std::vector<std::size_t> stack{0};
  seen[0] = true;
  std::size_t count = 0;
  while (!stack.empty()) {
    const IntRect p = rectangles[stack.back()];
    stack.pop_back();
    ++count;
    for (std::size_t i = 0; i < rectangles.size(); ++i) {
      const IntRect& q = rectangles[i];
      const int dx = std::min(p.x1, q.x1) - std::max(p.x0, q.x0);
      const int dy = std::min(p.y1, q.y1) - std::max(p.y0, q.y0);
      if (seen[i] || dx < 0 || dy < 0 || dx + dy == 0) continue;
      seen[i] = true;
      stack.push_back(i);
    }
  }
  return count == rectangles.size();
}

std::vector<Region> PlanGrid::regions(int num_labels) const {
  std::vector<Region> result(static_cast<std::size_t>(num_labels), {0, {width_, height_, 0, 0}});
  for (int y = 0; y < height_; ++y) {
    const std::int8_t* row = cells_.data() + static_cast<std::ptrdiff_t>(y) * width_;
    for (int x = 0; x < width_;) {
      const int label = row[x];
      const int from = x;
      while (x < width_ && row[x] == label) ++x;
      if (label < 0 || label >= num_labels) continue;
      Region& region = result[static_cast<std::size_t>(label)];
      region.area += x - from;
      IntRect& box = region.bounds;
      box = {std::min(box.x0, from), std::min(box.y0, y), std::max(box.x1, x), std::max(box.y1, y + 1)};
    }
  }
  return result;
}

int PlanGrid::opened_area(int label, const IntRect& box, int k) const {
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

std::vector<IntRect> PlanGrid::slabs(int label, const IntRect& box, bool along_x) const {
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

std::vector<IntRect> PlanGrid::rectangles(int label, const IntRect& bounds) const {
  std::vector<IntRect> along_x = slabs(label, bounds, true);
  std::vector<IntRect> along_y = slabs(label, bounds, false);
  return along_y.size() < along_x.size() ? along_y : along_x;
}

std::vector<WallRun> PlanGrid::wall_runs() const {
  std::vector<WallRun> runs;
  std::vector<std::int8_t>
      lines;  // the raster with an empty line before and after, transposed for vertical runs
  for (const bool horizontal : {true, false}) {
    const int num_lines = horizontal ? height_ : width_;
    const int extent = horizontal ? width_ : height_;
    lines.assign(static_cast<std::size_t>((num_lines + 2) * extent), static_cast<std::int8_t>(kOutside));
    if (horizontal) {
      std::copy(cells_.begin(), cells_.end(), lines.begin() + extent);
    } else {
      for (int y = 0; y < height_; ++y) {
        for (int x = 0; x < width_; ++x) {
          lines[static_cast<std::size_t>((x + 1) * extent + y)] =
              cells_[static_cast<std::size_t>(y * width_ + x)];
        }
      }
    }
    for (int line = 0; line <= num_lines; ++line) {
      const std::int8_t* low = lines.data() + static_cast<std::ptrdiff_t>(line) * extent;
      const std::int8_t* high = low + extent;
      for (int i = 0; i < extent;) {
        const std::int8_t label_low = low[i];
        const std::int8_t label_high = high[i];
        const int from = i++;
        while (i < extent && low[i] == label_low && high[i] == label_high) ++i;
        if (label_low != label_high) runs.push_back({horizontal, line, from, i, label_low, label_high});
      }
    }
  }
  return runs;
}

}  // namespace inknav::scene::internal
