// SPDX-License-Identifier: MIT
#pragma once
// The synthesis recipe (docs/drawings.md): how far a drawing of each level departs from the plan.
// Angles in degrees, lengths in metres of the world unless they say "paper".

#include <array>

#include "sketch/synthesis.h"

namespace inknav::sketch {

struct LevelRecipe {
  // Whole map.
  float rotation_deg;           // uniform in +-
  bool quarter_turns;           // plus any multiple of 90 degrees
  float scale_low, scale_high;  // of each axis, uniform
  float shear_deg;              // uniform in +-
  // Topology-preserving warp.
  float room_sigma;    // of a room's log scale
  float spline_sigma;  // of the 4x4 control points, as part of the longer side
  // Walls.
  float pull_probability;       // that a wall is pulled to the nearest multiple of 45 degrees
  float angle_sigma_deg;        // of one stroke
  float wobble;                 // factor on the human RMS deviation
  float end_sigma;              // gap or overshoot, of the stroke's length
  float doubled;                // probability that a stroke is drawn twice
  float width_low, width_high;  // pen width, pixels of 256
  // Content.
  float drop_wall, wrong_door, phantom;  // probabilities per wall, door, wall
  // Marks.
  float mark_low, mark_high;  // position error
  float heading_sigma_deg;
  // Photo: upper ends.
  float tilt;    // corner displacement, part of the side
  float shade;   // 0..1
  float blur;    // paper units
  int jpeg_low;  // quality
};

inline constexpr std::array<LevelRecipe, 4> kRecipes{{
    {0, false, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1.6f, 1.6f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 90},
    {5, false, 0.9f, 1.1f, 3, 0.08f, 0.02f, 0.3f, 2,     0.7f,  0.01f,   0,
     1, 2,     0,    0,    0, 0.05f, 0.2f,  8,    0.03f, 0.25f, 0.0015f, 60},
    {15, false, 0.75f, 1.3f,  8,     0.20f, 0.05f, 0.6f, 4,     1.0f,  0.03f,   0,
     1,  4,     0.02f, 0.03f, 0.01f, 0.15f, 0.5f,  15,   0.08f, 0.45f, 0.0025f, 45},
    {15, true, 0.6f,  1.6f,  12,    0.35f, 0.08f, 0.9f, 5,     1.5f, 0.05f,  0.05f,
     1,  6,    0.05f, 0.08f, 0.03f, 0.25f, 0.8f,  30,   0.15f, 0.6f, 0.004f, 30},
}};

inline const LevelRecipe& recipe(Level level) { return kRecipes[static_cast<std::size_t>(level)]; }

}  // namespace inknav::sketch
