// SPDX-License-Identifier: MIT
#pragma once
// A scene of rooms and clutter with a chosen number of triangles, for benchmarks and for comparing back ends.
// Rooms of 5 x 5 m on a square grid with door gaps, filled with finely tessellated spheres, every triangle
// textured or vertex-coloured. Pure function of its arguments.

#include <cstddef>
#include <cstdint>

#include "base/philox.h"
#include "scene/scene.h"

namespace inknav::render {

struct ClutterSpec {
  std::uint64_t seed = 0;
  int rooms_per_side = 4;
  std::size_t target_triangles = 500'000;
};

inline constexpr float kClutterRoomSide =
    5.0f;  // metres; the scene spans rooms_per_side of these from the origin

scene::ScenePtr make_clutter_scene(const ClutterSpec& spec);

/// A pose at eye height somewhere in the rooms, level, any heading.
base::Pose random_clutter_pose(const ClutterSpec& spec, base::PhiloxStream& stream);

}  // namespace inknav::render
