// SPDX-License-Identifier: MIT
#pragma once
// Rasteriser and reader: vectors -> the picture a person would have handed in, and a picture (ours or a
// stranger's photograph) -> the planes that a policy reads.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scene/image.h"
#include "sketch/drawing.h"

namespace inknav::sketch {

/// RGB picture, size x size, pen character and paper included. Deterministic.
scene::Image rasterize(const Drawing& drawing, int size);

/// Padded with white to a centred square, area-resized to 512 x 512 RGB (spec/cli-config.md, "Dataset").
scene::Image normalize_picture(const scene::Image& picture);

/// What a reader extracts from a normalised picture: ink by colour class, area-averaged to size x size,
/// and the marks. 0 = paper, 255 = full ink.
struct ReadPlanes {
  static constexpr int kNumPlanes = 4;  // wall, route, start, goal
  int size = 0;
  std::vector<std::uint8_t> planes;  // [4, size, size]
  Mark start;  // position; heading if the mark shows one, else the direction of the route's first piece
  Mark goal;
  int start_marks = 0;  // pieces of ink that could be it; the largest is taken
  int goal_marks = 0;
  std::vector<base::Vec2>
      route;  // paper polyline from start to goal, may be empty: traced on the route's ink, or ...
  bool route_planned = false;  // ... planned over the paper because none is drawn; then plane 1 shows it
};
ReadPlanes read_picture(const scene::Image& normalized_512, int size);

}  // namespace inknav::sketch
