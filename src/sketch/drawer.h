// SPDX-License-Identifier: MIT
#pragma once
// Drawer: one person's habits, a pure function of (split, number).
//
// Every habit in HabitRanges is uniform in the range of its split, and the ranges of train, val and test do
// not overlap, so a test drawer is a person whose habits were never seen, not only another seed. What is not
// in HabitRanges (hues, mark shapes, medium) is shared by all splits: it is the vocabulary of the drawings.

#include <array>
#include <cstdint>

#include "sketch/drawing.h"
#include "sketch/synthesis.h"

namespace inknav::sketch {

struct Range {
  float low = 0.0f;
  float high = 0.0f;
};

struct HabitRanges {
  Range slant_deg;   // of near-horizontal strokes, rising to the right positive
  Range pen;         // where in the level's range of widths, 0 fine .. 1 broad
  Range regularity;  // strength of the pull to straight angles, 1 full
  Range tremor;      // factor on the deviation of strokes
  Range roughness;   // share of tremor against bow in a stroke's deviation
  Range taper;       // loss of pressure at a stroke's ends
  Range mark_size;   // radius of start and goal marks, paper units
  Range omission;    // factor on the probabilities of wrong content
};
HabitRanges habit_ranges(DrawerSplit split);

enum class StartGlyph : std::uint8_t { kArrow, kWedge, kOutlineWedge, kChevron };
enum class GoalGlyph : std::uint8_t { kCross, kStar, kCircle };

struct Drawer {
  float slant_deg = 0.0f;
  float upright_deg = 0.0f;  // the same of near-vertical strokes
  float pen = 0.5f;
  float regularity = 1.0f;
  float tremor = 1.0f;
  float roughness = 0.3f;
  float taper = 0.3f;
  float mark_size = 0.016f;
  float omission = 1.0f;
  float overshoot = 0.0f;  // mean of the end error, in units of the level's sigma
  float chaining = 0.3f;   // probability that a corner is drawn without lifting the pen
  float doubling = 0.0f;   // probability that a stroke is drawn twice, beside the level's
  Medium medium = Medium::kPen;
  StartGlyph start_glyph = StartGlyph::kArrow;
  GoalGlyph goal_glyph = GoalGlyph::kCross;
  std::array<std::uint8_t, 3> wall_ink{20, 20, 24};
  std::array<std::uint8_t, 3> route_ink{210, 30, 30};
  std::array<std::uint8_t, 3> start_ink{30, 70, 220};
  std::array<std::uint8_t, 3> goal_ink{140, 40, 180};
};

Drawer make_drawer(DrawerSplit split, std::uint32_t number);

}  // namespace inknav::sketch
