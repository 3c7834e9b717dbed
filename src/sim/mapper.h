// SPDX-License-Identifier: MIT
#pragma once
// Mapper: depth images -> an occupancy grid in the agent's start frame.
//
// Grid [G, G] u8: 0 unknown, 1 free, 2 obstacle, 3 tall obstacle. The start lies at the centre of cell (G/2,
// G/2); a point (forward, right) metres of the start frame falls into row G/2 + floor(-forward / cell + 0.5)
// and column G/2 + floor(right / cell + 0.5). What falls outside the grid is dropped. One frame: a pixel
// within max_range whose point stands between the obstacle heights makes its cell an obstacle; then one whose
// point stands between the tall heights makes its cell tall if it is an obstacle: what reaches from hip to
// above the head is a wall or a cupboard, while a door's lintel stands over no obstacle. Each image column is
// free up to half a cell before its nearest such point, or, when it shows none, up to the farthest thing it
// shows; a cell whose centre lies in the free part of its column becomes free. Pixels without a hit (0) say
// nothing. Law: cells only rise (unknown < free < obstacle < tall), because the world does not move and depth
// is exact, so one grazing ray never clears a wall, and mapping a frame twice equals mapping it once. With a
// camera that does not look level, its points are sorted into the columns of a level one at the same place;
// a column's free part is then made of points below the obstacles' greatest height alone and begins at the
// nearest of them, for what stands before it was not seen (mapper_tilted.cc).
// Threads: const, scratch is the caller's; no allocation after MapperScratch is made.

#include <cstdint>
#include <vector>

#include "base/geometry.h"
#include "render/renderer.h"

namespace inknav::sim {

struct MapperSettings {
  bool enabled = true;
  int grid_size = 512;               // cells a side
  float cell_size = 0.1f;            // metres
  float max_range = 5.0f;            // metres of depth that are trusted
  float obstacle_min_height = 0.2f;  // above the floor, metres
  float obstacle_max_height = 1.5f;
  float tall_min_height = 1.9f;  // above what a person leans on or sits at
  float tall_max_height = 2.3f;  // below ceilings
};

enum class Cell : std::uint8_t { kUnknown = 0, kFree = 1, kObstacle = 2, kTall = 3 };

/// Half-open box of cells that may differ from unknown.
struct DirtyBox {
  std::int32_t row_begin = 0, row_end = 0;
  std::int32_t col_begin = 0, col_end = 0;
  bool empty() const { return row_begin >= row_end || col_begin >= col_end; }
};

/// The agent in its start frame: (forward, right) metres and heading, left positive (gps and compass).
struct MapperPose {
  float forward = 0.0f;
  float right = 0.0f;
  float heading = 0.0f;
  base::Quat camera{1.0f, 0.0f, 0.0f, 0.0f};  // in the agent's frame
};

struct MapperScratch {
  explicit MapperScratch(int width);
  std::vector<float> nearest;   // [width] depth of the nearest obstacle point
  std::vector<float> farthest;  // [width]
  std::vector<float> limit;     // [width] free up to here, in cells
  std::vector<float> begin;     // [width] free from here on, in cells; of a tilted camera
  std::vector<float> step_col;  // [width] cells a metre of depth
  std::vector<float> step_row;
  std::vector<std::int32_t> cell;  // [width] cells of one image row
};

class Mapper {
 public:
  /// `camera_position` in the agent's frame (x right, y up, z back), metres.
  Mapper(const MapperSettings& settings, const render::CameraSpec& camera, const base::Vec3& camera_position);

  /// `depth` [H, W] metres along the axis, 0 where nothing was hit. `grid` [G, G].
  void integrate(const float* depth, const MapperPose& pose, std::uint8_t* grid, DirtyBox& dirty,
                 MapperScratch& scratch) const;
  /// All cells unknown again; costs the dirty box, not the grid.
  void clear(std::uint8_t* grid, DirtyBox& dirty) const;

  const MapperSettings& settings() const { return settings_; }

 private:
  struct Frame;  // camera in grid units
  /// `yaw`: of the axes against the agent's.
  Frame frame(const MapperPose& pose, float yaw) const;
  struct Band {  // depths at which an image row's ray is at certain heights; empty when low > high
    float low, high;
  };
  std::vector<Band> band_of_rows(float min_height, float max_height) const;
  void mark_obstacles(const float* depth, const Frame& frame, std::uint8_t* grid,
                      MapperScratch& scratch) const;
  void mark_tall(const float* depth, const Frame& frame, std::uint8_t* grid,
                 const MapperScratch& scratch) const;
  /// `free_from` [width]: cells before which nothing becomes free; null: there are none.
  void mark_free(const Frame& frame, std::uint8_t* grid, const MapperScratch& scratch,
                 const float* free_from) const;
  void extend(const Frame& frame, DirtyBox& dirty) const;
  /// Adds the cells from (low_col, low_row) to (high_col, high_row) and one around them.
  void extend(const base::Vec2& low, const base::Vec2& high, DirtyBox& dirty) const;
  void integrate_tilted(const float* depth, const MapperPose& pose, std::uint8_t* grid, DirtyBox& dirty,
                        MapperScratch& scratch) const;
  struct Tilted;
  /// visit(depth, way) of each pixel that has a depth; `way` leads there from the camera, as (right, up,
  /// forward) of the level camera.
  template <typename Visit>
  void each_ray(const float* depth, const Tilted& camera, const Visit& visit) const;
  /// The cell at the end of such a way; nullptr outside the grid.
  std::uint8_t* cell_at(const Frame& frame, const base::Vec3& way, std::uint8_t* grid) const;
  void mark_tilted(const float* depth, const Tilted& camera, const Frame& frame, std::uint8_t* grid,
                   MapperScratch& scratch) const;
  void mark_tilted_tall(const float* depth, const Tilted& camera, const Frame& frame,
                        std::uint8_t* grid) const;

  MapperSettings settings_;
  int width_;
  int height_;
  float focal_px_;
  base::Vec3 camera_position_;
  std::vector<float> slope_;     // [width] right metres a metre of depth
  std::vector<Band> obstacles_;  // [height]
  std::vector<Band> tall_;       // [height]
};

}  // namespace inknav::sim
