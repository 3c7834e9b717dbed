// SPDX-License-Identifier: MIT
#include "render/egl/triangle_clusters.h"

#include <algorithm>
#include <glm/common.hpp>
#include <glm/geometric.hpp>
#include <numeric>

namespace inknav::render {
namespace {

using base::Vec3;

// Of a distance: far above the rounding of the sums in may_see, far below what a cluster measures.
constexpr float kSlack = 1e-4f;

/// The low ten bits of `value`, three apart.
std::uint32_t spread(std::uint32_t value) {
  value &= 0x3FFu;
  value = (value | value << 16) & 0x030000FFu;
  value = (value | value << 8) & 0x0300F00Fu;
  value = (value | value << 4) & 0x030C30C3u;
  return (value | value << 2) & 0x09249249u;
}

/// Place of a triangle's centre on a space-filling curve through the scene's box.
std::uint32_t morton_code(const scene::Scene& scene, std::uint32_t triangle) {
  const glm::u32vec3& corners = scene.triangles[triangle];
  const Vec3 centre =
      (scene.positions[corners.x] + scene.positions[corners.y] + scene.positions[corners.z]) / 3.0f;
  const Vec3 size = glm::max(scene.bounds.max - scene.bounds.min, Vec3(1e-20f));
  const Vec3 cell = glm::clamp((centre - scene.bounds.min) / size, 0.0f, 1.0f) * 1023.0f;
  return spread(static_cast<std::uint32_t>(cell.x)) | spread(static_cast<std::uint32_t>(cell.y)) << 1 |
         spread(static_cast<std::uint32_t>(cell.z)) << 2;
}

base::Aabb box_of(const scene::Scene& scene, const std::uint32_t* begin, const std::uint32_t* end) {
  base::Aabb box{Vec3(INFINITY), Vec3(-INFINITY)};
  for (; begin != end; ++begin) {
    const glm::u32vec3& corners = scene.triangles[*begin];
    for (const std::uint32_t corner : {corners.x, corners.y, corners.z}) {
      box.min = glm::min(box.min, scene.positions[corner]);
      box.max = glm::max(box.max, scene.positions[corner]);
    }
  }
  return box;
}

}  // namespace

ClusteredTriangles cluster_triangles(const scene::Scene& scene, std::uint32_t most) {
  const auto count = static_cast<std::uint32_t>(scene.num_triangles());
  // Sides, material, place and number in one key, so that a plain sort is enough.
  struct Key {
    std::uint64_t group = 0;
    std::uint32_t place = 0;
    std::uint32_t triangle = 0;
    auto operator<=>(const Key&) const = default;
  };
  std::vector<Key> keys(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t material = scene.triangle_material[i];
    const std::uint64_t sides = scene.materials[material].double_sided ? std::uint64_t{1} << 32 : 0;
    keys[i] = {sides | material, most == 0 ? 0 : morton_code(scene, i), i};
  }
  std::sort(keys.begin(), keys.end());

  ClusteredTriangles made;
  made.order.reserve(count);
  for (const Key& key : keys) made.order.push_back(key.triangle);
  for (std::uint32_t begin = 0; begin < count;) {
    std::uint32_t end = begin + 1;
    while (end < count && keys[end].group == keys[begin].group && (most == 0 || end - begin < most)) ++end;
    const std::uint32_t material = scene.triangle_material[keys[begin].triangle];
    made.clusters.push_back({box_of(scene, made.order.data() + begin, made.order.data() + end), begin, end,
                             material, scene.materials[material].double_sided});
    begin = end;
  }
  return made;
}

ProvokingVertices assign_provoking_vertices(const scene::Scene& scene,
                                            const std::vector<std::uint32_t>& order) {
  ProvokingVertices made;
  made.triangles.reserve(order.size());
  const auto vertices = static_cast<std::uint32_t>(scene.positions.size());
  std::vector<bool> taken(vertices, false);
  for (const std::uint32_t triangle : order) {
    const glm::u32vec3& c = scene.triangles[triangle];
    glm::u32vec3 turned = c;
    for (const glm::u32vec3& turn : {c, glm::u32vec3(c.y, c.z, c.x), glm::u32vec3(c.z, c.x, c.y)}) {
      turned = turn;
      if (!taken[turn.z]) break;
    }
    if (taken[turned.z]) {
      made.copies.push_back(turned.z);
      turned.z = vertices + static_cast<std::uint32_t>(made.copies.size()) - 1;
    } else {
      taken[turned.z] = true;
    }
    made.triangles.push_back(turned);
  }
  return made;
}

ViewFrustum::ViewFrustum(const CameraSpec& camera, const CameraFrame& frame) : origin_(frame.origin) {
  const float half_pixel = 0.5f * PixelRays(camera).pixel_size();
  const float x = half_pixel * static_cast<float>(camera.width);
  const float y = half_pixel * static_cast<float>(camera.height);
  planes_[0] = {frame.forward, camera.near_m};
  planes_[1] = {-frame.forward, -camera.far_m};
  planes_[2] = {frame.right + x * frame.forward, 0.0f};
  planes_[3] = {x * frame.forward - frame.right, 0.0f};
  planes_[4] = {frame.up + y * frame.forward, 0.0f};
  planes_[5] = {y * frame.forward - frame.up, 0.0f};
}

bool ViewFrustum::may_see(const base::Aabb& box) const {
  const Vec3 centre = 0.5f * (box.min + box.max) - origin_;
  const Vec3 half = 0.5f * (box.max - box.min);
  for (const Plane& plane : planes_) {
    const Vec3 size = glm::abs(plane.normal);
    const float nearest = glm::dot(plane.normal, centre) + glm::dot(size, half);
    const float slack = kSlack * (glm::dot(size, glm::abs(centre) + half) + std::fabs(plane.offset));
    if (nearest < plane.offset - slack) return false;
  }
  return true;
}

}  // namespace inknav::render
