// SPDX-License-Identifier: MIT
#pragma once
// Where an episode starts and ends, and the way a person would mean: pure functions of (scene, philox key).

#include <optional>
#include <vector>

#include "base/philox.h"
#include "nav/nav_mesh.h"
#include "sketch/wall_map.h"
#include "task/episode.h"

namespace inknav::task {

struct SamplingSettings {
  float min_length = 3.0f;  // metres of shortest way
  float max_length = 20.0f;
  float end_clearance = 0.3f;    // metres between an end and the nearest wall
  float route_clearance = 0.3f;  // metres the way keeps from the mesh's border where there is room
  float goal_radius = 0.0f;
};

/// Start, goals, way and its length; nullopt when no pair was found in a bounded number of draws. `walls` are
/// of the start's floor; the ends lie on different sides of a wall four times in five.
std::optional<Episode> sample_episode(nav::NavQuery& query, const sketch::WallMap& walls, int island,
                                      const SamplingSettings& settings, base::PhiloxStream& stream);

/// Whether the straight piece from a to b crosses a wall.
bool crosses_wall(const sketch::WallMap& walls, const base::Vec2& a, const base::Vec2& b);

}  // namespace inknav::task
