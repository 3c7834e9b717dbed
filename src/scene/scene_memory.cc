// SPDX-License-Identifier: MIT
#include "scene/scene_memory.h"

namespace inknav::scene {

std::size_t num_bytes(const Scene& scene) {
  const auto of = [](const auto& values) { return values.size() * sizeof(values[0]); };
  std::size_t bytes = sizeof(Scene) + of(scene.positions) + of(scene.uvs) + of(scene.colors) +
                      of(scene.triangles) + of(scene.triangle_material) + of(scene.materials);
  for (const Texture& texture : scene.textures)
    bytes += sizeof(Texture) + of(texture.levels) + of(texture.rgba);
  return bytes;
}

}  // namespace inknav::scene
