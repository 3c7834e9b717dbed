// SPDX-License-Identifier: MIT
#pragma once
// The way of one ray through a compressed wide BVH, for CPU and GPU (wide_node.h, triangle_test.h).
//
// Conservative: a box is entered whenever the triangle test could report a hit in it. The planes are moved
// outwards by `slack_m` (traversal_slack: 16 roundings of the largest distance that occurs), which covers the
// rounding of the plane equations and of the triangle test; the grid's own rounding is covered by kBoxMargin.
// The same code and operations on both sides, so CPU and GPU visit the same nodes and give the same bits.
// No allocation; the stack is at most kMaxWideDepth entries.

#include <cmath>
#include <cstdint>
#include <glm/common.hpp>

#include "base/host_device.h"
#include "render/surface.h"
#include "render/wide_bvh/triangle_test.h"
#include "render/wide_bvh/wide_node.h"

namespace inknav::render {

/// What traverse() needs to know of the rounding: `bounds` are those of the scene.
inline float traversal_slack(const base::Aabb& bounds, const base::Vec3& origin) {
  if (bounds.empty()) return 0.0f;
  const base::Vec3 reach = glm::max(glm::abs(bounds.min - origin), glm::abs(bounds.max - origin));
  return (reach.x + reach.y + reach.z) * 0x1.0p-20f;
}

namespace internal {

struct NodeGroup {  // children of one node that are still to be visited; a stack of them is not initialised
  std::uint32_t first;
  std::uint32_t bits;  // 31 to 24: children by order of visit; 7 to 0: which slots are nodes
};

/// Constants of a ray for the box tests.
struct BoxRay {
  base::Vec3 origin;
  base::Vec3 inverse;        // 1 / direction, finite
  base::Vec3 pad;            // slack in units of the ray parameter
  std::uint32_t octant = 0;  // bit i: direction i is not negative
};

INKNAV_HOST_DEVICE inline float safe_inverse(float d) {
  // A direction this small moves less than 1e-15 m within the largest scene: far below any slack.
  const float smallest = 1e-20f;
  return 1.0f / (std::fabs(d) < smallest ? (d < 0.0f ? -smallest : smallest) : d);
}

INKNAV_HOST_DEVICE inline BoxRay box_ray(const Ray& ray, float slack_m) {
  BoxRay out;
  out.origin = ray.origin;
  out.inverse =
      base::Vec3(safe_inverse(ray.direction.x), safe_inverse(ray.direction.y), safe_inverse(ray.direction.z));
  out.pad =
      base::Vec3(std::fabs(out.inverse.x), std::fabs(out.inverse.y), std::fabs(out.inverse.z)) * slack_m;
  out.octant =
      (out.inverse.x < 0.0f ? 0u : 1u) | (out.inverse.y < 0.0f ? 0u : 2u) | (out.inverse.z < 0.0f ? 0u : 4u);
  return out;
}

/// 32768 + byte `i` of `word`, as float: the byte becomes the low bits of a mantissa, which costs one
/// permutation of bytes instead of a conversion.
INKNAV_HOST_DEVICE inline float biased_byte(std::uint32_t word, int i) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(__byte_perm(word, 0x47000000u, 0x7404u | (static_cast<unsigned>(i) << 4)));
#else
  return base::float_from_bits(0x47000000u | (((word >> (8 * i)) & 0xFFu) << 8));
#endif
}
inline constexpr float kByteBias = 32768.0f;

INKNAV_HOST_DEVICE inline WideNode load_node(const WideNode* node) {
#if defined(__CUDA_ARCH__)
  const auto* words = reinterpret_cast<const uint4*>(node);
  const uint4 q0 = __ldg(words), q1 = __ldg(words + 1), q2 = __ldg(words + 2), q3 = __ldg(words + 3),
              q4 = __ldg(words + 4);
  WideNode out;
  out.origin[0] = __uint_as_float(q0.x);
  out.origin[1] = __uint_as_float(q0.y);
  out.origin[2] = __uint_as_float(q0.z);
  out.exponents_mask = q0.w;
  out.first_child = q1.x;
  out.first_triangle = q1.y;
  out.meta[0] = q1.z;
  out.meta[1] = q1.w;
  out.low[0][0] = q2.x;
  out.low[0][1] = q2.y;
  out.low[1][0] = q2.z;
  out.low[1][1] = q2.w;
  out.low[2][0] = q3.x;
  out.low[2][1] = q3.y;
  out.high[0][0] = q3.z;
  out.high[0][1] = q3.w;
  out.high[1][0] = q4.x;
  out.high[1][1] = q4.y;
  out.high[2][0] = q4.z;
  out.high[2][1] = q4.w;
  return out;
#else
  return *node;
#endif
}

INKNAV_HOST_DEVICE inline WideTriangle load_triangle(const WideTriangle* triangle) {
#if defined(__CUDA_ARCH__)
  const auto* rows = reinterpret_cast<const float4*>(triangle);
  const float4 a = __ldg(rows), b = __ldg(rows + 1), c = __ldg(rows + 2);
  WideTriangle out;
  out.a = base::Vec3(a.x, a.y, a.z);
  out.id = __float_as_uint(a.w);
  out.b = base::Vec3(b.x, b.y, b.z);
  out.c = base::Vec3(c.x, c.y, c.z);
  return out;
#else
  return *triangle;
#endif
}

/// One axis of a node's box tests: parameter = (32768 + q) * step + shift.
struct AxisPlanes {
  float step;
  float near_shift;
  float far_shift;
};

INKNAV_HOST_DEVICE inline AxisPlanes axis_planes(float node_origin, std::uint32_t exponent, float ray_origin,
                                                 float inverse, float pad) {
  const float step = base::float_from_bits(exponent << 23) * inverse;  // exact: a power of two
  const float shift = base::fused(node_origin - ray_origin, inverse, -kByteBias * step);
  return {step, shift - pad, shift + pad};
}

INKNAV_HOST_DEVICE inline float lesser(float a, float b) {
#if defined(__CUDA_ARCH__)
  return fminf(a, b);
#else
  return a < b ? a : b;
#endif
}

INKNAV_HOST_DEVICE inline float larger(float a, float b) {
#if defined(__CUDA_ARCH__)
  return fmaxf(a, b);
#else
  return a > b ? a : b;
#endif
}

/// Which children of a node the ray meets before `farthest`: bits 31 to 24 nodes, 23 to 0 triangles.
INKNAV_HOST_DEVICE inline std::uint32_t intersect_children(const WideNode& node, const BoxRay& ray,
                                                           float nearest, float farthest) {
  const AxisPlanes x =
      axis_planes(node.origin[0], node.exponents_mask & 0xFFu, ray.origin.x, ray.inverse.x, ray.pad.x);
  const AxisPlanes y =
      axis_planes(node.origin[1], (node.exponents_mask >> 8) & 0xFFu, ray.origin.y, ray.inverse.y, ray.pad.y);
  const AxisPlanes z = axis_planes(node.origin[2], (node.exponents_mask >> 16) & 0xFFu, ray.origin.z,
                                   ray.inverse.z, ray.pad.z);
  const std::uint32_t octant_bytes = ray.octant * 0x01010101u;
  std::uint32_t bits = 0;
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (int half = 0; half < 2; ++half) {
    const std::uint32_t meta = node.meta[half];
    // A byte is a node when bits 4 and 3 of its place are set; its place is then turned by the octant.
    const std::uint32_t is_node = ((meta & (meta << 1)) & 0x10101010u) >> 4;
    const std::uint32_t places = (meta ^ (octant_bytes & (is_node * 0xFFu))) & 0x1F1F1F1Fu;
    const std::uint32_t counts = (meta >> 5) & 0x07070707u;
    const bool turn_x = ray.inverse.x < 0.0f, turn_y = ray.inverse.y < 0.0f, turn_z = ray.inverse.z < 0.0f;
    const std::uint32_t near_x = turn_x ? node.high[0][half] : node.low[0][half];
    const std::uint32_t far_x = turn_x ? node.low[0][half] : node.high[0][half];
    const std::uint32_t near_y = turn_y ? node.high[1][half] : node.low[1][half];
    const std::uint32_t far_y = turn_y ? node.low[1][half] : node.high[1][half];
    const std::uint32_t near_z = turn_z ? node.high[2][half] : node.low[2][half];
    const std::uint32_t far_z = turn_z ? node.low[2][half] : node.high[2][half];
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
    for (int i = 0; i < 4; ++i) {
      const float enter = larger(larger(base::fused(biased_byte(near_x, i), x.step, x.near_shift),
                                        base::fused(biased_byte(near_y, i), y.step, y.near_shift)),
                                 larger(base::fused(biased_byte(near_z, i), z.step, z.near_shift), nearest));
      const float leave = lesser(lesser(base::fused(biased_byte(far_x, i), x.step, x.far_shift),
                                        base::fused(biased_byte(far_y, i), y.step, y.far_shift)),
                                 lesser(base::fused(biased_byte(far_z, i), z.step, z.far_shift), farthest));
      if (enter <= leave) bits |= ((counts >> (8 * i)) & 0xFFu) << ((places >> (8 * i)) & 0xFFu);
    }
  }
  return bits;
}

}  // namespace internal

/// The nearest hit of the ray; false where there is none. `hit` is then meaningless.
INKNAV_HOST_DEVICE inline bool traverse(const WideBvhView& bvh, const Ray& ray, float slack_m, Hit& hit) {
  const internal::BoxRay boxes = internal::box_ray(ray, slack_m);
  hit = {0, 0.0f, 0.0f, ray.far_m};
  internal::NodeGroup stack[kMaxWideDepth];
  int depth = 0;
  internal::NodeGroup group{0, 0x80000000u};  // the root as the only child of nothing
  while (true) {
    const int place = base::highest_bit(group.bits);
    group.bits &= ~(1u << place);
    const std::uint32_t slot = (static_cast<std::uint32_t>(place) - 24u) ^ boxes.octant;
    const int rank = base::count_bits(group.bits & 0xFFu & ((1u << slot) - 1u));
    const WideNode node = internal::load_node(bvh.nodes + group.first + static_cast<std::uint32_t>(rank));
    if (group.bits > 0x00FFFFFFu) stack[depth++] = group;
    const std::uint32_t bits = internal::intersect_children(node, boxes, ray.near_m, hit.depth);
    group = {node.first_child, (bits & 0xFF000000u) | (node.exponents_mask >> 24)};
    std::uint32_t triangles = bits & 0x00FFFFFFu;
    while (triangles != 0) {
      const int next = base::highest_bit(triangles);
      triangles &= ~(1u << next);
      const WideTriangle* triangle = bvh.triangles + node.first_triangle + static_cast<std::uint32_t>(next);
      intersect_triangle(internal::load_triangle(triangle), ray, hit);
    }
    if (group.bits <= 0x00FFFFFFu) {
      if (depth == 0) break;
      group = stack[--depth];
    }
  }
  return hit.depth < ray.far_m;
}

}  // namespace inknav::render
