// SPDX-License-Identifier: MIT
#pragma once
// Shader: the tables of render/surface.h over a Scene, with the texel density of every triangle and the mip
// levels of all textures computed once. Immutable after construction; safe from any thread; no allocation
// after it.

#include <vector>

#include "render/surface.h"
#include "scene/scene.h"

namespace inknav::render {

class Shader {
 public:
  explicit Shader(scene::ScenePtr scene);
  Shader(const Shader&) = delete;
  Shader& operator=(const Shader&) = delete;

  /// RGB of the hit of a ray with `direction` (length 1 along the axis) through a pixel of `pixel_size`.
  Rgb shade(const Hit& hit, const base::Vec3& direction, float pixel_size) const {
    return render::shade(tables_, hit, direction, pixel_size);
  }
  const SurfaceTables& tables() const { return tables_; }

 private:
  scene::ScenePtr scene_;
  std::vector<float> texels_per_metre_;
  std::vector<SurfaceMaterial> materials_;
  std::vector<SurfaceTexture> textures_;
  std::vector<SurfaceLevel> levels_;
  SurfaceTables tables_;
};

}  // namespace inknav::render
