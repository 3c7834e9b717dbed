// SPDX-License-Identifier: MIT
#pragma once
// Surface: the colour of a hit, as one function for CPU and GPU over plain tables.
//
// Flat shading (spec: habitat 2, "no_lights"): base colour * texture * vertex colour. Textures are sampled
// trilinearly; the mip level follows from the pixel's footprint on the triangle (depth * pixel size / cosine
// of incidence) and from the triangle's texel density. log2 of the two maths libraries may differ in the last
// place, so that a colour on the GPU may be off by one level from the CPU's.

#include <cmath>
#include <cstdint>
#include <glm/geometric.hpp>

#include "base/geometry.h"
#include "base/host_device.h"

namespace inknav::render {

struct Hit {
  std::uint32_t triangle = 0;  // index into Scene::triangles
  float u = 0.0f;              // barycentric weight of the triangle's second vertex
  float v = 0.0f;              // ... of its third vertex
  float depth = 0.0f;          // metres along the optical axis
};

struct SurfaceLevel {
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::uint64_t offset = 0;  // of the level's first byte in SurfaceTexture::rgba
};

struct SurfaceTexture {
  const std::uint8_t* rgba = nullptr;
  std::uint64_t num_bytes = 0;
  std::uint32_t first_level = 0;  // index into SurfaceTables::levels
  std::uint32_t num_levels = 0;
};

struct SurfaceMaterial {
  float base_color[4] = {1.0f, 1.0f, 1.0f, 1.0f};
  std::int32_t texture = -1;
};

/// All of a scene that colour needs. The memory belongs to somebody else; on the GPU it is device memory.
struct SurfaceTables {
  const base::Vec3* positions = nullptr;             // [num_vertices]
  const base::Vec2* uvs = nullptr;                   // [num_vertices] or null
  const glm::u8vec4* colors = nullptr;               // [num_vertices] or null
  const glm::u32vec3* triangles = nullptr;           // [num_triangles]
  const std::uint32_t* triangle_material = nullptr;  // [num_triangles]
  const float* texels_per_metre = nullptr;           // [num_triangles], 0 where there is no texture
  const SurfaceMaterial* materials = nullptr;        // [num_materials]
  const SurfaceTexture* textures = nullptr;          // [num_textures]
  const SurfaceLevel* levels = nullptr;              // [num_levels]
  std::uint64_t num_vertices = 0;
  std::uint64_t num_triangles = 0;
  std::uint64_t num_materials = 0;
  std::uint64_t num_textures = 0;
  std::uint64_t num_levels = 0;
};

struct Rgb {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;
};

namespace internal {

INKNAV_HOST_DEVICE inline base::Vec4 fetch_texel(const SurfaceTexture& texture, const SurfaceLevel& level,
                                                 int x, int y) {
  const std::uint64_t texel =
      static_cast<std::uint64_t>(y) * static_cast<std::uint64_t>(level.width) + static_cast<std::uint64_t>(x);
  const std::uint8_t* rgba = texture.rgba + level.offset + 4 * texel;
  return base::Vec4(rgba[0], rgba[1], rgba[2], rgba[3]) * (1.0f / 255.0f);
}

INKNAV_HOST_DEVICE inline int wrap(int i, int n) {
  const int r = i % n;
  return r < 0 ? r + n : r;
}

INKNAV_HOST_DEVICE inline base::Vec4 sample_bilinear(const SurfaceTexture& texture, const SurfaceLevel& level,
                                                     const base::Vec2& uv) {
  // The fraction is taken first so that far repeats do not lose precision.
  const float x = (uv.x - std::floor(uv.x)) * static_cast<float>(level.width) - 0.5f;
  const float y = (uv.y - std::floor(uv.y)) * static_cast<float>(level.height) - 0.5f;
  const float x0 = std::floor(x), y0 = std::floor(y);
  const float fx = x - x0, fy = y - y0;
  const int ix0 = wrap(static_cast<int>(x0), level.width), ix1 = wrap(static_cast<int>(x0) + 1, level.width);
  const int iy0 = wrap(static_cast<int>(y0), level.height),
            iy1 = wrap(static_cast<int>(y0) + 1, level.height);
  const base::Vec4 top =
      fetch_texel(texture, level, ix0, iy0) * (1.0f - fx) + fetch_texel(texture, level, ix1, iy0) * fx;
  const base::Vec4 bottom =
      fetch_texel(texture, level, ix0, iy1) * (1.0f - fx) + fetch_texel(texture, level, ix1, iy1) * fx;
  return top * (1.0f - fy) + bottom * fy;
}

INKNAV_HOST_DEVICE inline base::Vec4 sample_trilinear(const SurfaceTables& tables,
                                                      const SurfaceTexture& texture, const base::Vec2& uv,
                                                      float lod) {
  const float top_level = static_cast<float>(texture.num_levels - 1);
  const float clamped = lod < 0.0f ? 0.0f : (top_level < lod ? top_level : lod);
  const auto fine = static_cast<std::uint32_t>(clamped);
  const float fraction = clamped - static_cast<float>(fine);
  const SurfaceLevel* levels = tables.levels + texture.first_level;
  const base::Vec4 near = sample_bilinear(texture, levels[fine], uv);
  if (fraction <= 0.0f) return near;
  return near * (1.0f - fraction) + sample_bilinear(texture, levels[fine + 1], uv) * fraction;
}

INKNAV_HOST_DEVICE inline float greater(float a, float b) { return a < b ? b : a; }

INKNAV_HOST_DEVICE inline std::uint8_t to_byte(float value) {
  const float clamped = value < 0.0f ? 0.0f : (1.0f < value ? 1.0f : value);
  return static_cast<std::uint8_t>(clamped * 255.0f + 0.5f);
}

}  // namespace internal

/// RGB of the hit of a ray with `direction` (length 1 along the axis) through a pixel of `pixel_size`.
INKNAV_HOST_DEVICE inline Rgb shade(const SurfaceTables& tables, const Hit& hit, const base::Vec3& direction,
                                    float pixel_size) {
  const glm::u32vec3 corners = tables.triangles[hit.triangle];
  const SurfaceMaterial& material = tables.materials[tables.triangle_material[hit.triangle]];
  const float w = 1.0f - hit.u - hit.v;

  base::Vec4 color(material.base_color[0], material.base_color[1], material.base_color[2],
                   material.base_color[3]);
  if (tables.colors != nullptr) {
    const base::Vec4 blend = w * base::Vec4(tables.colors[corners.x]) +
                             hit.u * base::Vec4(tables.colors[corners.y]) +
                             hit.v * base::Vec4(tables.colors[corners.z]);
    color *= blend * (1.0f / 255.0f);
  }
  if (material.texture >= 0 && tables.uvs != nullptr) {
    const base::Vec3 normal = glm::cross(tables.positions[corners.y] - tables.positions[corners.x],
                                         tables.positions[corners.z] - tables.positions[corners.x]);
    const float cosine = std::fabs(glm::dot(normal, direction)) /
                         internal::greater(glm::length(normal) * glm::length(direction), 1e-20f);
    const float footprint = hit.depth * pixel_size / internal::greater(cosine, 0.05f);
    const float density = tables.texels_per_metre[hit.triangle];
    const float lod = std::log2(internal::greater(footprint * density, 1e-6f));
    const base::Vec2 uv =
        w * tables.uvs[corners.x] + hit.u * tables.uvs[corners.y] + hit.v * tables.uvs[corners.z];
    color *= internal::sample_trilinear(tables, tables.textures[material.texture], uv, lod);
  }
  return {internal::to_byte(color.x), internal::to_byte(color.y), internal::to_byte(color.z)};
}

}  // namespace inknav::render
