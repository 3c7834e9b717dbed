// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "scene/grid_outline.h"
#include "scene/load.h"

namespace inknav::scene {
namespace {

constexpr double kCell = 0.05;         // metres
constexpr double kMostCells = 8192.0;  // a side; larger scenes get larger cells
constexpr double kBandLow = 0.3;       // metres above the lowest point: what stops a body
constexpr double kBandHigh = 1.6;
constexpr double kDoor = 0.5;  // metres; half the width of the widest gap that still counts as closed
constexpr double kEnclosedShare =
    0.1;                            // of the bounds; with less, the scene is not a building with an inside
constexpr float kOverlap = 0.002f;  // metres by which floor rectangles overlap

/// The part of a triangle between two heights, seen from above (x, z).
std::vector<glm::dvec2> band_section(const std::array<glm::dvec3, 3>& corners, double low, double high) {
  std::vector<glm::dvec3> polygon(corners.begin(), corners.end());
  for (const double sign : {1.0, -1.0}) {
    const double limit = sign > 0.0 ? low : high;
    std::vector<glm::dvec3> kept;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      const glm::dvec3& a = polygon[i];
      const glm::dvec3& b = polygon[(i + 1) % polygon.size()];
      const double da = sign * (a.y - limit);
      const double db = sign * (b.y - limit);
      if (da >= 0.0) kept.push_back(a);
      if ((da < 0.0) != (db < 0.0)) kept.push_back(a + (b - a) * (da / (da - db)));
    }
    polygon = std::move(kept);
  }
  std::vector<glm::dvec2> section;
  for (const glm::dvec3& p : polygon) section.emplace_back(p.x, p.z);
  return section;
}

/// A raster of the bounds with a margin all around, so that the outside is connected.
struct Raster {
  double cell = kCell;
  int margin = 0;
  base::Aabb bounds;
  cv::Size size;

  explicit Raster(const base::Aabb& b) : bounds(b) {
    const base::Vec3 span = bounds.size();
    cell = std::max(kCell, static_cast<double>(std::max(span.x, span.z)) / kMostCells);
    margin = radius() + 2;
    size = cv::Size(static_cast<int>(std::ceil(span.x / cell)) + 2 * margin,
                    static_cast<int>(std::ceil(span.z / cell)) + 2 * margin);
  }
  int radius() const { return static_cast<int>(std::lround(kDoor / cell)); }
  double column(double x) const { return (x - bounds.min.x) / cell + margin; }
  double row(double z) const { return (z - bounds.min.z) / cell + margin; }
  float x(double column) const { return static_cast<float>(bounds.min.x + (column - margin) * cell); }
  float z(double row) const { return static_cast<float>(bounds.min.z + (row - margin) * cell); }
};

cv::Mat1b draw_walls(const Scene& scene, const Raster& raster) {
  constexpr int kShift = 8;  // OpenCV takes coordinates in 1/256 pixel; pixel centres are whole numbers
  cv::Mat1b walls(raster.size, std::uint8_t{0});
  const double low = raster.bounds.min.y + kBandLow;
  const double high = raster.bounds.min.y + kBandHigh;
  std::vector<cv::Point> points;
  for (const glm::u32vec3& t : scene.triangles) {
    const std::array<glm::dvec3, 3> corners = {
        glm::dvec3(scene.positions[t.x]), glm::dvec3(scene.positions[t.y]), glm::dvec3(scene.positions[t.z])};
    points.clear();
    for (const glm::dvec2& p : band_section(corners, low, high)) {
      points.emplace_back(static_cast<int>(std::lround((raster.column(p.x) - 0.5) * (1 << kShift))),
                          static_cast<int>(std::lround((raster.row(p.y) - 0.5) * (1 << kShift))));
    }
    if (!points.empty()) cv::fillConvexPoly(walls, points, cv::Scalar(255), cv::LINE_8, kShift);
  }
  return walls;
}

/// Everything that cannot be reached from beyond the bounds when gaps up to a door's width are closed; walls
/// too.
cv::Mat1b enclosed_part(const cv::Mat1b& walls, int radius) {
  const cv::Mat square = cv::getStructuringElement(cv::MORPH_RECT, cv::Size(2 * radius + 1, 2 * radius + 1));
  cv::Mat1b outside;
  cv::dilate(walls, outside, square);
  cv::floodFill(outside, cv::Point(0, 0), cv::Scalar(128));
  cv::compare(outside, 128, outside, cv::CMP_EQ);
  cv::dilate(outside, outside, square);  // back to the walls, never through them
  outside.setTo(0, walls);
  cv::Mat1b inside;
  cv::bitwise_not(outside, inside);
  return inside;
}

}  // namespace

void add_ground_plane(Scene& scene) {
  base::Aabb bounds;
  for (const base::Vec3& p : scene.positions) bounds.extend(p);
  const base::Vec3 span = bounds.size();
  if (bounds.empty() || !std::isfinite(span.x) || !std::isfinite(span.z)) return;

  std::vector<std::array<float, 4>> floor = {{bounds.min.x, bounds.min.z, bounds.max.x, bounds.max.z}};
  const Raster raster(bounds);
  const cv::Mat1b walls = draw_walls(scene, raster);
  const cv::Mat1b inside = enclosed_part(walls, raster.radius());
  const double enclosed = (cv::countNonZero(inside) - cv::countNonZero(walls)) * raster.cell * raster.cell;
  if (enclosed > kEnclosedShare * span.x * span.z) {
    floor.clear();
    const internal::MaskView mask{{inside.data, inside.total()}, inside.cols, inside.rows};
    for (const internal::CellRect& r : internal::cover_by_rectangles(mask)) {
      floor.push_back({std::max(raster.x(r.x0) - kOverlap, bounds.min.x),
                       std::max(raster.z(r.y0) - kOverlap, bounds.min.z),
                       std::min(raster.x(r.x1) + kOverlap, bounds.max.x),
                       std::min(raster.z(r.y1) + kOverlap, bounds.max.z)});
    }
  }
  const float y = bounds.min.y;
  for (const auto& [x0, z0, x1, z1] : floor) {
    if (x0 >= x1 || z0 >= z1) continue;
    const auto first = static_cast<std::uint32_t>(scene.positions.size());
    scene.positions.insert(scene.positions.end(), {{x0, y, z0}, {x0, y, z1}, {x1, y, z1}, {x1, y, z0}});
    scene.triangles.emplace_back(first, first + 1, first + 2);
    scene.triangles.emplace_back(first, first + 2, first + 3);
  }
  if (!scene.uvs.empty()) scene.uvs.resize(scene.positions.size(), base::Vec2(0.0f));
  if (!scene.colors.empty()) scene.colors.resize(scene.positions.size(), glm::u8vec4(255));
  Material material;
  material.base_color = base::Vec4(0.55f, 0.50f, 0.44f, 1.0f);
  scene.triangle_material.resize(scene.triangles.size(), static_cast<std::uint32_t>(scene.materials.size()));
  scene.materials.push_back(material);
}

}  // namespace inknav::scene
