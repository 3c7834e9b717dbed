// SPDX-License-Identifier: MIT
#include "task/habitat/top_down_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "nav/top_down_grid.h"

namespace inknav::task::habitat {

namespace {
constexpr int kThicknessScale = 128;  // cells of resolution a unit of thickness
constexpr int kShades = 245;

int line_thickness(int map_resolution) {
  return std::max((map_resolution * 2 + kThicknessScale / 2) / kThicknessScale, 1);
}

/// Floor cells with a neighbour that is none, or Habitat's outline.
void outline(int rows, int cols, std::vector<std::uint8_t>& values) {
  const std::vector<std::uint8_t> floor = values;
  const auto at = [&](int row, int col) {
    return floor[static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) +
                 static_cast<std::size_t>(col)];
  };
  for (int row = 0; row < rows; ++row) {
    for (int col = 0; col < cols; ++col) {
      if (at(row, col) != kValid) continue;
      const bool edge =
          (row > 0 && at(row - 1, col) != kValid) || (row + 1 < rows && at(row + 1, col) != kValid) ||
          (col > 0 && at(row, col - 1) != kValid) || (col + 1 < cols && at(row, col + 1) != kValid);
      if (edge) {
        values[static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) +
               static_cast<std::size_t>(col)] = kBorder;
      }
    }
  }
}

float square_to_piece(const MapCell& p, const MapCell& a, const MapCell& b) {
  const float x = static_cast<float>(b.col - a.col), y = static_cast<float>(b.row - a.row);
  const float px = static_cast<float>(p.col - a.col), py = static_cast<float>(p.row - a.row);
  const float square = x * x + y * y;
  const float t = square > 0.0f ? std::clamp((px * x + py * y) / square, 0.0f, 1.0f) : 0.0f;
  const float dx = px - t * x, dy = py - t * y;
  return dx * dx + dy * dy;
}
}  // namespace

base::Result<TopDownMap> TopDownMap::create(nav::NavQuery& query, float height,
                                            const TopDownMapSettings& settings) {
  const base::Aabb& bounds = query.mesh().bounds();
  const base::Vec3 span = bounds.size();
  TopDownMap map;
  map.settings_ = settings;
  map.corner_ = bounds.min;
  map.cell_ = std::min(std::abs(span.x), std::abs(span.z)) / static_cast<float>(settings.map_resolution);
  INKNAV_ASSIGN_OR_RETURN(nav::TopDownGrid grid, nav::top_down_grid(query, map.cell_, height));
  map.rows_ = grid.rows;
  map.cols_ = grid.cols;
  map.floor_ = std::move(grid.free);
  map.values_ = map.floor_;
  if (settings.draw_border) outline(map.rows_, map.cols_, map.values_);
  map.seen_.assign(map.values_.size(), settings.fog_of_war ? 0 : 1);
  return map;
}

MapCell TopDownMap::cell_of(const base::Vec3& position) const {
  return {static_cast<int>((position.z - corner_.z) / cell_),
          static_cast<int>((position.x - corner_.x) / cell_)};
}

float TopDownMap::agent_angle(const base::Quat& rotation) {
  const base::Vec3 h = glm::conjugate(rotation) * base::Vec3(0.0f, 0.0f, -1.0f);
  return std::atan2(-h.x, h.z);
}

void TopDownMap::mark(const base::Vec3& position, MapValue value) {
  const int padding = 2 * ((settings_.map_resolution + kThicknessScale - 1) / kThicknessScale);
  const MapCell cell = cell_of(position);
  for (int row = std::max(cell.row - padding, 0); row <= std::min(cell.row + padding, rows_ - 1); ++row) {
    for (int col = std::max(cell.col - padding, 0); col <= std::min(cell.col + padding, cols_ - 1); ++col)
      values_[index(row, col)] = value;
  }
}

void TopDownMap::draw_line(const MapCell& from, const MapCell& to, int thickness, std::uint8_t value) {
  const float radius = 0.5f * static_cast<float>(thickness);
  const int reach = (thickness + 1) / 2;
  const auto [top, bottom] = std::minmax(from.row, to.row);
  const auto [left, right] = std::minmax(from.col, to.col);
  for (int row = std::max(top - reach, 0); row <= std::min(bottom + reach, rows_ - 1); ++row) {
    for (int col = std::max(left - reach, 0); col <= std::min(right + reach, cols_ - 1); ++col) {
      if (square_to_piece({row, col}, from, to) <= radius * radius) values_[index(row, col)] = value;
    }
  }
}

void TopDownMap::draw_lines(std::span<const base::Vec3> points, MapValue value) {
  for (std::size_t i = 1; i < points.size(); ++i)
    draw_line(cell_of(points[i - 1]), cell_of(points[i]), line_thickness(settings_.map_resolution), value);
}

void TopDownMap::draw_path(std::span<const base::Vec3> points) { draw_lines(points, kShortestPath); }

void TopDownMap::draw_box(const base::Aabb& box) {
  const base::Vec3 first(box.min.x, 0.0f, box.min.z), third(box.max.x, 0.0f, box.max.z);
  const base::Vec3 second(first.x, 0.0f, third.z), fourth(third.x, 0.0f, first.z);
  draw_lines(std::array{first, second, third, fourth, first}, kBox);
}

void TopDownMap::begin(const base::Pose& pose_world_agent) {
  last_ = cell_of(pose_world_agent.position);
  if (settings_.fog_of_war) reveal(pose_world_agent);
}

void TopDownMap::step(const base::Pose& pose_world_agent, int step) {
  const int shade = std::min(step * kShades / settings_.max_episode_steps, kShades);
  const MapCell cell = cell_of(pose_world_agent.position);
  draw_line(last_, cell, line_thickness(settings_.map_resolution), static_cast<std::uint8_t>(kTrail + shade));
  last_ = cell;
  if (settings_.fog_of_war) reveal(pose_world_agent);
}

/// Rays so dense that the farthest cells have no gaps; the cell that stops one is not seen.
void TopDownMap::reveal(const base::Pose& pose_world_agent) {
  const float length = settings_.visibility / cell_;  // cells
  const float fov = settings_.fov_deg * base::kPi / 180.0f;
  const float yaw = base::yaw_from_rotation(pose_world_agent.rotation);
  const int rays = static_cast<int>(std::ceil(fov * length)) + 1;
  const MapCell from = cell_of(pose_world_agent.position);
  for (int ray = 0; ray < rays; ++ray) {
    const float angle = yaw - 0.5f * fov + fov * static_cast<float>(ray) / static_cast<float>(rays - 1);
    const base::Vec3 way = base::forward_from_yaw(angle);
    const float steps = length * std::max(std::abs(way.x), std::abs(way.z));
    for (float s = 0.0f; s <= steps; s += 1.0f) {
      const float along = steps > 0.0f ? s / steps * length : 0.0f;
      const int row = from.row + static_cast<int>(std::lround(way.z * along));
      const int col = from.col + static_cast<int>(std::lround(way.x * along));
      if (row < 0 || row >= rows_ || col < 0 || col >= cols_ || floor_[index(row, col)] != kValid) break;
      seen_[index(row, col)] = 1;
    }
  }
}

}  // namespace inknav::task::habitat
