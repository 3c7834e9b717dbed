// SPDX-License-Identifier: MIT
#pragma once
// Binary hierarchy over boxes, one box a leaf: what the wide one is made from (collapse.h).
//
// Top-down splits by the surface area heuristic over binned centres (Wald, "On fast construction of SAH-based
// bounding volume hierarchies", 2007), or by halves of the count, which bounds the depth by log2(n) + 1.
// The result is a pure function of the boxes: the subtrees that threads build are cut by size alone.
// Cost: about 1 us a box on one thread.

#include <cstdint>
#include <span>
#include <vector>

#include "base/geometry.h"
#include "base/thread_pool.h"

namespace inknav::render {

struct BinaryNode {
  base::Aabb bounds;
  std::uint32_t left = 0;   // node; of a leaf 0
  std::uint32_t right = 0;  // node; of a leaf the box
  std::uint32_t count = 1;  // boxes below

  bool is_leaf() const { return left == 0; }
};

enum class SplitRule : std::uint8_t { kSurfaceArea, kMedian };

inline float half_area(const base::Aabb& box) {
  const base::Vec3 size = box.size();
  return size.x * size.y + size.y * size.z + size.z * size.x;
}

/// Node 0 is the root, children stand behind their parents; empty for no boxes.
std::vector<BinaryNode> build_binary_bvh(std::span<const base::Aabb> boxes, SplitRule rule,
                                         base::ThreadPool& pool);

}  // namespace inknav::render
