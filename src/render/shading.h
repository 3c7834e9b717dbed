// SPDX-License-Identifier: MIT
#pragma once
// Flat shading of a hit: base colour * texture * vertex colour, no light (spec: habitat 2, "no_lights").
//
// Textures are sampled trilinearly. The mip level follows from the pixel's footprint on the triangle
// (depth * pixel size / cosine of incidence) and from the triangle's texel density, precomputed per triangle.
// Immutable after construction; safe from any thread; no allocation.

#include <array>
#include <cstdint>
#include <vector>

#include "base/geometry.h"
#include "scene/scene.h"

namespace inknav::render {

struct Hit {
  std::uint32_t triangle = 0;  // index into Scene::triangles
  float u = 0.0f;              // barycentric weight of the triangle's second vertex
  float v = 0.0f;              // ... of its third vertex
  float depth = 0.0f;          // metres along the optical axis
};

class Shader {
 public:
  explicit Shader(scene::ScenePtr scene);

  /// RGB of the hit of a ray with `direction` (length 1 along the axis) through a pixel of `pixel_size`.
  std::array<std::uint8_t, 3> shade(const Hit& hit, const base::Vec3& direction, float pixel_size) const;

 private:
  scene::ScenePtr scene_;
  std::vector<float> texels_per_metre_;  // [num_triangles], 0 where there is no texture
};

}  // namespace inknav::render
