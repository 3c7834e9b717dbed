// SPDX-License-Identifier: MIT
#include "sim/mapper.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "sim/mapper_frame.h"

namespace inknav::sim {

namespace {
constexpr float kInfinity = std::numeric_limits<float>::infinity();
}  // namespace

MapperScratch::MapperScratch(int width)
    : nearest(static_cast<std::size_t>(width)),
      farthest(nearest.size()),
      limit(nearest.size()),
      begin(nearest.size()),
      step_col(nearest.size()),
      step_row(nearest.size()),
      cell(nearest.size()) {}

Mapper::Mapper(const MapperSettings& settings, const render::CameraSpec& camera,
               const base::Vec3& camera_position)
    : settings_(settings), width_(camera.width), height_(camera.height), camera_position_(camera_position) {
  INKNAV_CHECK(settings.grid_size >= 4 && settings.cell_size > 0.0f && settings.max_range > 0.0f,
               settings.grid_size, settings.cell_size, settings.max_range);
  const float half_width = 0.5f * static_cast<float>(width_);
  focal_px_ = half_width / std::tan(0.5f * camera.hfov_deg * base::kPi / 180.0f);
  for (int u = 0; u < width_; ++u) slope_.push_back((static_cast<float>(u) + 0.5f - half_width) / focal_px_);
  obstacles_ = band_of_rows(settings.obstacle_min_height, settings.obstacle_max_height);
  tall_ = band_of_rows(settings.tall_min_height, settings.tall_max_height);
}

std::vector<Mapper::Band> Mapper::band_of_rows(float min_height, float max_height) const {
  std::vector<Band> bands;
  for (int v = 0; v < height_; ++v) {
    const float rise = (0.5f * static_cast<float>(height_) - static_cast<float>(v) - 0.5f) / focal_px_;
    const float to_low = min_height - camera_position_.y;
    const float to_high = max_height - camera_position_.y;
    float from = -kInfinity, to = kInfinity;
    if (rise == 0.0f) {
      if (to_low > 0.0f || to_high < 0.0f) to = -kInfinity;
    } else {
      from = std::min(to_low / rise, to_high / rise);
      to = std::max(to_low / rise, to_high / rise);
    }
    // Above 0: 0 is no hit.
    bands.push_back({std::max(from, std::numeric_limits<float>::min()), std::min(to, settings_.max_range)});
  }
  return bands;
}

Mapper::Frame Mapper::frame(const MapperPose& pose, float yaw) const {
  const float c = std::cos(pose.heading), s = std::sin(pose.heading);
  const float per_cell = 1.0f / settings_.cell_size;
  const float centre = static_cast<float>(settings_.grid_size / 2) + 0.5f;
  const float right = camera_position_.x, forward = -camera_position_.z;
  const float camera_right = pose.right - forward * s + right * c;
  const float camera_forward = pose.forward + forward * c + right * s;
  const float ahead = yaw == 0.0f ? c : std::cos(pose.heading + yaw);
  const float aside = yaw == 0.0f ? s : std::sin(pose.heading + yaw);
  return Frame{
      centre + camera_right * per_cell, centre - camera_forward * per_cell, -aside, -ahead, ahead, -aside};
}

void Mapper::mark_obstacles(const float* depth, const Frame& frame, std::uint8_t* grid,
                            MapperScratch& scratch) const {
  const int size = settings_.grid_size;
  const float per_cell = 1.0f / settings_.cell_size;
  float* nearest = scratch.nearest.data();
  float* farthest = scratch.farthest.data();
  float* step_col = scratch.step_col.data();
  float* step_row = scratch.step_row.data();
  std::int32_t* cell = scratch.cell.data();
  for (int u = 0; u < width_; ++u) {
    nearest[u] = kInfinity;
    farthest[u] = 0.0f;
    const float slope = slope_[static_cast<std::size_t>(u)];
    step_col[u] = (frame.forward_col + slope * frame.right_col) * per_cell;
    step_row[u] = (frame.forward_row + slope * frame.right_row) * per_cell;
  }
  for (int v = 0; v < height_; ++v) {
    const float* row = depth + static_cast<std::ptrdiff_t>(v) * width_;
    const auto [low, high] = obstacles_[static_cast<std::size_t>(v)];
    for (int u = 0; u < width_; ++u) {
      const float d = row[u];
      const bool stands = d >= low && d <= high;
      farthest[u] = std::max(farthest[u], d);
      nearest[u] = stands ? std::min(nearest[u], d) : nearest[u];
      const std::int32_t c = static_cast<std::int32_t>(std::floor(frame.col + d * step_col[u]));
      const std::int32_t r = static_cast<std::int32_t>(std::floor(frame.row + d * step_row[u]));
      const bool inside = (c >= 0) & (c < size) & (r >= 0) & (r < size);
      cell[u] = stands & inside ? r * size + c : -1;
    }
    if (low > high) continue;
    for (int u = 0; u < width_; ++u) {
      if (cell[u] >= 0) grid[cell[u]] = std::max(grid[cell[u]], static_cast<std::uint8_t>(Cell::kObstacle));
    }
  }
  for (int u = 0; u < width_; ++u) {
    const float end = std::min(nearest[u], std::min(farthest[u], settings_.max_range));
    scratch.limit[static_cast<std::size_t>(u)] = end * per_cell - kFreeMargin;
  }
}

void Mapper::mark_tall(const float* depth, const Frame& frame, std::uint8_t* grid,
                       const MapperScratch& scratch) const {
  const int size = settings_.grid_size;
  for (int v = 0; v < height_; ++v) {
    const auto [low, high] = tall_[static_cast<std::size_t>(v)];
    if (low > high) continue;
    const float* row = depth + static_cast<std::ptrdiff_t>(v) * width_;
    for (int u = 0; u < width_; ++u) {
      const float d = row[u];
      if (!(d >= low && d <= high)) continue;
      const auto column = static_cast<std::size_t>(u);
      const int c = static_cast<int>(std::floor(frame.col + d * scratch.step_col[column]));
      const int r = static_cast<int>(std::floor(frame.row + d * scratch.step_row[column]));
      if (c < 0 || r < 0 || c >= size || r >= size) continue;
      std::uint8_t& cell = grid[r * size + c];
      if (cell == static_cast<std::uint8_t>(Cell::kObstacle)) cell = static_cast<std::uint8_t>(Cell::kTall);
    }
  }
}

namespace {
/// Narrows [low, high] to where slope * x + offset >= 0.
void clip(float slope, float offset, float& low, float& high) {
  if (slope > 0.0f) {
    low = std::max(low, -offset / slope);
  } else if (slope < 0.0f) {
    high = std::min(high, -offset / slope);
  } else if (offset < 0.0f) {
    high = -kInfinity;
  }
}
}  // namespace

void Mapper::mark_free(const Frame& frame, std::uint8_t* grid, const MapperScratch& scratch,
                       const float* free_from) const {
  const int size = settings_.grid_size;
  const float far = *std::max_element(scratch.limit.begin(), scratch.limit.end());
  const float half_width = 0.5f * static_cast<float>(width_);
  const float side = half_width / focal_px_;
  const float* limit = scratch.limit.data();
  const int here_col = static_cast<int>(std::floor(frame.col)),
            here_row = static_cast<int>(std::floor(frame.row));
  const int reach = static_cast<int>(std::ceil(std::max(far, 0.0f) * std::sqrt(1.0f + side * side))) + 1;
  const int row_begin = std::max(0, here_row - reach), row_end = std::min(size, here_row + reach + 1);
  for (int r = row_begin; r < row_end; ++r) {
    // Along a row the cell centre's depth and offset to the right are linear in the column.
    const float b = static_cast<float>(r) + 0.5f - frame.row;
    const float depth0 = frame.forward_row * b, right0 = frame.right_row * b;
    float low = static_cast<float>(-reach), high = static_cast<float>(reach);
    clip(frame.forward_col, depth0, low, high);
    clip(-frame.forward_col, far - depth0, low, high);
    clip(side * frame.forward_col - frame.right_col, side * depth0 - right0, low, high);
    clip(side * frame.forward_col + frame.right_col, side * depth0 + right0, low, high);
    if (!(low <= high)) continue;
    // One column of slack on both sides: the exact tests below decide.
    const int begin = std::max(0, here_col + static_cast<int>(std::floor(low)) - 1);
    const int end = std::min(size, here_col + static_cast<int>(std::ceil(high)) + 2);
    std::uint8_t* row = grid + static_cast<std::ptrdiff_t>(r) * size;
    for (int c = begin; c < end; ++c) {
      const float a = static_cast<float>(c) + 0.5f - frame.col;
      const float depth = frame.forward_col * a + depth0;
      const float right = frame.right_col * a + right0;
      if (!(depth > 0.0f)) continue;
      const float u = half_width + focal_px_ * right / depth;
      if (!(u >= 0.0f && u < static_cast<float>(width_))) continue;
      const int level = static_cast<int>(u);
      if (depth <= limit[level] && (free_from == nullptr || depth >= free_from[level]))
        row[c] = std::max(row[c], static_cast<std::uint8_t>(Cell::kFree));
    }
  }
}

void Mapper::extend(const Frame& frame, DirtyBox& dirty) const {
  const float reach = settings_.max_range / settings_.cell_size;
  const float side = 0.5f * static_cast<float>(width_) / focal_px_;
  float low_col = frame.col, high_col = frame.col, low_row = frame.row, high_row = frame.row;
  for (const float sign : {-1.0f, 1.0f}) {
    const float col = frame.col + reach * (frame.forward_col + sign * side * frame.right_col);
    const float row = frame.row + reach * (frame.forward_row + sign * side * frame.right_row);
    low_col = std::min(low_col, col), high_col = std::max(high_col, col);
    low_row = std::min(low_row, row), high_row = std::max(high_row, row);
  }
  extend(base::Vec2(low_col, low_row), base::Vec2(high_col, high_row), dirty);
}

void Mapper::extend(const base::Vec2& low, const base::Vec2& high, DirtyBox& dirty) const {
  const auto bound = [&](float value, int offset) {
    const float limited = std::clamp(value, -2.0f, static_cast<float>(settings_.grid_size) + 2.0f);
    return std::clamp(static_cast<int>(std::floor(limited)) + offset, 0, settings_.grid_size);
  };
  const DirtyBox box{bound(low.y, -1), bound(high.y, 2), bound(low.x, -1), bound(high.x, 2)};
  if (box.empty()) return;
  if (dirty.empty()) {
    dirty = box;
    return;
  }
  dirty.row_begin = std::min(dirty.row_begin, box.row_begin);
  dirty.row_end = std::max(dirty.row_end, box.row_end);
  dirty.col_begin = std::min(dirty.col_begin, box.col_begin);
  dirty.col_end = std::max(dirty.col_end, box.col_end);
}

void Mapper::integrate(const float* depth, const MapperPose& pose, std::uint8_t* grid, DirtyBox& dirty,
                       MapperScratch& scratch) const {
  if (pose.camera != base::Quat(1.0f, 0.0f, 0.0f, 0.0f)) {
    integrate_tilted(depth, pose, grid, dirty, scratch);
    return;
  }
  const Frame camera = frame(pose, 0.0f);
  extend(camera, dirty);
  mark_obstacles(depth, camera, grid, scratch);
  mark_tall(depth, camera, grid, scratch);
  mark_free(camera, grid, scratch, nullptr);
}

void Mapper::clear(std::uint8_t* grid, DirtyBox& dirty) const {
  for (std::int32_t row = dirty.row_begin; row < dirty.row_end; ++row) {
    std::memset(grid + static_cast<std::ptrdiff_t>(row) * settings_.grid_size + dirty.col_begin, 0,
                static_cast<std::size_t>(std::max(0, dirty.col_end - dirty.col_begin)));
  }
  dirty = DirtyBox{};
}

}  // namespace inknav::sim
