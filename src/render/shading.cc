// SPDX-License-Identifier: MIT
#include "render/shading.h"

#include <cmath>
#include <cstddef>
#include <utility>

namespace inknav::render {
namespace {

using base::Vec2;
using base::Vec3;

float triangle_texel_density(const scene::Scene& scene, std::size_t index) {
  const std::int32_t texture = scene.materials[scene.triangle_material[index]].texture;
  if (texture < 0 || scene.uvs.empty()) return 0.0f;
  const glm::u32vec3& corners = scene.triangles[index];
  const Vec3 e1 = scene.positions[corners.y] - scene.positions[corners.x];
  const Vec3 e2 = scene.positions[corners.z] - scene.positions[corners.x];
  const Vec2 t1 = scene.uvs[corners.y] - scene.uvs[corners.x];
  const Vec2 t2 = scene.uvs[corners.z] - scene.uvs[corners.x];
  const scene::TextureLevel& level = scene.textures[static_cast<std::size_t>(texture)].levels[0];
  const float texels = std::fabs(t1.x * t2.y - t1.y * t2.x) * static_cast<float>(level.width) *
                       static_cast<float>(level.height);
  const float area = glm::length(glm::cross(e1, e2));
  return area > 0.0f ? std::sqrt(texels / area) : 0.0f;
}

}  // namespace

Shader::Shader(scene::ScenePtr scene) : scene_(std::move(scene)) {
  texels_per_metre_.resize(scene_->num_triangles());
  for (std::size_t i = 0; i < texels_per_metre_.size(); ++i) {
    texels_per_metre_[i] = triangle_texel_density(*scene_, i);
  }
  for (const scene::Material& material : scene_->materials) {
    const base::Vec4& color = material.base_color;
    materials_.push_back({{color.x, color.y, color.z, color.w}, material.texture});
  }
  for (const scene::Texture& texture : scene_->textures) {
    textures_.push_back({texture.rgba.data(), texture.rgba.size(), static_cast<std::uint32_t>(levels_.size()),
                         static_cast<std::uint32_t>(texture.levels.size())});
    for (const scene::TextureLevel& level : texture.levels) {
      levels_.push_back({level.width, level.height, level.offset});
    }
  }
  tables_ = {.positions = scene_->positions.data(),
             .uvs = scene_->uvs.empty() ? nullptr : scene_->uvs.data(),
             .colors = scene_->colors.empty() ? nullptr : scene_->colors.data(),
             .triangles = scene_->triangles.data(),
             .triangle_material = scene_->triangle_material.data(),
             .texels_per_metre = texels_per_metre_.data(),
             .materials = materials_.data(),
             .textures = textures_.data(),
             .levels = levels_.data(),
             .num_vertices = scene_->positions.size(),
             .num_triangles = scene_->num_triangles(),
             .num_materials = materials_.size(),
             .num_textures = textures_.size(),
             .num_levels = levels_.size()};
}

}  // namespace inknav::render
