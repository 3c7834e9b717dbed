// SPDX-License-Identifier: MIT
#pragma once
// From the binary hierarchy to the wide one: which subtrees become nodes, which become leaves of 1 to 3
// triangles, by the smallest expected cost of a ray (the dynamic programme of Ylitie et al. 2017, section 3),
// then the slots and the quantised boxes.

#include <cstdint>
#include <span>
#include <vector>

#include "render/wide_bvh/binary_bvh.h"
#include "render/wide_bvh/wide_node.h"

namespace inknav::render {

struct WideLayout {
  std::vector<WideNode> nodes;           // node 0 is the root
  std::vector<std::uint32_t> triangles;  // which box stands at each place of the triangle array
  int depth = 0;                         // levels of nodes
};

/// Of no boxes: a root without children.
WideLayout collapse_to_wide(std::span<const BinaryNode> binary);

}  // namespace inknav::render
