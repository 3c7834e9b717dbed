// SPDX-License-Identifier: MIT
#pragma once
// write_glb: Scene -> binary glTF 2.0 (Y up, as glTF viewers expect, textures as embedded PNG), plus
// "<stem>.stage_config.json" beside it (up [0,1,0], front [0,0,-1]) so that Habitat and load_scene read it
// upright. load_scene(write_glb(scene)) has the same triangles, colours and texels.

#include <filesystem>

#include "base/result.h"
#include "scene/scene.h"

namespace inknav::scene {

base::Status write_glb(const std::filesystem::path& path, const Scene& scene);

}  // namespace inknav::scene
