// SPDX-License-Identifier: MIT
#pragma once
// What the scenes of a data set take in memory, with navigation meshes and ray tracing structures: counted on
// those that are loaded, or estimated from their files before.

#include <cstdint>

#include "sim/simulator.h"
#include "task/episode.h"

namespace inknav::task {

struct WorldMemory {
  std::uint64_t scenes = 0;
  std::uint64_t triangles = 0;
  std::uint64_t scene_bytes = 0;  // triangles, materials, textures
  std::uint64_t nav_bytes = 0;    // navigation meshes
  bool is_estimate = false;
};

/// From the sizes of the scenes' files, each once; opens none. Files that are not there count nothing: they
/// are reported where they are loaded.
WorldMemory planned_worlds(const Dataset& dataset);

/// Adds one that is loaded.
void add_world(const sim::World& world, WorldMemory& memory);

}  // namespace inknav::task
