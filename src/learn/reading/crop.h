// SPDX-License-Identifier: MIT
#pragma once
// Crops: what the agent has seen and what the drawing says, on one metric grid in the body frame.
//
// Grid: cells x cells, row 0 farthest ahead, column 0 farthest left, the agent two thirds down in the middle.
// Output: [cells, cells, 6] u8, row-major: obstacle (kLowObstacle for one that is not tall), free (from the
// occupancy map at the agent's pose), wall, route, start, goal (from the drawing through the belief), all
// bilinear with 8-bit weights, 0 outside. If the belief is right, walls lie on walls. Cost: about 30 us for
// 48 cells. No allocation.

#include <cstdint>
#include <span>
#include <vector>

#include "learn/reading/belief.h"

namespace inknav::learn {

struct CropGrid {
  int cells = 48;
  float metres_per_cell = 0.15f;

  static constexpr int kPlanes = 6;
  int agent_row() const { return cells * 2 / 3; }
  std::size_t bytes() const {
    return static_cast<std::size_t>(cells) * static_cast<std::size_t>(cells) * kPlanes;
  }
  /// Body point (right, forward) of a cell's centre.
  base::Vec2 body_point(int row, int column) const {
    return {(static_cast<float>(column) - 0.5f * static_cast<float>(cells - 1)) * metres_per_cell,
            static_cast<float>(agent_row() - row) * metres_per_cell};
  }
};

/// What furniture shows as in the obstacle plane: people draw walls, and those are tall.
inline constexpr std::uint32_t kLowObstacle = 96;

/// Occupancy map of one agent: [size, size] u8 (0 unknown, 1 free, 2 obstacle, 3 tall obstacle), start pose
/// in cell (size / 2, size / 2), row = backward, column = right.
struct OccupancyGrid {
  const std::uint8_t* cells = nullptr;
  int size = 0;
  float cell_size = 0.1f;  // metres
};

/// The four planes of a drawing with their bytes side by side, so that one load fetches a point of all.
class PackedDrawing {
 public:
  /// planes [4, size, size] u8: wall, route, start, goal.
  void assign(const std::uint8_t* planes, int size);
  int size() const { return size_; }
  const std::uint32_t* data() const { return pixels_.data(); }

 private:
  int size_ = 0;
  std::vector<std::uint32_t> pixels_;
};

void crop_occupancy(const CropGrid& grid, const OccupancyGrid& occupancy, const Odometry& pose,
                    std::uint8_t* out);
void crop_drawing(const CropGrid& grid, const PackedDrawing& drawing, const Belief& belief,
                  std::uint8_t* out);

}  // namespace inknav::learn
