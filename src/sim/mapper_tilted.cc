// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/mapper.h"
#include "sim/mapper_frame.h"

namespace inknav::sim {

/// One metre along the optical axis, one to the image's right and one up, as (right, up, forward) of the
/// level camera that stands at the same place and looks the same way.
struct Mapper::Tilted {
  float yaw;  // of the level camera against the agent
  base::Vec3 axis, right, up;

  explicit Tilted(const base::Quat& camera) {
    const base::Vec3 ahead = camera * base::Vec3(0.0f, 0.0f, -1.0f);
    const base::Vec3 top = camera * base::Vec3(0.0f, 1.0f, 0.0f);
    // Straight up or down the image's top edge says which way is ahead, or its bottom edge.
    constexpr float kLevelEnough = 1.0e-3f;
    const bool vertical = std::hypot(ahead.x, ahead.z) < kLevelEnough;
    const base::Vec3 way = !vertical ? ahead : ahead.y < 0.0f ? top : -top;
    yaw = std::atan2(-way.x, -way.z);
    axis = level(ahead);
    right = level(camera * base::Vec3(1.0f, 0.0f, 0.0f));
    up = level(top);
  }

 private:
  base::Vec3 level(const base::Vec3& v) const {
    const float c = std::cos(yaw), s = std::sin(yaw);
    return {v.x * c - v.z * s, v.y, -v.x * s - v.z * c};
  }
};

template <typename Visit>
void Mapper::each_ray(const float* depth, const Tilted& camera, const Visit& visit) const {
  for (int v = 0; v < height_; ++v) {
    const float rise = (0.5f * static_cast<float>(height_) - static_cast<float>(v) - 0.5f) / focal_px_;
    const base::Vec3 row_axis = camera.axis + rise * camera.up;
    const float* row = depth + static_cast<std::ptrdiff_t>(v) * width_;
    for (int u = 0; u < width_; ++u) {
      if (row[u] > 0.0f)
        visit(row[u], row[u] * (row_axis + slope_[static_cast<std::size_t>(u)] * camera.right));
    }
  }
}

std::uint8_t* Mapper::cell_at(const Frame& frame, const base::Vec3& way, std::uint8_t* grid) const {
  const float per_cell = 1.0f / settings_.cell_size;
  const float col = frame.col + (way.z * frame.forward_col + way.x * frame.right_col) * per_cell;
  const float row = frame.row + (way.z * frame.forward_row + way.x * frame.right_row) * per_cell;
  const int c = static_cast<int>(std::floor(col)), r = static_cast<int>(std::floor(row));
  const int size = settings_.grid_size;
  return c < 0 || r < 0 || c >= size || r >= size ? nullptr : grid + r * size + c;
}

void Mapper::mark_tilted(const float* depth, const Tilted& camera, const Frame& frame, std::uint8_t* grid,
                         MapperScratch& scratch) const {
  const float per_cell = 1.0f / settings_.cell_size;
  const float half_width = 0.5f * static_cast<float>(width_);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::fill(scratch.nearest.begin(), scratch.nearest.end(), kInfinity);
  std::fill(scratch.begin.begin(), scratch.begin.end(), kInfinity);
  std::fill(scratch.farthest.begin(), scratch.farthest.end(), 0.0f);
  each_ray(depth, camera, [&](float d, const base::Vec3& way) {
    const float height = camera_position_.y + way.y;
    if (height > settings_.obstacle_max_height) return;
    const bool stands = height >= settings_.obstacle_min_height && d <= settings_.max_range;
    if (stands) {
      std::uint8_t* cell = cell_at(frame, way, grid);
      if (cell != nullptr) *cell = std::max(*cell, static_cast<std::uint8_t>(Cell::kObstacle));
    }
    const float column = way.z > 0.0f ? half_width + focal_px_ * way.x / way.z : -1.0f;
    if (!(column >= 0.0f && column < static_cast<float>(width_))) return;
    const auto level = static_cast<std::size_t>(column);
    scratch.farthest[level] = std::max(scratch.farthest[level], way.z);
    scratch.begin[level] = std::min(scratch.begin[level], way.z * per_cell);
    if (stands) scratch.nearest[level] = std::min(scratch.nearest[level], way.z);
  });
  for (std::size_t u = 0; u < scratch.limit.size(); ++u) {
    const float end = std::min({scratch.nearest[u], scratch.farthest[u], settings_.max_range});
    scratch.limit[u] = end * per_cell - kFreeMargin;
  }
}

void Mapper::mark_tilted_tall(const float* depth, const Tilted& camera, const Frame& frame,
                              std::uint8_t* grid) const {
  each_ray(depth, camera, [&](float d, const base::Vec3& way) {
    const float height = camera_position_.y + way.y;
    if (d > settings_.max_range || height < settings_.tall_min_height || height > settings_.tall_max_height)
      return;
    std::uint8_t* cell = cell_at(frame, way, grid);
    if (cell != nullptr && *cell == static_cast<std::uint8_t>(Cell::kObstacle))
      *cell = static_cast<std::uint8_t>(Cell::kTall);
  });
}

void Mapper::integrate_tilted(const float* depth, const MapperPose& pose, std::uint8_t* grid, DirtyBox& dirty,
                              MapperScratch& scratch) const {
  const Tilted camera(pose.camera);
  const Frame level = frame(pose, camera.yaw);
  const float wide = 0.5f * static_cast<float>(width_) / focal_px_;
  const float high = 0.5f * static_cast<float>(height_) / focal_px_;
  // No point of a trusted depth is farther, nor is a cell that its column clears.
  const float reach = settings_.max_range / settings_.cell_size * std::sqrt(1.0f + wide * wide + high * high);
  extend(base::Vec2(level.col - reach, level.row - reach), base::Vec2(level.col + reach, level.row + reach),
         dirty);
  mark_tilted(depth, camera, level, grid, scratch);
  mark_tilted_tall(depth, camera, level, grid);
  mark_free(level, grid, scratch, scratch.begin.data());
}

}  // namespace inknav::sim
