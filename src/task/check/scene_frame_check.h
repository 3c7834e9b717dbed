// SPDX-License-Identifier: MIT
#pragma once
// Whether a scene seems to stand as it should: upright, in metres, with its triangles facing the agent. None
// of this can be known from a mesh; these are rules for what a building looks like, made so that a sound one
// does not raise them (docs/coming-from-habitat.md, "Checking your data").
// Units: a building is at most 100 m high and 2 km wide, and at least 1 m wide.
// Plate: no building is 1 to 6 m deep and at least five times as wide and as high; that is a storey on edge.
// Frame: there is a direction other than world +Y in which the surfaces that face it lie on one level to at
// least 1.2 times the area, and in which the largest connected floor that an agent of 1.5 m can walk has at
// least twice the area (and 4 m2). A floor in the upper two fifths of the height is a roof or a facade and
// does not count.
// Inside out: the lowest level of the scene faces down, and with the triangles turned over there is a floor
// of at least 4 m2, twice as large as the largest that is there now and is no such roof.
// Pure functions. Cost: one pass over the triangles; only where the cheap signs point to it a navmesh is
// built, of a copy without textures.

#include <optional>
#include <string>

#include "base/geometry.h"
#include "nav/nav_mesh.h"
#include "scene/scene.h"

namespace inknav::task {

/// What the bounds look like: "10200 x 8100 m, 2600 m high; as millimetres 10.2 x 8.1 m, 2.6 m high".
std::optional<std::string> suspect_units(const base::Aabb& bounds);

/// "a plate that stands on edge": tells without a floor, for meshes that have none.
std::optional<std::string> suspect_plate(const base::Aabb& bounds);

/// `mesh` is the scene's, null when none can be built. What was found, for a finding.
std::optional<std::string> suspect_frame(const scene::Scene& scene, const nav::NavMesh* mesh,
                                         const nav::NavSettings& settings);
std::optional<std::string> suspect_inside_out(const scene::Scene& scene, const nav::NavMesh* mesh,
                                              const nav::NavSettings& settings);

/// Part of the area of `mesh` that lies on `other`, within 0.5 m; both are of one scene when it is large.
float common_share(const nav::NavMesh& mesh, const nav::NavMeshPtr& other);

}  // namespace inknav::task
