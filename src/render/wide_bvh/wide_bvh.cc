// SPDX-License-Identifier: MIT
#include "render/wide_bvh/wide_bvh.h"

#include <cstdint>
#include <utility>

#include "base/check.h"
#include "render/wide_bvh/collapse.h"

namespace inknav::render {

WideLayout wide_layout(const scene::Scene& scene, base::ThreadPool& pool) {
  INKNAV_CHECK(scene.num_triangles() < kDoubleSided, scene.num_triangles());
  std::vector<base::Aabb> boxes(scene.num_triangles());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const glm::u32vec3& corners = scene.triangles[i];
    for (const std::uint32_t corner : {corners.x, corners.y, corners.z}) {
      boxes[i].extend(scene.positions[corner]);
    }
  }
  WideLayout layout = collapse_to_wide(build_binary_bvh(boxes, SplitRule::kSurfaceArea, pool));
  if (layout.depth > kMaxWideDepth) {
    layout = collapse_to_wide(build_binary_bvh(boxes, SplitRule::kMedian, pool));
  }
  INKNAV_CHECK(layout.depth <= kMaxWideDepth, layout.depth);
  return layout;
}

WideTriangle wide_triangle(const scene::Scene& scene, std::uint32_t index) {
  const glm::u32vec3& corners = scene.triangles[index];
  const bool double_sided = scene.materials[scene.triangle_material[index]].double_sided;
  WideTriangle triangle;
  triangle.a = scene.positions[corners.x];
  triangle.b = scene.positions[corners.y];
  triangle.c = scene.positions[corners.z];
  triangle.id = index | (double_sided ? kDoubleSided : 0u);
  return triangle;
}

WideBvh::WideBvh(const scene::Scene& scene, base::ThreadPool& pool)
    : WideBvh(scene, wide_layout(scene, pool)) {}

WideBvh::WideBvh(const scene::Scene& scene, WideLayout layout) {
  depth_ = layout.depth;
  nodes_ = std::move(layout.nodes);
  triangles_.reserve(layout.triangles.size());
  for (const std::uint32_t index : layout.triangles) {
    const WideTriangle triangle = wide_triangle(scene, index);
    for (const base::Vec3& corner : {triangle.a, triangle.b, triangle.c}) bounds_.extend(corner);
    triangles_.push_back(triangle);
  }
}

}  // namespace inknav::render
