// SPDX-License-Identifier: MIT
#include "learn/diffusion/goal_places.h"

#include <cmath>

#include "base/geometry.h"

namespace inknav::learn {

std::int64_t goal_places(const DiffusionSettings& settings) {
  if (!settings.enabled || settings.goal_rows == 0 || settings.goal_cols == 0) return 0;
  return std::int64_t{settings.goal_rows} * settings.goal_cols + settings.goal_rays;
}

std::int64_t goal_place_of(const DiffusionSettings& settings, const CropGrid& crop,
                           const base::Vec2& goal_body) {
  const base::Vec2 corner = crop.body_point(0, 0);  // farthest ahead, farthest left
  const float side = static_cast<float>(crop.cells) * crop.metres_per_cell;
  const float half = 0.5f * crop.metres_per_cell;
  const float across = (goal_body.x - corner.x + half) / side;
  const float down = (corner.y + half - goal_body.y) / side;
  if (across >= 0.0f && across < 1.0f && down >= 0.0f && down < 1.0f) {
    const auto row = static_cast<std::int64_t>(down * static_cast<float>(settings.goal_rows));
    const auto col = static_cast<std::int64_t>(across * static_cast<float>(settings.goal_cols));
    return row * settings.goal_cols + col;
  }
  const float sector = 2.0f * base::kPi / static_cast<float>(settings.goal_rays);
  const float bearing = std::atan2(-goal_body.x, goal_body.y);  // left positive
  auto ray = static_cast<std::int64_t>(std::floor(bearing / sector + 0.5f));
  if (ray < 0) ray += settings.goal_rays;
  return std::int64_t{settings.goal_rows} * settings.goal_cols + ray % settings.goal_rays;
}

}  // namespace inknav::learn
