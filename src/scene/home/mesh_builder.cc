// SPDX-License-Identifier: MIT
#include "scene/home/mesh_builder.h"

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <utility>

#include "base/check.h"

namespace inknav::scene::internal {
namespace {

/// Light from above and a little from one side; every axis direction differs.
float shade(const base::Vec3& normal) {
  const base::Vec3 n = glm::abs(normal);
  const float side = n.x * (normal.x > 0.0f ? 0.90f : 0.84f) + n.z * (normal.z > 0.0f ? 0.78f : 0.72f);
  const float vertical = n.y * (normal.y > 0.0f ? 1.0f : 0.6f);
  return std::min(1.0f, (side + vertical) / std::max(1e-6f, n.x + n.y + n.z));
}

/// Coordinates within the plane of the face, metres: walls (along, up), floors (x, z).
base::Vec2 planar(const base::Vec3& p, const base::Vec3& normal) {
  const base::Vec3 n = glm::abs(normal);
  if (n.y >= n.x && n.y >= n.z) return {p.x, p.z};
  return n.x > n.z ? base::Vec2(p.z, -p.y) : base::Vec2(p.x, -p.y);
}

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(std::floor(value + 0.5f), 0.0f, 255.0f));
}

// Directions of the corners of a prism in turns of 1/16, so that no trigonometric function of the platform
// decides.
constexpr float kCircle[16][2] = {
    {1.0f, 0.0f},  {0.92387953f, 0.38268343f},   {0.70710678f, 0.70710678f},   {0.38268343f, 0.92387953f},
    {0.0f, 1.0f},  {-0.38268343f, 0.92387953f},  {-0.70710678f, 0.70710678f},  {-0.92387953f, 0.38268343f},
    {-1.0f, 0.0f}, {-0.92387953f, -0.38268343f}, {-0.70710678f, -0.70710678f}, {-0.38268343f, -0.92387953f},
    {0.0f, -1.0f}, {0.38268343f, -0.92387953f},  {0.70710678f, -0.70710678f},  {0.92387953f, -0.38268343f}};

}  // namespace

LocalFrame LocalFrame::from_yaw(const base::Vec2& centre, float yaw) {
  const float turns = yaw / (0.5f * base::kPi);
  const float nearest = std::floor(turns + 0.5f);
  if (std::abs(turns - nearest) < 1e-4f) {
    constexpr float kCos[4] = {1.0f, 0.0f, -1.0f, 0.0f};
    const int quarter = static_cast<int>(nearest) & 3;
    return {centre, kCos[quarter], kCos[(quarter + 3) & 3]};
  }
  return {centre, std::cos(yaw), std::sin(yaw)};
}

MeshBuilder::MeshBuilder(HomeTextures textures) {
  scene_.textures = std::move(textures.textures);
  for (const std::int32_t texture : textures.texture_of_surface) {
    Material material;
    material.texture = texture;
    scene_.materials.push_back(material);
  }
}

std::uint32_t MeshBuilder::vertex(const base::Vec3& p, const base::Vec3& normal, const Finish& finish) {
  const base::Vec3 color = finish.color * shade(normal);
  scene_.positions.push_back(p);
  scene_.uvs.push_back(planar(p, normal) / surface_size(finish.surface));
  scene_.colors.push_back({to_byte(color.x), to_byte(color.y), to_byte(color.z), 255});
  return static_cast<std::uint32_t>(scene_.positions.size() - 1);
}

void MeshBuilder::triangle(const std::array<base::Vec3, 3>& corners, const Finish& finish) {
  const base::Vec3 normal = glm::normalize(glm::cross(corners[1] - corners[0], corners[2] - corners[0]));
  const std::uint32_t first = vertex(corners[0], normal, finish);
  vertex(corners[1], normal, finish);
  vertex(corners[2], normal, finish);
  scene_.triangles.push_back({first, first + 1, first + 2});
  scene_.triangle_material.push_back(static_cast<std::uint32_t>(finish.surface));
}

void MeshBuilder::quad(const std::array<base::Vec3, 4>& corners, const Finish& finish) {
  const base::Vec3 normal = glm::normalize(glm::cross(corners[2] - corners[0], corners[3] - corners[1]));
  const std::uint32_t first = vertex(corners[0], normal, finish);
  for (int i = 1; i < 4; ++i) vertex(corners[static_cast<std::size_t>(i)], normal, finish);
  scene_.triangles.push_back({first, first + 1, first + 2});
  scene_.triangles.push_back({first, first + 2, first + 3});
  scene_.triangle_material.insert(scene_.triangle_material.end(), 2,
                                  static_cast<std::uint32_t>(finish.surface));
}

void MeshBuilder::plate(const base::Vec2& min, const base::Vec2& max, float y, bool up,
                        const Finish& finish) {
  const base::Vec3 a{min.x, y, min.y};
  const base::Vec3 b{min.x, y, max.y};
  const base::Vec3 c{max.x, y, max.y};
  const base::Vec3 d{max.x, y, min.y};
  if (up) {
    quad({a, b, c, d}, finish);
  } else {
    quad({a, d, c, b}, finish);
  }
}

void MeshBuilder::box(const LocalFrame& frame, const base::Vec3& min, const base::Vec3& max,
                      const Finish& finish, unsigned without) {
  INKNAV_CHECK(min.x < max.x && min.y < max.y && min.z < max.z, min.x, min.y, min.z, max.x, max.y, max.z);
  const auto p = [&](bool x, bool y, bool z) {
    return frame.to_world({x ? max.x : min.x, y ? max.y : min.y, z ? max.z : min.z});
  };
  quad({p(0, 0, 1), p(1, 0, 1), p(1, 1, 1), p(0, 1, 1)}, finish);
  quad({p(1, 0, 0), p(0, 0, 0), p(0, 1, 0), p(1, 1, 0)}, finish);
  quad({p(1, 0, 1), p(1, 0, 0), p(1, 1, 0), p(1, 1, 1)}, finish);
  quad({p(0, 0, 0), p(0, 0, 1), p(0, 1, 1), p(0, 1, 0)}, finish);
  if ((without & kNoTop) == 0) quad({p(0, 1, 1), p(1, 1, 1), p(1, 1, 0), p(0, 1, 0)}, finish);
  if ((without & kNoBottom) == 0) quad({p(0, 0, 0), p(1, 0, 0), p(1, 0, 1), p(0, 0, 1)}, finish);
}

void MeshBuilder::cylinder(const LocalFrame& frame, const Cylinder& shape, const Finish& finish) {
  INKNAV_CHECK(shape.sides == 4 || shape.sides == 8 || shape.sides == 16, shape.sides);
  const int step = 16 / shape.sides;
  const auto p = [&](int i, float r, float y) {
    const float* d = kCircle[(i * step) & 15];
    return frame.to_world({shape.centre.x + r * d[0], y, shape.centre.y - r * d[1]});
  };
  for (int i = 0; i < shape.sides; ++i) {
    quad({p(i, shape.r0, shape.y0), p(i + 1, shape.r0, shape.y0), p(i + 1, shape.r1, shape.y1),
          p(i, shape.r1, shape.y1)},
         finish);
    triangle({frame.to_world({shape.centre.x, shape.y1, shape.centre.y}), p(i, shape.r1, shape.y1),
              p(i + 1, shape.r1, shape.y1)},
             finish);
  }
}

}  // namespace inknav::scene::internal
