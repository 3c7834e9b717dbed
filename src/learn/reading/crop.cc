// SPDX-License-Identifier: MIT
#include "learn/reading/crop.h"

#include <cmath>
#include <cstring>

namespace inknav::learn {
namespace {

struct Taps {
  int x, y;
  std::uint32_t weight[4];  // of (x, y), (x+1, y), (x, y+1), (x+1, y+1); their sum is 256
};

inline Taps taps_at(float x, float y) {
  const float fx = std::floor(x), fy = std::floor(y);
  Taps taps;
  taps.x = static_cast<int>(fx);
  taps.y = static_cast<int>(fy);
  const auto wx = static_cast<std::uint32_t>((x - fx) * 16.0f);
  const auto wy = static_cast<std::uint32_t>((y - fy) * 16.0f);
  taps.weight[0] = (16 - wx) * (16 - wy);
  taps.weight[1] = wx * (16 - wy);
  taps.weight[2] = (16 - wx) * wy;
  taps.weight[3] = wx * wy;
  return taps;
}

/// Bytes of a pixel in four 16-bit lanes.
inline std::uint64_t spread(std::uint32_t pixel) {
  const std::uint64_t wide = pixel;
  return (wide & 0xFFull) | ((wide & 0xFF00ull) << 8) | ((wide & 0xFF0000ull) << 16) |
         ((wide & 0xFF000000ull) << 24);
}

}  // namespace

void PackedDrawing::assign(const std::uint8_t* planes, int size) {
  size_ = size;
  const std::size_t count = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  pixels_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    pixels_[i] = static_cast<std::uint32_t>(planes[i]) |
                 (static_cast<std::uint32_t>(planes[count + i]) << 8) |
                 (static_cast<std::uint32_t>(planes[2 * count + i]) << 16) |
                 (static_cast<std::uint32_t>(planes[3 * count + i]) << 24);
  }
}

void crop_occupancy(const CropGrid& grid, const OccupancyGrid& occupancy, const Odometry& pose,
                    std::uint8_t* out) {
  // Lane 0 obstacle, lane 1 (16 bits up) free.
  constexpr std::uint32_t kLanes[4] = {0u, 255u << 16, kLowObstacle, 255u};
  const float c = std::cos(pose.yaw), s = std::sin(pose.yaw);
  const float scale = grid.metres_per_cell / occupancy.cell_size;
  const float centre = static_cast<float>(occupancy.size / 2);
  const float mid = 0.5f * static_cast<float>(grid.cells - 1);
  const float ahead = static_cast<float>(grid.agent_row());
  const float x0 = centre + pose.right / occupancy.cell_size,
              y0 = centre - pose.forward / occupancy.cell_size;
  for (int row = 0; row < grid.cells; ++row) {
    const float f = (ahead - static_cast<float>(row)) * scale;
    for (int column = 0; column < grid.cells; ++column, out += CropGrid::kPlanes) {
      const float r = (static_cast<float>(column) - mid) * scale;
      const Taps taps = taps_at(x0 + r * c - f * s, y0 - r * s - f * c);
      if (taps.x < 0 || taps.y < 0 || taps.x + 1 >= occupancy.size || taps.y + 1 >= occupancy.size) {
        out[0] = out[1] = 0;
        continue;
      }
      const std::uint8_t* cell =
          occupancy.cells + static_cast<std::ptrdiff_t>(taps.y) * occupancy.size + taps.x;
      const std::uint32_t sum = (kLanes[cell[0] & 3] * taps.weight[0]) +
                                (kLanes[cell[1] & 3] * taps.weight[1]) +
                                (kLanes[cell[occupancy.size] & 3] * taps.weight[2]) +
                                (kLanes[cell[occupancy.size + 1] & 3] * taps.weight[3]);
      out[0] = static_cast<std::uint8_t>((sum >> 8) & 0xFF);
      out[1] = static_cast<std::uint8_t>(sum >> 24);
    }
  }
}

void crop_drawing(const CropGrid& grid, const PackedDrawing& drawing, const Belief& belief,
                  std::uint8_t* out) {
  const int size = drawing.size();
  const float pixels = static_cast<float>(size);
  const base::Vec2 right = belief.right * (pixels * grid.metres_per_cell);
  const base::Vec2 forward = belief.forward * (pixels * grid.metres_per_cell);
  const float mid = 0.5f * static_cast<float>(grid.cells - 1);
  const float ahead = static_cast<float>(grid.agent_row());
  const float x0 = belief.position.x * pixels - 0.5f, y0 = belief.position.y * pixels - 0.5f;
  const std::uint32_t* data = drawing.data();
  for (int row = 0; row < grid.cells; ++row) {
    const float f = ahead - static_cast<float>(row);
    for (int column = 0; column < grid.cells; ++column, out += CropGrid::kPlanes) {
      const float r = static_cast<float>(column) - mid;
      const float x = x0 + right.x * r + forward.x * f, y = y0 + right.y * r + forward.y * f;
      if (!(x >= 0.0f && y >= 0.0f && x < pixels - 1.0f && y < pixels - 1.0f)) {
        std::memset(out + 2, 0, 4);
        continue;
      }
      const Taps taps = taps_at(x, y);
      const std::uint32_t* pixel = data + static_cast<std::ptrdiff_t>(taps.y) * size + taps.x;
      const std::uint64_t sum = spread(pixel[0]) * taps.weight[0] + spread(pixel[1]) * taps.weight[1] +
                                spread(pixel[size]) * taps.weight[2] +
                                spread(pixel[size + 1]) * taps.weight[3];
      out[2] = static_cast<std::uint8_t>(sum >> 8);
      out[3] = static_cast<std::uint8_t>(sum >> 24);
      out[4] = static_cast<std::uint8_t>(sum >> 40);
      out[5] = static_cast<std::uint8_t>(sum >> 56);
    }
  }
}

}  // namespace inknav::learn
