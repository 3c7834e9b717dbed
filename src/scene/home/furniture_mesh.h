// SPDX-License-Identifier: MIT
#pragma once
// Furniture as boxes and cylinders. Everything stays within the piece's footprint and height.
//
// Flat tops above 1 m2 would become navmesh islands under Habitat's settings; beds, the only pieces of that
// size, are covered by a quilt of steep ridges with nothing walkable beneath.

#include "scene/home/home.h"
#include "scene/home/home_style.h"
#include "scene/home/mesh_builder.h"

namespace inknav::scene::internal {

/// `whim` in [0, 1) varies details. A kind without a shape of its own is a plain box.
void add_furniture(const Furniture& piece, float whim, const HomeStyle& style, MeshBuilder& mesh);

}  // namespace inknav::scene::internal
