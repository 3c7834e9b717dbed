// SPDX-License-Identifier: MIT
#pragma once
// Synthesis: a person draws the map of a home (spec/sketch.md, "Synthesis recipe").
//
// A Drawer is one person's habits, drawn from its split's parameter ranges; the ranges of train, val and
// test are disjoint. synthesize() is a pure function; the result's Correspondence is exact.
// The mark of start and goal never falls into another room; the door a route uses is never dropped.

#include <cstdint>
#include <vector>

#include "base/geometry.h"
#include "sketch/correspondence.h"
#include "sketch/drawing.h"
#include "sketch/stroke_book.h"
#include "sketch/wall_map.h"

namespace inknav::sketch {

enum class Level : std::uint8_t { kClean = 0, kL1 = 1, kL2 = 2, kL3 = 3 };
enum class DrawerSplit : std::uint8_t { kTrain, kVal, kTest };

struct SynthesisInput {
  const WallMap* walls = nullptr;
  std::vector<base::Vec3> route;  // world polyline start -> goal
  base::Pose start;               // world
  base::Vec3 goal{0.0f};
};

struct SynthesisSettings {
  Level level = Level::kL1;
  DrawerSplit split = DrawerSplit::kTrain;
  float route_probability = 1.0f;       // that the route line is drawn
  float heading_probability = 1.0f;     // that the start mark shows a heading
  bool photo = false;                   // shade, perspective, blur, JPEG
  float walls_probability = 1.0f;       // that the walls are drawn
  const StrokeBook* strokes = nullptr;  // people's strokes, drawn again along the walls; null: made up
};

struct SynthesizedDrawing {
  Drawing drawing;
  Correspondence correspondence;
};

/// `drawer` names one person of the split, `seed` one drawing by that person.
SynthesizedDrawing synthesize(const SynthesisInput& input, const SynthesisSettings& settings,
                              std::uint32_t drawer, std::uint64_t seed);

}  // namespace inknav::sketch
