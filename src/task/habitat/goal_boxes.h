// SPDX-License-Identifier: MIT
#pragma once
// Boxes of the objects that are an ObjectNav episode's goals, from the semantic descriptor of its scene: a
// goal is the object whose number is its object_id, as in Habitat. Goals whose object_id is no number, is not
// in the descriptor or has no box there (HM3D's have none) are left out. Pure.

#include <vector>

#include "base/geometry.h"
#include "scene/semantic_scene.h"
#include "task/habitat/habitat_dataset.h"

namespace inknav::task::habitat {

std::vector<base::Aabb> goal_boxes(const HabitatDataset& habitat, const Episode& episode,
                                   const scene::SemanticScene& semantics);

}  // namespace inknav::task::habitat
