// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <glm/geometric.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "base/philox.h"
#include "scene/grid_outline.h"
#include "scene/robot_map.h"

namespace inknav::scene {
namespace {

using internal::CellRect;
using internal::MaskView;
using internal::Outline;

constexpr double kFloorUnderWalls = 0.1;  // metres; narrower than any body, so nobody stands behind a wall
constexpr double kStaircase = 0.75;       // cells; what a slanted straight wall strays from its own cells
constexpr float kOverlap = 0.002f;  // metres by which floor rectangles overlap, so that no ray slips between

MaskView view(const cv::Mat1b& mask) {
  return {{mask.data, static_cast<std::size_t>(mask.rows) * static_cast<std::size_t>(mask.cols)},
          mask.cols,
          mask.rows};
}

/// Clears the connected patches of `mask` for which keep(area in cells, has a marked cell) is false.
template <typename Keep>
void drop_patches(cv::Mat1b& mask, const cv::Mat1b& marks, int connectivity, Keep keep) {
  cv::Mat1i labels;
  cv::Mat1i stats;
  cv::Mat centroids;
  const int count = cv::connectedComponentsWithStats(mask, labels, stats, centroids, connectivity, CV_32S);
  std::vector<std::uint8_t> marked(static_cast<std::size_t>(count), 0);
  for (int row = 0; row < mask.rows; ++row) {
    for (int column = 0; column < mask.cols; ++column) {
      if (marks(row, column) != 0) marked[static_cast<std::size_t>(labels(row, column))] = 1;
    }
  }
  for (int row = 0; row < mask.rows; ++row) {
    for (int column = 0; column < mask.cols; ++column) {
      const int label = labels(row, column);
      if (!keep(stats(label, cv::CC_STAT_AREA), marked[static_cast<std::size_t>(label)] != 0))
        mask(row, column) = 0;
    }
  }
}

/// A square, not a disc: it keeps the corners of rooms.
cv::Mat1b square(int radius) {
  return cv::getStructuringElement(cv::MORPH_RECT, cv::Size(2 * radius + 1, 2 * radius + 1));
}

/// The free space without noise: gaps in walls closed, dots removed, rays through windows dropped.
cv::Mat1b clean_free_space(const RobotMap& map, const RobotMapOptions& options) {
  const double cell_area = map.resolution * map.resolution;
  const int radius = static_cast<int>(std::lround(options.close_gaps / map.resolution));
  // What lies beyond the picture is solid: the margin lets the closing see it.
  const int margin = radius + 1;
  cv::Mat1b solid(map.height + 2 * margin, map.width + 2 * margin, std::uint8_t{255});
  cv::Mat1b seen(solid.size(), std::uint8_t{0});
  for (int row = 0; row < map.height; ++row) {
    for (int column = 0; column < map.width; ++column) {
      const MapCell cell = map.at(column, row);
      if (cell == MapCell::kFree) solid(row + margin, column + margin) = 0;
      if (cell == MapCell::kOccupied) seen(row + margin, column + margin) = 255;
    }
  }
  if (radius > 0) cv::morphologyEx(solid, solid, cv::MORPH_CLOSE, square(radius));
  drop_patches(solid, seen, 8, [&](int area, bool has_hit) {
    return area * cell_area >= (has_hit ? options.min_obstacle : options.min_unseen);
  });
  const cv::Rect inner(margin, margin, map.width, map.height);
  cv::Mat1b free;
  cv::bitwise_not(solid(inner), free);
  drop_patches(free, seen(inner), 4, [&](int area, bool) { return area * cell_area >= options.min_room; });
  return free;
}

enum MaterialNumber : std::uint32_t { kFloor = 0, kWall = 1, kCeiling = 2, kFurniture = 3 };

constexpr double kChair = 1.0;  // metres; what stands free and is nowhere longer is furniture ...
constexpr double kNarrowest = 0.4, kWidest = 1.6, kLongest = 6.0;  // ... and so is a row of tables

/// Whether the border of the free space goes round something that stands in a room. Pieces of wall between
/// two doors are longer and thinner, pillars' shafts and lifts wider.
bool is_furniture(const Outline& outline, double resolution) {
  double area = 0.0;
  std::vector<cv::Point> points;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const glm::ivec2 a = outline[i], b = outline[(i + 1) % outline.size()];
    area += 0.5 * (static_cast<double>(a.x) * b.y - static_cast<double>(a.y) * b.x);
    points.emplace_back(a.x, a.y);
  }
  if (area > 0.0) return false;  // the border around a free patch
  const cv::Size2f size = cv::minAreaRect(points).size;
  const double longer = resolution * static_cast<double>(std::max(size.width, size.height));
  const double shorter = resolution * static_cast<double>(std::min(size.width, size.height));
  return longer <= kChair || (shorter >= kNarrowest && shorter <= kWidest && longer <= kLongest);
}

/// The solid cell at the edge from a to b, on its left.
cv::Point solid_cell(const glm::ivec2& a, const glm::ivec2& b) {
  if (b.x > a.x) return {a.x, a.y - 1};
  if (b.x < a.x) return {a.x - 1, a.y};
  return b.y > a.y ? cv::Point(a.x, a.y) : cv::Point(a.x - 1, a.y - 1);
}

/// Marks the connected solid cells that the outline goes round.
void mark_solid(const cv::Mat1b& free, const Outline& outline, cv::Mat1b& mask) {
  std::vector<cv::Point> open{solid_cell(outline[0], outline[1])};
  while (!open.empty()) {
    const cv::Point p = open.back();
    open.pop_back();
    if (p.x < 0 || p.y < 0 || p.x >= free.cols || p.y >= free.rows || free(p) != 0 || mask(p) != 0) continue;
    mask(p) = 255;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) open.emplace_back(p.x + dx, p.y + dy);
    }
  }
}

/// A square metre of floor: four tiles with joints and a little grain.
Texture floor_texture() {
  constexpr int kSize = 64;
  constexpr int kTile = 32;
  std::vector<std::uint8_t> pixels;
  base::PhiloxStream random({.seed = 0x666C6F6F72u, .purpose = base::Purpose::kHomeTexture});
  int shade[2][2];
  for (auto& row : shade) {
    for (int& tile : row) tile = random.uniform_int(-8, 8);
  }
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      const bool joint = x % kTile == 0 || y % kTile == 0;
      const int grey = (joint ? -34 : shade[y / kTile][x / kTile]) + random.uniform_int(-5, 5);
      for (const int channel : {158, 146, 128}) pixels.push_back(static_cast<std::uint8_t>(channel + grey));
      pixels.push_back(255);
    }
  }
  return make_texture(kSize, kSize, std::move(pixels));
}

class MapMesh {
 public:
  MapMesh(const RobotMap& map, const RobotMapOptions& options) : map_(map), options_(options) {
    scene_.name = map.name;
    scene_.textures.push_back(floor_texture());
    Material floor;
    floor.texture = 0;
    Material ceiling;
    ceiling.base_color = base::Vec4(0.93f, 0.93f, 0.91f, 1.0f);
    Material furniture;
    furniture.base_color = base::Vec4(0.62f, 0.45f, 0.30f, 1.0f);
    scene_.materials = {floor, Material{}, ceiling, furniture};
  }

  void add_wall(const glm::ivec2& from, const glm::ivec2& to, bool furniture) {
    const base::Vec3 a = map_.world_from_cells(from.x, from.y);
    const base::Vec3 b = map_.world_from_cells(to.x, to.y);
    const base::Vec3 up(0.0f, furniture ? options_.furniture_height : options_.wall_height, 0.0f);
    const base::Vec3 normal = glm::normalize(glm::cross(b - a, up));
    const glm::u8vec4 color = furniture ? glm::u8vec4(225) : wall_color(from, to, normal);
    // Darker towards the floor, as in a lit room.
    const glm::u8vec4 low(color.r * 0.82f, color.g * 0.82f, color.b * 0.82f, 255.0f);
    add_quad({a, b, b + up, a + up}, {low, low, color, color}, furniture ? kFurniture : kWall);
  }

  /// A ceiling faces down, floor and furniture face up.
  void add_slab(const CellRect& rect, float height, MaterialNumber material) {
    const double grow = kOverlap / map_.resolution;
    const base::Vec3 up(0.0f, height, 0.0f);
    const base::Vec3 a = map_.world_from_cells(rect.x0 - grow, rect.y0 - grow) + up;
    const base::Vec3 b = map_.world_from_cells(rect.x0 - grow, rect.y1 + grow) + up;
    const base::Vec3 c = map_.world_from_cells(rect.x1 + grow, rect.y1 + grow) + up;
    const base::Vec3 d = map_.world_from_cells(rect.x1 + grow, rect.y0 - grow) + up;
    const glm::u8vec4 white(255);
    if (material == kCeiling) {
      add_quad({a, d, c, b}, {white, white, white, white}, material);
    } else {
      add_quad({a, b, c, d}, {white, white, white, white}, material);
    }
  }

  Scene take() { return std::move(scene_); }

 private:
  void add_quad(const std::array<base::Vec3, 4>& corners, const std::array<glm::u8vec4, 4>& colors,
                std::uint32_t material) {
    const auto first = static_cast<std::uint32_t>(scene_.positions.size());
    for (std::size_t i = 0; i < 4; ++i) {
      scene_.positions.push_back(corners[i]);
      scene_.uvs.emplace_back(corners[i].x, corners[i].z);  // one texture a metre
      scene_.colors.push_back(colors[i]);
    }
    scene_.triangles.emplace_back(first, first + 1, first + 2);
    scene_.triangles.emplace_back(first, first + 2, first + 3);
    scene_.triangle_material.insert(scene_.triangle_material.end(), 2, material);
  }

  /// Seen walls are warm, borders of the unknown are grey; the direction shades both.
  glm::u8vec4 wall_color(const glm::ivec2& from, const glm::ivec2& to, const base::Vec3& normal) const {
    const float shade = 0.84f + 0.16f * glm::dot(normal, base::Vec3(0.36f, 0.0f, 0.93f));
    const base::Vec3 color = is_seen(from, to) ? base::Vec3(226, 214, 192) : base::Vec3(150, 158, 168);
    return glm::u8vec4(color.r * shade, color.g * shade, color.b * shade, 255.0f);
  }

  /// Whether the robot saw something along this piece of wall: near every fourth sample there is a hit.
  bool is_seen(const glm::ivec2& from, const glm::ivec2& to) const {
    const glm::dvec2 a(from);
    const glm::dvec2 along = glm::dvec2(to) - a;
    const double length = glm::length(along);
    const glm::dvec2 behind = glm::dvec2(along.y, -along.x) / length;  // free space is on the right
    const int samples = 1 + static_cast<int>(length);
    int seen = 0;
    for (int i = 0; i < samples; ++i) {
      const glm::dvec2 p = a + along * ((i + 0.5) / samples);
      bool hit = false;
      for (const double depth : {0.5, 1.5, 2.5, 3.5, -0.5, -1.5}) {
        const glm::dvec2 q = p + depth * behind;
        const int column = static_cast<int>(std::floor(q.x));
        const int row = static_cast<int>(std::floor(q.y));
        hit = hit || (column >= 0 && row >= 0 && column < map_.width && row < map_.height &&
                      map_.at(column, row) == MapCell::kOccupied);
      }
      seen += hit ? 1 : 0;
    }
    return 4 * seen >= samples;
  }

  const RobotMap& map_;
  const RobotMapOptions& options_;
  Scene scene_;
};

}  // namespace

base::Result<ScenePtr> make_robot_map_scene(const RobotMap& map, const RobotMapOptions& options) {
  const cv::Mat1b free = clean_free_space(map, options);
  if (cv::countNonZero(free) == 0) {
    return base::Error{
        base::ErrorCode::kData,
        fmt::format("map '{}': a connected free patch of at least {} square metres is wanted, none is "
                    "there; check negate, free_thresh and resolution",
                    map.name, options.min_room)};
  }
  MapMesh mesh(map, options);
  const double tolerance = std::max(options.simplify / map.resolution, kStaircase);
  const bool low_furniture =
      options.furniture_height > 0.0f && options.furniture_height < options.wall_height;
  cv::Mat1b tops(free.size(), std::uint8_t{0});
  for (const Outline& outline : internal::trace_outlines(view(free))) {
    const Outline corners = internal::simplify_outline(outline, tolerance);
    const bool furniture = low_furniture && is_furniture(outline, map.resolution);
    if (furniture) mark_solid(free, outline, tops);
    for (std::size_t i = 0; i < corners.size(); ++i)
      mesh.add_wall(corners[i], corners[(i + 1) % corners.size()], furniture);
  }
  cv::Mat1b ground;
  cv::dilate(free, ground,
             square(std::max(1, static_cast<int>(std::lround(kFloorUnderWalls / map.resolution)))));
  for (const CellRect& rect : internal::cover_by_rectangles(view(ground))) mesh.add_slab(rect, 0.0f, kFloor);
  for (const CellRect& rect : internal::cover_by_rectangles(view(tops)))
    mesh.add_slab(rect, options.furniture_height, kFurniture);
  if (options.ceiling) {
    cv::bitwise_or(ground, tops, ground);
    for (const CellRect& rect : internal::cover_by_rectangles(view(ground)))
      mesh.add_slab(rect, options.wall_height, kCeiling);
  }
  return finish(mesh.take());
}

}  // namespace inknav::scene
