// SPDX-License-Identifier: MIT
#pragma once
// The memory form of a compressed wide BVH: nodes of eight children, boxes quantised to 8 bits a side
// (Ylitie, Karras, Laine, "Efficient incoherent ray traversal on GPUs through compressed wide BVHs", HPG
// 2017).
//
// A node's children lie on a grid of its own: coordinate = origin + q * 2^(exponent - 127), q = 0 to 255.
// Boxes are rounded outwards by at least kBoxMargin of a grid step. Child nodes of one node are neighbours in
// the node array, in the order of their slots, and so are the triangles of its leaves in the triangle array.
// A child sits in the slot whose number, read as three signs, points most in its direction from the node's
// middle, so that slot XOR octant of a ray orders the children from near to far.
//
// Words are little-endian; child i of a pair of words is byte i % 4 of word i / 4.
// Memory: 80 bytes a node, 48 bytes a triangle.

#include <cstdint>

#include "base/geometry.h"

namespace inknav::render {

struct alignas(16) WideNode {
  float origin[3] = {0.0f, 0.0f, 0.0f};
  std::uint32_t exponents_mask =
      0;                          // bytes 0 to 2: exponents of x, y, z; byte 3: bit s set = slot s is a node
  std::uint32_t first_child = 0;  // index of the first child node
  std::uint32_t first_triangle = 0;  // index of the first triangle of the leaves
  // Byte of a child, 0 = no child. Node: 001 in the three high bits, 24 + slot below. Leaf: as many ones in
  // the three high bits as it has triangles (1 to 3), below the place of the first, counted from
  // first_triangle.
  std::uint32_t meta[2] = {0, 0};
  std::uint32_t low[3][2] = {};   // [axis][half], lower box sides
  std::uint32_t high[3][2] = {};  // [axis][half], upper box sides
};
static_assert(sizeof(WideNode) == 80);

struct alignas(16) WideTriangle {
  base::Vec3 a{0.0f};
  std::uint32_t id = 0;  // index into Scene::triangles, kDoubleSided added
  base::Vec3 b{0.0f};
  std::uint32_t unused0 = 0;
  base::Vec3 c{0.0f};
  std::uint32_t unused1 = 0;
};
static_assert(sizeof(WideTriangle) == 48);

inline constexpr std::uint32_t kDoubleSided = 0x80000000u;
inline constexpr int kWideChildren = 8;
inline constexpr int kMaxLeafTriangles = 3;
/// Levels of nodes that the builder may make and the traversal has room for.
inline constexpr int kMaxWideDepth = 32;
/// In grid steps; covers the rounding of the traversal's plane equations (at most 2^-7 of a step).
inline constexpr double kBoxMargin = 0.02;

/// A hierarchy as the traversal sees it; node 0 is the root. The memory belongs to somebody else.
struct WideBvhView {
  const WideNode* nodes = nullptr;
  const WideTriangle* triangles = nullptr;
};

}  // namespace inknav::render
