// SPDX-License-Identifier: MIT
#pragma once
// Ray against triangle, for CPU and GPU, by Pluecker coordinates relative to the ray's origin.
//
// Watertight along edges: the weight of an edge changes only its sign, bit for bit, between the two triangles
// that share it (differences and sums of its ends, fused cross and dot products are odd or even in their
// order), and weight 0 counts as inside. A triangle seen edge-on or without area is never hit.
// Error of the weights: a few roundings of |distance| * |edge|, so a silhouette moves by less than 1e-6 of
// the distance. All operations are fused as written (base/host_device.h): same bits on CPU and GPU.

#include <cmath>

#include "base/geometry.h"
#include "base/host_device.h"
#include "render/surface.h"
#include "render/wide_bvh/wide_node.h"

namespace inknav::render {

struct Ray {
  base::Vec3 origin{0.0f};
  base::Vec3 direction{0.0f};  // length 1 along the optical axis
  float near_m = 0.0f;
  float far_m = 0.0f;
};

namespace internal {

INKNAV_HOST_DEVICE inline float fused_dot(const base::Vec3& a, const base::Vec3& b) {
  return base::fused(a.x, b.x, base::fused(a.y, b.y, a.z * b.z));
}

INKNAV_HOST_DEVICE inline base::Vec3 fused_cross(const base::Vec3& a, const base::Vec3& b) {
  return base::Vec3(base::fused(a.y, b.z, -(a.z * b.y)), base::fused(a.z, b.x, -(a.x * b.z)),
                    base::fused(a.x, b.y, -(a.y * b.x)));
}

/// a * b - c * d, off by at most 1.5 units in the last place of the result (Kahan; Jeannerod, Louvet, Muller
/// 2013).
INKNAV_HOST_DEVICE inline float difference_of_products(float a, float b, float c, float d) {
  const float product = c * d;
  return base::fused(a, b, -product) + base::fused(-c, d, product);
}

/// Cross product whose components are accurate however close the two vectors' directions are.
INKNAV_HOST_DEVICE inline base::Vec3 accurate_cross(const base::Vec3& a, const base::Vec3& b) {
  return base::Vec3(difference_of_products(a.y, b.z, a.z, b.y), difference_of_products(a.z, b.x, a.x, b.z),
                    difference_of_products(a.x, b.y, a.y, b.x));
}

}  // namespace internal

/// Replaces `hit` where the ray meets the triangle at near < depth and nearer than `hit`; of equal depths the
/// lower triangle number stays, so that the order of the tests does not matter. Seen from the front all
/// weights are >= 0.
INKNAV_HOST_DEVICE inline void intersect_triangle(const WideTriangle& triangle, const Ray& ray, Hit& hit) {
  const base::Vec3 a = triangle.a - ray.origin, b = triangle.b - ray.origin, c = triangle.c - ray.origin;
  const base::Vec3 bc = c - b, ca = a - c, ab = b - a;
  const float weight_a = internal::fused_dot(internal::fused_cross(bc, b + c), ray.direction);
  const float weight_b = internal::fused_dot(internal::fused_cross(ca, c + a), ray.direction);
  const float weight_c = internal::fused_dot(internal::fused_cross(ab, a + b), ray.direction);
  const bool front = weight_a >= 0.0f && weight_b >= 0.0f && weight_c >= 0.0f;
  const bool back = weight_a <= 0.0f && weight_b <= 0.0f && weight_c <= 0.0f;
  if (!(front || (back && (triangle.id & kDoubleSided) != 0))) return;
  // Of a sliver the plain product is mostly rounding, and its plane would miss the corners.
  const base::Vec3 normal = internal::accurate_cross(ca, ab);
  const float depth = internal::fused_dot(a, normal) / internal::fused_dot(ray.direction, normal);
  const std::uint32_t id = triangle.id & ~kDoubleSided;
  // Written so that a depth that is no number is no hit.
  if (!(depth > ray.near_m) || !(depth <= hit.depth) || (depth == hit.depth && id >= hit.triangle)) return;
  const float sum = weight_a + weight_b + weight_c;
  if (sum == 0.0f) return;
  hit = {id, weight_b / sum, weight_c / sum, depth};
}

}  // namespace inknav::render
