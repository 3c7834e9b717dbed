// SPDX-License-Identifier: MIT
#pragma once
// SlowTwin: the queries of a navmesh once more, in double and the plain way, for tests: every polygon is
// looked at, nothing is cached, and no limit of Detour's (256 polygons, 64 nodes) applies. Floors must be
// flat, so that a polygon's height is its corners'. Shares only the list of polygons with what it is compared
// with.

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <optional>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "nav/mesh_data.h"

namespace inknav::nav::testing {

struct Point2 {
  double x = 0.0;
  double z = 0.0;
};

inline Point2 operator-(const Point2& a, const Point2& b) { return {a.x - b.x, a.z - b.z}; }
inline double cross(const Point2& a, const Point2& b) { return a.x * b.z - a.z * b.x; }
inline double dot(const Point2& a, const Point2& b) { return a.x * b.x + a.z * b.z; }
inline Point2 point2(const base::Vec3& p) { return {double{p.x}, double{p.z}}; }
inline double distance(const Point2& a, const Point2& b) { return std::sqrt(dot(a - b, a - b)); }

class SlowTwin {
 public:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  explicit SlowTwin(const NavMesh& mesh)
      : polys_(mesh.data().polys), climb_(double{mesh.data().walkable_climb}) {}

  /// Detour's measure of the distance from p to a polygon: height beyond a climb above it, length beside it.
  double measure(int poly, const base::Vec3& p) const {
    const double rise = std::abs(double{p.y} - double{at(poly).verts[0].y});
    if (contains(poly, point2(p))) return std::max(0.0, rise - climb_);
    const double beside = distance(point2(p), nearest_on_border(poly, point2(p)));
    return std::sqrt(beside * beside + rise * rise);
  }

  /// Least measure over all polygons that come into the box of 2, 4 and 2 m about p; infinity if none does.
  double least_measure(const base::Vec3& p) const {
    double least = kInfinity;
    for (int i = 0; i < static_cast<int>(polys_.size()); ++i) {
      if (at(i).enabled && in_box(i, p)) least = std::min(least, measure(i, p));
    }
    return least;
  }

  /// Where a body that slides comes to rest: floods over the polygons near the way; the target if it lies in
  /// one of them, else the nearest point of their walls.
  Point2 slide(int poly, const Point2& from, const Point2& to) const {
    const Point2 middle{0.5 * (from.x + to.x), 0.5 * (from.z + to.z)};
    const double reach = 0.5 * distance(from, to) + 0.001;
    std::set<int> seen = {poly};
    std::deque<int> open = {poly};
    double best = kInfinity;
    Point2 rest = from;
    while (!open.empty()) {
      const int here = open.front();
      open.pop_front();
      if (contains(here, to)) return to;
      for (std::size_t e = 0; e < at(here).num_verts; ++e) {
        const int next = at(here).neighbors[e];
        if (next < 0) {
          const Point2 wall = nearest_on_edge(here, e, to);
          if (distance(wall, to) < best) best = distance(wall, to), rest = wall;
        } else if (distance(nearest_on_edge(here, e, middle), middle) <= reach && seen.insert(next).second) {
          open.push_back(next);
        }
      }
    }
    return rest;
  }

  /// Where a body that does not slide stops: goes from polygon to polygon through the edge by which the way
  /// leaves, until it ends or meets a wall.
  Point2 straight(int poly, const Point2& from, const Point2& to) const {
    int came_from = -1;
    for (;;) {
      if (contains(poly, to)) return to;
      double leave = kInfinity;
      int next = -1;
      for (std::size_t e = 0; e < at(poly).num_verts; ++e) {
        if (came_from >= 0 && at(poly).neighbors[e] == came_from) continue;
        const auto t = crossing(poly, e, from, to);
        if (!t || *t >= leave) continue;
        leave = *t;
        next = at(poly).neighbors[e];
      }
      if (leave > 1.0) return to;
      if (next < 0) return {from.x + leave * (to.x - from.x), from.z + leave * (to.z - from.z)};
      came_from = std::exchange(poly, next);
    }
  }

  bool contains(int poly, const Point2& p) const {
    bool inside = false;
    for (std::size_t e = 0; e < at(poly).num_verts; ++e) {
      const auto [a, b] = edge(poly, e);
      if ((a.z > p.z) != (b.z > p.z) && p.x < a.x + (b.x - a.x) * (p.z - a.z) / (b.z - a.z)) inside = !inside;
    }
    return inside;
  }

 private:
  const internal::WalkPoly& at(int poly) const { return polys_[static_cast<std::size_t>(poly)]; }
  std::pair<Point2, Point2> edge(int poly, std::size_t e) const {
    return {point2(at(poly).verts[e]), point2(at(poly).verts[(e + 1) % at(poly).num_verts])};
  }
  Point2 nearest_on_edge(int poly, std::size_t e, const Point2& p) const {
    const auto [a, b] = edge(poly, e);
    const double length2 = dot(b - a, b - a);
    const double t = length2 > 0.0 ? std::clamp(dot(p - a, b - a) / length2, 0.0, 1.0) : 0.0;
    return {a.x + t * (b.x - a.x), a.z + t * (b.z - a.z)};
  }
  Point2 nearest_on_border(int poly, const Point2& p) const {
    Point2 best = nearest_on_edge(poly, 0, p);
    for (std::size_t e = 1; e < at(poly).num_verts; ++e) {
      const Point2 other = nearest_on_edge(poly, e, p);
      if (distance(other, p) < distance(best, p)) best = other;
    }
    return best;
  }
  /// Share of from -> to at which it crosses the edge.
  std::optional<double> crossing(int poly, std::size_t e, const Point2& from, const Point2& to) const {
    const auto [a, b] = edge(poly, e);
    const double det = cross(to - from, b - a);
    if (std::abs(det) < 1e-12) return std::nullopt;
    const double t = cross(a - from, b - a) / det;
    const double u = cross(a - from, to - from) / det;
    if (t < 0.0 || t > 1.0 || u < 0.0 || u > 1.0) return std::nullopt;
    return t;
  }
  bool in_box(int poly, const base::Vec3& p) const {
    base::Aabb box;
    for (std::size_t v = 0; v < at(poly).num_verts; ++v) box.extend(at(poly).verts[v]);
    return box.min.x <= p.x + 2 && box.max.x >= p.x - 2 && box.min.y <= p.y + 4 && box.max.y >= p.y - 4 &&
           box.min.z <= p.z + 2 && box.max.z >= p.z - 2;
  }

  const std::vector<internal::WalkPoly>& polys_;
  double climb_;
};

/// Dijkstra over points 5 cm apart, eight neighbours each: lengths that are never below the true ones by more
/// than a cell at each end, and above them by at most 1 / cos(22.5 degrees) where the way is straight.
class GridTwin {
 public:
  static constexpr double kCell = 0.05;  // metres
  static constexpr double kWorst = 1.0823922;

  GridTwin(const NavMesh& mesh, int island) {
    const base::Aabb& bounds = mesh.bounds();
    low_ = point2(bounds.min);
    cols_ = static_cast<int>(double{bounds.max.x - bounds.min.x} / kCell) + 2;
    rows_ = static_cast<int>(double{bounds.max.z - bounds.min.z} / kCell) + 2;
    free_.assign(static_cast<std::size_t>(rows_ * cols_), false);
    const SlowTwin twin(mesh);
    for (int i = 0; i < static_cast<int>(mesh.data().polys.size()); ++i) {
      if (mesh.data().poly_island[static_cast<std::size_t>(i)] == island) cover(mesh, twin, i);
    }
  }

  /// Nearest free point to p; -1 if none is within a cell.
  int node_near(const Point2& p) const {
    const int col = static_cast<int>(std::lround((p.x - low_.x) / kCell));
    const int row = static_cast<int>(std::lround((p.z - low_.z) / kCell));
    int best = -1;
    for (int r = row - 1; r <= row + 1; ++r) {
      for (int c = col - 1; c <= col + 1; ++c) {
        if (!is_free(r, c)) continue;
        const int node = r * cols_ + c;
        if (best < 0 || distance(place(node), p) < distance(place(best), p)) best = node;
      }
    }
    return best;
  }
  Point2 place(int node) const {
    return {low_.x + kCell * static_cast<double>(node % cols_),
            low_.z + kCell * static_cast<double>(node / cols_)};
  }

  /// Metres from `source` to every point.
  std::vector<double> distances(int source) const {
    std::vector<double> metres(free_.size(), SlowTwin::kInfinity);
    using Entry = std::pair<double, int>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
    metres[static_cast<std::size_t>(source)] = 0.0;
    open.emplace(0.0, source);
    while (!open.empty()) {
      const auto [length, node] = open.top();
      open.pop();
      if (length > metres[static_cast<std::size_t>(node)]) continue;
      const int row = node / cols_, col = node % cols_;
      for (int dr = -1; dr <= 1; ++dr) {
        for (int dc = -1; dc <= 1; ++dc) {
          if (!is_free(row + dr, col + dc) || !is_free(row, col + dc) || !is_free(row + dr, col)) continue;
          const int next = (row + dr) * cols_ + col + dc;
          const double there = length + kCell * std::hypot(dr, dc);
          if (there >= metres[static_cast<std::size_t>(next)]) continue;
          metres[static_cast<std::size_t>(next)] = there;
          open.emplace(there, next);
        }
      }
    }
    return metres;
  }

 private:
  bool is_free(int row, int col) const {
    return row >= 0 && col >= 0 && row < rows_ && col < cols_ &&
           free_[static_cast<std::size_t>(row * cols_ + col)];
  }
  void cover(const NavMesh& mesh, const SlowTwin& twin, int poly) {
    const internal::WalkPoly& walk = mesh.data().polys[static_cast<std::size_t>(poly)];
    base::Aabb box;
    for (std::size_t v = 0; v < walk.num_verts; ++v) box.extend(walk.verts[v]);
    const Point2 low = point2(box.min) - low_, high = point2(box.max) - low_;
    for (int r = static_cast<int>(low.z / kCell); r <= static_cast<int>(high.z / kCell) + 1; ++r) {
      for (int c = static_cast<int>(low.x / kCell); c <= static_cast<int>(high.x / kCell) + 1; ++c) {
        if (r < 0 || c < 0 || r >= rows_ || c >= cols_) continue;
        const int node = r * cols_ + c;
        if (twin.contains(poly, place(node))) free_[static_cast<std::size_t>(node)] = true;
      }
    }
  }

  Point2 low_;
  int rows_ = 0;
  int cols_ = 0;
  std::vector<bool> free_;
};

}  // namespace inknav::nav::testing
