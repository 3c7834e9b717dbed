// SPDX-License-Identifier: MIT
#include "sketch/wall_map.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "sketch/opencv_threads.h"
#include "sketch/skeleton.h"
#include "sketch/slice.h"
#include "sketch/wall_lines.h"

namespace inknav::sketch {
namespace {

using base::Vec2;
using Vec = glm::dvec2;

constexpr float kLowSlice = 0.5f;         // metres above the floor
constexpr float kHighShare = 0.9f;        // of the wall height
constexpr float kLeastHeight = 1.2f;      // metres; what is lower is sliced once
constexpr double kFinestCell = 0.025;     // metres
constexpr int kMostCells = 3000;          // along the longer side
constexpr double kThickest = 0.30;        // metres between the faces of one wall
constexpr double kThickestCoarse = 0.40;  // the same when parallel walls are to be merged (tolerance of L3)

/// The plan raster that both slices share.
struct Raster {
  Vec min{0.0};
  double cell = kFinestCell;
  int width = 0, height = 0;

  cv::Point2d to_cells(const Vec& world) const {
    const Vec q = (world - min) / cell;
    return {q.x, q.y};
  }
  Vec to_world(const cv::Point2d& cells) const { return min + cell * Vec(cells.x, cells.y); }
};

Raster make_raster(const std::vector<PlanSegment>& segments) {
  Vec low(1e30), high(-1e30);
  for (const PlanSegment& s : segments) {
    low = glm::min(low, glm::min(Vec(s.a), Vec(s.b)));
    high = glm::max(high, glm::max(Vec(s.a), Vec(s.b)));
  }
  Raster raster;
  const Vec size = high - low;
  raster.cell = std::max(kFinestCell, std::max(size.x, size.y) / kMostCells);
  const double margin = kThickestCoarse + 4.0 * raster.cell;
  raster.min = low - margin;
  raster.width = static_cast<int>(std::ceil((size.x + 2.0 * margin) / raster.cell)) + 1;
  raster.height = static_cast<int>(std::ceil((size.y + 2.0 * margin) / raster.cell)) + 1;
  return raster;
}

/// Faces drawn and the space between faces closer than `thickness` filled.
cv::Mat solid_mask(const Raster& raster, const std::vector<PlanSegment>& segments, double thickness) {
  cv::Mat mask = cv::Mat::zeros(raster.height, raster.width, CV_8U);
  constexpr int kShift = 4;  // sub-cell coordinates
  const auto fixed = [&raster](const Vec2& p) {
    const cv::Point2d q = raster.to_cells(Vec(p));
    // Pixel centres are at whole numbers for cv::line, at halves here.
    return cv::Point(static_cast<int>(std::lround((q.x - 0.5) * (1 << kShift))),
                     static_cast<int>(std::lround((q.y - 0.5) * (1 << kShift))));
  };
  for (const PlanSegment& s : segments)
    cv::line(mask, fixed(s.a), fixed(s.b), cv::Scalar(255), 1, cv::LINE_8, kShift);
  const int kernel = 2 * std::max(1, static_cast<int>(std::lround(0.5 * thickness / raster.cell))) + 1;
  cv::morphologyEx(mask, mask, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_RECT, cv::Size(kernel, kernel)), cv::Point(-1, -1), 1,
                   cv::BORDER_CONSTANT, cv::Scalar(0));
  return mask;
}

/// Skeleton of the mask as polylines in the world, between junctions.
std::vector<std::vector<Vec>> centre_lines(const Raster& raster, const cv::Mat& mask, double spur) {
  SkeletonGraph graph = trace_skeleton(thin(mask));
  prune_spurs(graph, spur / raster.cell);
  std::vector<std::vector<Vec>> lines;
  for (const SkeletonEdge& edge : graph.edges) {
    std::vector<Vec> line;
    for (const cv::Point& p : edge.pixels) line.push_back(raster.to_world({p.x + 0.5, p.y + 0.5}));
    lines.push_back(std::move(line));
  }
  return lines;
}

base::Aabb floor_bounds(const scene::Scene& scene, const WallMap& map, float floor_y) {
  base::Aabb bounds;
  for (const PlanSegment& wall : map.walls) {
    bounds.extend({wall.a.x, floor_y, wall.a.y});
    bounds.extend({wall.b.x, floor_y, wall.b.y});
  }
  return bounds.empty() ? scene.bounds : bounds;
}

}  // namespace

WallMap extract_walls(const scene::Scene& scene, float floor_y, float tolerance) {
  keep_opencv_on_this_thread();
  WallMap map;
  const float height = wall_height(scene, floor_y);
  const std::vector<PlanSegment> low =
      slice(scene, floor_y + std::min(kLowSlice, 0.5f * std::max(height, 0.1f)));
  const bool two_slices = height >= kLeastHeight;
  const std::vector<PlanSegment> high =
      two_slices ? slice(scene, floor_y + kHighShare * height) : std::vector<PlanSegment>();
  if (low.empty() && high.empty()) {
    map.bounds = scene.bounds;
    return map;
  }
  const bool coarse = tolerance >= 0.15f;
  const double thickness = coarse ? kThickestCoarse : kThickest;
  // The lines run where walls stand high, over the doors' lintels too; where nothing stands low they are
  // doors.
  const std::vector<PlanSegment>& outline = high.empty() ? low : high;
  std::vector<PlanSegment> both = low;
  both.insert(both.end(), high.begin(), high.end());
  const Raster raster = make_raster(both);
  const cv::Mat standing = solid_mask(raster, outline, thickness);
  cv::Mat low_mask = solid_mask(raster, low, thickness);
  const auto stands_low = [&](const Vec& p) {
    const cv::Point2d q = raster.to_cells(p);
    const cv::Point cell(static_cast<int>(std::floor(q.x)), static_cast<int>(std::floor(q.y)));
    return cell.x >= 0 && cell.y >= 0 && cell.x < low_mask.cols && cell.y < low_mask.rows &&
           low_mask.at<std::uint8_t>(cell) != 0;
  };
  LineSettings settings;
  settings.tolerance = std::max(static_cast<double>(tolerance), 1.5 * raster.cell);
  settings.step = raster.cell;
  settings.half_thickness = 0.06;
  const auto depth_at = [&, depth = [&] {
    cv::Mat distance;
    cv::distanceTransform(standing, distance, cv::DIST_L2, 5);
    return distance;
  }()](const Vec& p) {
    const cv::Point2d q = raster.to_cells(p);
    const cv::Point cell(std::clamp(static_cast<int>(q.x), 0, depth.cols - 1),
                         std::clamp(static_cast<int>(q.y), 0, depth.rows - 1));
    return static_cast<double>(depth.at<float>(cell)) * raster.cell;
  };
  const std::vector<Line> straight =
      straight_lines(centre_lines(raster, standing, 0.8 * thickness), settings, depth_at);
  cut_at_doors(straight, settings, stands_low, map);
  find_open_gaps(settings, map);
  map.bounds = floor_bounds(scene, map, floor_y);
  return map;
}

}  // namespace inknav::sketch
