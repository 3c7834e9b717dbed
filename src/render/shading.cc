// SPDX-License-Identifier: MIT
#include "render/shading.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace inknav::render {
namespace {

using base::Vec2;
using base::Vec3;
using base::Vec4;

Vec4 fetch(const scene::Texture& texture, const scene::TextureLevel& level, int x, int y) {
  const std::size_t texel =
      level.offset +
      4 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(level.width) + static_cast<std::size_t>(x));
  const std::uint8_t* rgba = texture.rgba.data() + texel;
  return Vec4(rgba[0], rgba[1], rgba[2], rgba[3]) * (1.0f / 255.0f);
}

int wrap(int i, int n) {
  const int r = i % n;
  return r < 0 ? r + n : r;
}

Vec4 sample_bilinear(const scene::Texture& texture, const scene::TextureLevel& level, const Vec2& uv) {
  // The fraction is taken first so that far repeats do not lose precision.
  const float x = (uv.x - std::floor(uv.x)) * static_cast<float>(level.width) - 0.5f;
  const float y = (uv.y - std::floor(uv.y)) * static_cast<float>(level.height) - 0.5f;
  const float x0 = std::floor(x), y0 = std::floor(y);
  const float fx = x - x0, fy = y - y0;
  const int ix0 = wrap(static_cast<int>(x0), level.width), ix1 = wrap(static_cast<int>(x0) + 1, level.width);
  const int iy0 = wrap(static_cast<int>(y0), level.height),
            iy1 = wrap(static_cast<int>(y0) + 1, level.height);
  const Vec4 top = fetch(texture, level, ix0, iy0) * (1.0f - fx) + fetch(texture, level, ix1, iy0) * fx;
  const Vec4 bottom = fetch(texture, level, ix0, iy1) * (1.0f - fx) + fetch(texture, level, ix1, iy1) * fx;
  return top * (1.0f - fy) + bottom * fy;
}

Vec4 sample_trilinear(const scene::Texture& texture, const Vec2& uv, float lod) {
  const float top_level = static_cast<float>(texture.levels.size() - 1);
  const float clamped = std::clamp(lod, 0.0f, top_level);
  const auto fine = static_cast<std::size_t>(clamped);
  const float fraction = clamped - static_cast<float>(fine);
  const Vec4 near = sample_bilinear(texture, texture.levels[fine], uv);
  if (fraction <= 0.0f) return near;
  return near * (1.0f - fraction) + sample_bilinear(texture, texture.levels[fine + 1], uv) * fraction;
}

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
}

std::array<std::uint8_t, 3> Shader::shade(const Hit& hit, const Vec3& direction, float pixel_size) const {
  const scene::Scene& scene = *scene_;
  const glm::u32vec3& corners = scene.triangles[hit.triangle];
  const scene::Material& material = scene.materials[scene.triangle_material[hit.triangle]];
  const float w = 1.0f - hit.u - hit.v;

  Vec4 color = material.base_color;
  if (!scene.colors.empty()) {
    const Vec4 blend = w * Vec4(scene.colors[corners.x]) + hit.u * Vec4(scene.colors[corners.y]) +
                       hit.v * Vec4(scene.colors[corners.z]);
    color *= blend * (1.0f / 255.0f);
  }
  if (material.texture >= 0 && !scene.uvs.empty()) {
    const Vec3 normal = glm::cross(scene.positions[corners.y] - scene.positions[corners.x],
                                   scene.positions[corners.z] - scene.positions[corners.x]);
    const float cosine = std::fabs(glm::dot(normal, direction)) /
                         std::max(glm::length(normal) * glm::length(direction), 1e-20f);
    const float footprint = hit.depth * pixel_size / std::max(cosine, 0.05f);
    const float lod = std::log2(std::max(footprint * texels_per_metre_[hit.triangle], 1e-6f));
    const Vec2 uv = w * scene.uvs[corners.x] + hit.u * scene.uvs[corners.y] + hit.v * scene.uvs[corners.z];
    color *= sample_trilinear(scene.textures[static_cast<std::size_t>(material.texture)], uv, lod);
  }
  const auto to_byte = [](float value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255.0f + 0.5f);
  };
  return {to_byte(color.x), to_byte(color.y), to_byte(color.z)};
}

}  // namespace inknav::render
