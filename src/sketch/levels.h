// SPDX-License-Identifier: MIT
#pragma once
// The synthesis recipe (docs/drawings.md): how far a drawing of each level departs from the plan.
// Angles in degrees, lengths in metres of the world unless they say "paper".

#include <array>

#include "sketch/synthesis.h"

namespace inknav::sketch {

struct LevelRecipe {
  // Whole map.
  float rotation_deg = 0.0f;                  // uniform in +-
  bool quarter_turns = false;                 // plus any multiple of 90 degrees
  float scale_low = 0.0f, scale_high = 0.0f;  // of each axis, uniform
  float shear_deg = 0.0f;                     // uniform in +-
  // Topology-preserving warp.
  float room_sigma = 0.0f;    // of a room's log scale
  float spline_sigma = 0.0f;  // of the 4x4 control points, as part of the longer side
  // Walls.
  float pull_probability = 0.0f;              // that a wall is pulled to the nearest multiple of 45 degrees
  float angle_sigma_deg = 0.0f;               // of one stroke
  float wobble = 0.0f;                        // factor on the human RMS deviation
  float end_sigma = 0.0f;                     // gap or overshoot, of the stroke's length
  float doubled = 0.0f;                       // probability that a stroke is drawn twice
  float width_low = 0.0f, width_high = 0.0f;  // pen width, pixels of 256
  // Content.
  float drop_wall = 0.0f, wrong_door = 0.0f, phantom = 0.0f;  // probabilities per wall, door, wall
  float least_wall = 0.0f;                                    // metres; shorter stubs are not drawn
  // Marks.
  float mark_low = 0.0f, mark_high = 0.0f;  // position error
  float heading_sigma_deg = 0.0f;
  // Photo: upper ends.
  float tilt = 0.0f;   // corner displacement, part of the side
  float shade = 0.0f;  // 0..1
  float blur = 0.0f;   // paper units
  int jpeg_low = 0;    // quality
};

inline constexpr std::array<LevelRecipe, 4> kRecipes{{
    {.scale_low = 1.0f, .scale_high = 1.0f, .width_low = 1.6f, .width_high = 1.6f, .jpeg_low = 90},
    {.rotation_deg = 5.0f,
     .scale_low = 0.9f,
     .scale_high = 1.1f,
     .shear_deg = 3.0f,
     .room_sigma = 0.08f,
     .spline_sigma = 0.02f,
     .pull_probability = 0.3f,
     .angle_sigma_deg = 2.0f,
     .wobble = 0.7f,
     .end_sigma = 0.01f,
     .width_low = 1.0f,
     .width_high = 2.0f,
     .least_wall = 0.15f,
     .mark_low = 0.05f,
     .mark_high = 0.2f,
     .heading_sigma_deg = 8.0f,
     .tilt = 0.03f,
     .shade = 0.25f,
     .blur = 0.0015f,
     .jpeg_low = 60},
    {.rotation_deg = 15.0f,
     .scale_low = 0.75f,
     .scale_high = 1.3f,
     .shear_deg = 8.0f,
     .room_sigma = 0.2f,
     .spline_sigma = 0.05f,
     .pull_probability = 0.6f,
     .angle_sigma_deg = 4.0f,
     .wobble = 1.0f,
     .end_sigma = 0.03f,
     .width_low = 1.0f,
     .width_high = 4.0f,
     .drop_wall = 0.02f,
     .wrong_door = 0.03f,
     .phantom = 0.01f,
     .least_wall = 0.25f,
     .mark_low = 0.15f,
     .mark_high = 0.5f,
     .heading_sigma_deg = 15.0f,
     .tilt = 0.08f,
     .shade = 0.45f,
     .blur = 0.0025f,
     .jpeg_low = 45},
    {.rotation_deg = 15.0f,
     .quarter_turns = true,
     .scale_low = 0.6f,
     .scale_high = 1.6f,
     .shear_deg = 12.0f,
     .room_sigma = 0.35f,
     .spline_sigma = 0.08f,
     .pull_probability = 0.9f,
     .angle_sigma_deg = 5.0f,
     .wobble = 1.5f,
     .end_sigma = 0.05f,
     .doubled = 0.05f,
     .width_low = 1.0f,
     .width_high = 6.0f,
     .drop_wall = 0.05f,
     .wrong_door = 0.08f,
     .phantom = 0.03f,
     .least_wall = 0.4f,
     .mark_low = 0.25f,
     .mark_high = 0.8f,
     .heading_sigma_deg = 30.0f,
     .tilt = 0.15f,
     .shade = 0.6f,
     .blur = 0.004f,
     .jpeg_low = 30},
}};

inline const LevelRecipe& recipe(Level level) { return kRecipes[static_cast<std::size_t>(level)]; }

}  // namespace inknav::sketch
