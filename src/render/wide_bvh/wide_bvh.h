// SPDX-License-Identifier: MIT
#pragma once
// WideBvh: the compressed wide BVH of a Scene (wide_node.h), with its triangles copied into the order of the
// leaves. Immutable after construction; safe from any thread. A pure function of the scene: the same bytes on
// every machine and for every number of threads.
// Memory: bytes() = 80 a node + 48 a triangle; 55 to 57 a triangle of furnished homes and of dense clutter.

#include <cstddef>
#include <vector>

#include "base/thread_pool.h"
#include "render/wide_bvh/wide_node.h"
#include "scene/scene.h"

namespace inknav::render {

struct WideLayout;

/// The costly part of a WideBvh: which triangles lie where.
WideLayout wide_layout(const scene::Scene& scene, base::ThreadPool& pool);

/// Triangle `index` of a scene as the traversal tests it.
WideTriangle wide_triangle(const scene::Scene& scene, std::uint32_t index);

class WideBvh {
 public:
  /// The scene may be empty and need not be finished; every index must be in range.
  WideBvh(const scene::Scene& scene, base::ThreadPool& pool);
  /// From wide_layout(scene), made before.
  WideBvh(const scene::Scene& scene, WideLayout layout);

  WideBvhView view() const { return {nodes_.data(), triangles_.data()}; }
  const std::vector<WideNode>& nodes() const { return nodes_; }
  const std::vector<WideTriangle>& triangles() const { return triangles_; }
  const base::Aabb& bounds() const { return bounds_; }
  int depth() const { return depth_; }
  std::size_t bytes() const {
    return nodes_.size() * sizeof(WideNode) + triangles_.size() * sizeof(WideTriangle);
  }

 private:
  std::vector<WideNode> nodes_;
  std::vector<WideTriangle> triangles_;
  base::Aabb bounds_;
  int depth_ = 0;
};

}  // namespace inknav::render
