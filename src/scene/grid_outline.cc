// SPDX-License-Identifier: MIT
#include "scene/grid_outline.h"

#include <array>
#include <cstddef>
#include <map>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace inknav::scene::internal {
namespace {

// Headings in turning order to the right (row points down).
constexpr std::array<glm::ivec2, 4> kHeadings = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};

/// For every cell corner, a bit for each heading in which a border edge leaves it.
class EdgeField {
 public:
  explicit EdgeField(const MaskView& mask) : stride_(mask.width + 1), rows_(mask.height + 1) {
    leaving_.assign(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(rows_), 0);
    for (int row = 0; row < rows_; ++row) {
      for (int column = 0; column < stride_; ++column) add_edges(mask, column, row);
    }
  }

  /// Removes and returns the outline that leaves `start`; corners only.
  Outline take_outline(const glm::ivec2& start) {
    Outline outline;
    glm::ivec2 at = start;
    int heading = first_heading(at);
    const int first = heading;
    int previous = -1;
    do {
      if (heading != previous) outline.push_back(at);
      bits(at) = static_cast<std::uint8_t>(bits(at) & ~(1u << heading));
      at += kHeadings[static_cast<std::size_t>(heading)];
      previous = heading;
      heading = next_heading(at, heading);
    } while (heading >= 0 && at != start);
    // The start is a corner unless the outline runs straight through it.
    if (previous == first && outline.size() > 1) outline.erase(outline.begin());
    return outline;
  }

  bool has_edge(const glm::ivec2& at) { return bits(at) != 0; }
  int columns() const { return stride_; }
  int rows() const { return rows_; }

 private:
  void add_edges(const MaskView& mask, int column, int row) {
    const bool above = mask.inside(column, row - 1);
    const bool here = mask.inside(column, row);
    const bool left = mask.inside(column - 1, row);
    if (here && !above) bits({column, row}) |= 1u << 0;
    if (above && !here) bits({column + 1, row}) |= 1u << 2;
    if (left && !here) bits({column, row}) |= 1u << 1;
    if (here && !left) bits({column, row + 1}) |= 1u << 3;
  }

  std::uint8_t& bits(const glm::ivec2& at) {
    return leaving_[static_cast<std::size_t>(at.y) * static_cast<std::size_t>(stride_) +
                    static_cast<std::size_t>(at.x)];
  }

  int first_heading(const glm::ivec2& at) {
    int heading = 0;
    while ((bits(at) & (1u << heading)) == 0) ++heading;
    return heading;
  }

  /// Right before straight before left: stays at the same inside cell where two touch at a corner.
  int next_heading(const glm::ivec2& at, int heading) {
    for (const int turn : {1, 0, 3}) {
      const int candidate = (heading + turn) % 4;
      if ((bits(at) & (1u << candidate)) != 0) return candidate;
    }
    return -1;
  }

  int stride_;
  int rows_;
  std::vector<std::uint8_t> leaving_;
};

}  // namespace

std::vector<Outline> trace_outlines(const MaskView& mask) {
  EdgeField edges(mask);
  std::vector<Outline> outlines;
  for (int row = 0; row < edges.rows(); ++row) {
    for (int column = 0; column < edges.columns(); ++column) {
      while (edges.has_edge({column, row})) outlines.push_back(edges.take_outline({column, row}));
    }
  }
  return outlines;
}

Outline simplify_outline(const Outline& outline, double tolerance) {
  std::vector<cv::Point> points;
  points.reserve(outline.size());
  for (const glm::ivec2& p : outline) points.emplace_back(p.x, p.y);
  std::vector<cv::Point> kept;
  cv::approxPolyDP(points, kept, tolerance, /*closed=*/true);
  Outline out;
  if (kept.size() < 3) return out;
  for (const cv::Point& p : kept) out.emplace_back(p.x, p.y);
  return out;
}

std::vector<CellRect> cover_by_rectangles(const MaskView& mask) {
  std::vector<CellRect> done;
  std::map<std::pair<int, int>, int> open;  // run of columns -> first row
  std::map<std::pair<int, int>, int> next;
  for (int row = 0; row <= mask.height; ++row) {
    next.clear();
    for (int column = 0; column < mask.width && row < mask.height; ++column) {
      if (!mask.inside(column, row)) continue;
      const int begin = column;
      while (mask.inside(column, row)) ++column;
      const auto found = open.find({begin, column});
      next[{begin, column}] = found == open.end() ? row : found->second;
    }
    for (const auto& [run, first] : open) {
      const auto found = next.find(run);
      if (found == next.end() || found->second != first) done.push_back({run.first, first, run.second, row});
    }
    std::swap(open, next);
  }
  return done;
}

}  // namespace inknav::scene::internal
