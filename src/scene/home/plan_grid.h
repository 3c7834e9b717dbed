// SPDX-License-Identifier: MIT
#pragma once
// PlanGrid: a floor plan in the making, as a raster of room labels with cells of 0.1 m.
//
// Integers make the layout exact and equal on every machine. Wall centre lines lie on cell edges. Label
// kOutside is not part of the home. Coordinates: x right, y down the page; plan (x, y) becomes world (x, z).
// Value types, no shared state. A home has 5,000 to 40,000 cells; every query here is linear in the cells.

#include <cstdint>
#include <vector>

namespace inknav::scene::internal {

inline constexpr float kPlanUnit = 0.1f;  // metres a cell
inline constexpr int kOutside = -1;

struct IntRect {  // half-open, cells
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  int width() const { return x1 - x0; }
  int height() const { return y1 - y0; }
  int area() const { return width() * height(); }
  bool operator==(const IntRect&) const = default;
};

/// A maximal straight piece of wall between the same two labels. Horizontal runs lie on y = line and span
/// x in [from, to]; vertical runs lie on x = line and span y. `low` is the label on the smaller-coordinate
/// side, `high` the other.
struct WallRun {
  bool horizontal = true;
  int line = 0;
  int from = 0;
  int to = 0;
  int low = kOutside;
  int high = kOutside;
  int length() const { return to - from; }
  bool touches(int label) const { return low == label || high == label; }
  int other(int label) const { return low == label ? high : low; }
};

struct Region {  // where a label lies
  int area = 0;  // cells
  IntRect bounds;
};

/// Whether disjoint rectangles form one piece, joined along edges.
bool joined(const std::vector<IntRect>& rectangles);

class PlanGrid {
 public:
  PlanGrid() = default;
  PlanGrid(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  /// kOutside beyond the raster.
  int at(int x, int y) const {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return kOutside;
    return cells_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
                  static_cast<std::size_t>(x)];
  }
  /// Labels the part of `rect` that lies in the raster.
  void paint(const IntRect& rect, int label);
  /// The same, but leaves cells outside the home outside.
  void paint_inside(const IntRect& rect, int label);

  /// Of labels 0 to num_labels - 1, in one pass.
  std::vector<Region> regions(int num_labels) const;

  /// Cells of `label` that some k x k square of that label covers. `bounds` are the label's.
  int opened_area(int label, const IntRect& bounds, int k) const;

  /// Disjoint rectangles whose union is the label, few of them (the better of slabs along x and along y).
  std::vector<IntRect> rectangles(int label, const IntRect& bounds) const;

  /// Every wall of the home, in raster order: first horizontal, then vertical.
  std::vector<WallRun> wall_runs() const;

 private:
  std::vector<IntRect> slabs(int label, const IntRect& box, bool along_x) const;

  int width_ = 0;
  int height_ = 0;
  std::vector<std::int8_t> cells_;
};

}  // namespace inknav::scene::internal
