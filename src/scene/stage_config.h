// SPDX-License-Identifier: MIT
#pragma once
// StageFrame: how a scene file's own axes lie in the world (Habitat's rule, spec/habitat.md section 2).
//
// "<stem>.stage_config.json" beside the file may give "up" and "front" (both, orthogonal), "scale" (one
// number or three) and "units_to_meters"; other keys are Habitat's business and are ignored. Without it a
// ".glb" has up (0,0,1) and front (0,1,0), so world = (x, z, -y), and every other ending has up Y and front
// -Z. Internal to the module. Errors: kData, naming the file and the key.

#include <filesystem>
#include <glm/mat3x3.hpp>
#include <optional>

#include "base/result.h"
#include "scene/load.h"
#include "scene/scene.h"

namespace inknav::scene::internal {

struct StageFrame {
  glm::dmat3 world_from_file{1.0};  // rotation (rows right, up, -front) times scale
};

base::Result<StageFrame> find_stage_frame(const std::filesystem::path& scene_path, UpAxis up);

/// Turns every vertex. A frame with negative determinant also turns the triangles' winding.
void apply(const StageFrame& frame, Scene& scene);

}  // namespace inknav::scene::internal
