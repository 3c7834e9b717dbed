// SPDX-License-Identifier: MIT
#pragma once
// Scene: a validated, immutable triangle mesh with materials and textures, in the world frame
// (base/geometry.h), metres. Built once (scene/load.h, scene/home/home.h), then shared by all environments
// as std::shared_ptr<const Scene>. Threads: read-only after construction, safe from any.
//
// Invariants (validate()): at least one triangle; every index in range; every coordinate finite and
// |coordinate| <= 1e5 m; uvs and colors empty or one per vertex; texture levels consistent.
// Shading is flat (spec/habitat.md 2): pixel = base_color * texture * vertex colour, texels as stored.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/hash.h"
#include "base/result.h"

namespace inknav::scene {

struct TextureLevel {
  int width = 0;
  int height = 0;
  std::size_t offset = 0;  // of the level's first byte in Texture::rgba
};

/// RGBA8, row 0 at v = 0, with a full mip chain down to 1x1 (box filter). Wrap mode: repeat.
struct Texture {
  std::vector<TextureLevel> levels;
  std::vector<std::uint8_t> rgba;
};

struct Material {
  base::Vec4 base_color{1.0f, 1.0f, 1.0f, 1.0f};
  std::int32_t texture = -1;  // index into Scene::textures, -1 none
  bool double_sided = false;  // seen from behind as well
};

struct Scene {
  std::string name;
  base::Hash128 content_hash;  // of everything below; set by finish()

  std::vector<base::Vec3> positions;             // [num_vertices]
  std::vector<base::Vec2> uvs;                   // [num_vertices] or empty
  std::vector<glm::u8vec4> colors;               // [num_vertices] RGBA or empty (white)
  std::vector<glm::u32vec3> triangles;           // [num_triangles], counter-clockwise seen from the front
  std::vector<std::uint32_t> triangle_material;  // [num_triangles], index into materials
  std::vector<Material> materials;               // at least one
  std::vector<Texture> textures;
  base::Aabb bounds;  // of positions; set by finish()

  std::size_t num_triangles() const { return triangles.size(); }

  /// Error (kData) naming the first broken invariant.
  base::Status validate() const;
};

using ScenePtr = std::shared_ptr<const Scene>;

/// Drops degenerate triangles, sets bounds and content_hash, validates. The only way in which a Scene
/// becomes a ScenePtr.
base::Result<ScenePtr> finish(Scene scene);

/// Full mip chain from one RGBA8 image (row-major, 4 * width * height bytes).
Texture make_texture(int width, int height, std::vector<std::uint8_t> rgba);

}  // namespace inknav::scene
