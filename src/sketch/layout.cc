// SPDX-License-Identifier: MIT
#include "sketch/layout.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "sketch/plane_geometry.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;

constexpr double kSmallestCell = 0.05;  // metres
constexpr int kMostCells = 512;         // along the longer side

int node_at(Layout& layout, const Vec& p, double snap) {
  int best = -1;
  double best_distance = snap;
  for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
    const double distance = glm::length(layout.nodes[i] - p);
    if (distance <= best_distance) {
      best_distance = distance;
      best = static_cast<int>(i);
    }
  }
  if (best >= 0) return best;
  layout.nodes.push_back(p);
  return static_cast<int>(layout.nodes.size()) - 1;
}

/// Nodes on the wall between its ends, in order: every node within `snap` of it, and points where it crosses
/// others.
std::vector<int> nodes_along(const Layout& layout, int a, int b, double snap) {
  const Vec pa = layout.nodes[static_cast<std::size_t>(a)];
  const Vec pb = layout.nodes[static_cast<std::size_t>(b)];
  const double length = glm::length(pb - pa);
  std::vector<std::pair<double, int>> inside;
  for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
    if (static_cast<int>(i) == a || static_cast<int>(i) == b) continue;
    const double t = nearest_parameter(pa, pb, layout.nodes[i]);
    if (t * length <= snap || (1.0 - t) * length <= snap) continue;
    if (glm::length(pa + t * (pb - pa) - layout.nodes[i]) <= snap)
      inside.emplace_back(t, static_cast<int>(i));
  }
  std::sort(inside.begin(), inside.end());
  std::vector<int> result{a};
  for (const auto& [t, node] : inside) result.push_back(node);
  result.push_back(b);
  return result;
}

void add_crossings(Layout& layout, const std::vector<std::pair<int, int>>& walls, double snap) {
  const auto node = [&layout](int i) { return layout.nodes[static_cast<std::size_t>(i)]; };
  for (std::size_t i = 0; i < walls.size(); ++i) {
    for (std::size_t j = i + 1; j < walls.size(); ++j) {
      const Vec a = node(walls[i].first), b = node(walls[i].second);
      const Vec c = node(walls[j].first), d = node(walls[j].second);
      if (!segments_cross(a, b, c, d)) continue;
      const double s = cross(c - a, d - c) / cross(b - a, d - c);
      node_at(layout, a + s * (b - a), snap);
    }
  }
}

void label_rooms(Layout& layout) {
  const Vec size = layout.max - layout.min;
  layout.cell = std::max(kSmallestCell, std::max(size.x, size.y) / kMostCells);
  const double margin = 6.0 * layout.cell;
  layout.raster_min = layout.min - margin;
  layout.cells_x = static_cast<int>(std::ceil((size.x + 2.0 * margin) / layout.cell)) + 1;
  layout.cells_z = static_cast<int>(std::ceil((size.y + 2.0 * margin) / layout.cell)) + 1;
  cv::Mat free(layout.cells_z, layout.cells_x, CV_8U, cv::Scalar(255));
  const auto cell_of = [&layout](int node) {
    const Vec q = (layout.nodes[static_cast<std::size_t>(node)] - layout.raster_min) / layout.cell;
    return cv::Point(static_cast<int>(std::floor(q.x)), static_cast<int>(std::floor(q.y)));
  };
  // An 8-connected line separates its sides for the 4-connected labelling below.
  for (const LayoutEdge& edge : layout.edges)
    cv::line(free, cell_of(edge.a), cell_of(edge.b), cv::Scalar(0), 1, cv::LINE_8);
  cv::Mat labels;
  const int count = cv::connectedComponents(free, labels, 4, CV_32S);
  layout.labels.assign(labels.begin<std::int32_t>(), labels.end<std::int32_t>());
  layout.outside.assign(static_cast<std::size_t>(count), false);
  layout.area.assign(static_cast<std::size_t>(count), 0.0);
  for (int z = 0; z < layout.cells_z; ++z) {
    for (int x = 0; x < layout.cells_x; ++x) {
      const auto label = static_cast<std::size_t>(labels.at<std::int32_t>(z, x));
      layout.area[label] += layout.cell * layout.cell;
      if (x == 0 || z == 0 || x + 1 == layout.cells_x || z + 1 == layout.cells_z)
        layout.outside[label] = true;
    }
  }
}

}  // namespace

int Layout::room_at(const glm::dvec2& p) const {
  const Vec q = (p - raster_min) / cell;
  const int x = static_cast<int>(std::floor(q.x)), z = static_cast<int>(std::floor(q.y));
  if (x < 0 || z < 0 || x >= cells_x || z >= cells_z) return 0;
  return labels[static_cast<std::size_t>(z) * static_cast<std::size_t>(cells_x) +
                static_cast<std::size_t>(x)];
}

Layout make_layout(const WallMap& walls, double snap, const std::vector<glm::dvec2>& extra) {
  Layout layout;
  std::vector<std::pair<int, int>> ends;
  for (const PlanSegment& wall : walls.walls) {
    const int a = node_at(layout, Vec(wall.a), snap);
    const int b = node_at(layout, Vec(wall.b), snap);
    if (a != b) ends.emplace_back(a, b);
  }
  for (const PlanSegment& door : walls.doors) {
    const int a = node_at(layout, Vec(door.a), snap);
    const int b = node_at(layout, Vec(door.b), snap);
    if (a != b) layout.doors.emplace_back(a, b);
  }
  add_crossings(layout, ends, snap);
  for (const auto& [a, b] : ends) {
    layout.walls.push_back(nodes_along(layout, a, b, snap));
    const std::vector<int>& along = layout.walls.back();
    for (std::size_t i = 1; i < along.size(); ++i) layout.edges.push_back({along[i - 1], along[i], false});
  }
  for (const auto& [a, b] : layout.doors) layout.edges.push_back({a, b, true});

  layout.min = Vec(1e30);
  layout.max = Vec(-1e30);
  for (const std::vector<Vec>* points : {&std::as_const(layout.nodes), &extra}) {
    for (const Vec& p : *points) {
      layout.min = glm::min(layout.min, p);
      layout.max = glm::max(layout.max, p);
    }
  }
  if (layout.min.x > layout.max.x) layout.min = layout.max = Vec(0.0);
  label_rooms(layout);
  return layout;
}

}  // namespace inknav::sketch
