// SPDX-License-Identifier: MIT
#pragma once
// Triangles in the order in which a rasteriser draws them: by sides, by material, and within that by place,
// cut into clusters with boxes, so that what lies outside a view is not drawn.
//
// Laws: every triangle is in one cluster and inside its box; the order depends on the scene alone; a cluster
// that reaches a pixel's ray between near and far is never outside the frustum.

#include <cstdint>
#include <vector>

#include "base/geometry.h"
#include "render/camera.h"
#include "scene/scene.h"

namespace inknav::render {

struct TriangleCluster {
  base::Aabb box;
  std::uint32_t begin = 0;  // [begin, end) of ClusteredTriangles::order
  std::uint32_t end = 0;
  std::uint32_t material = 0;
  bool double_sided = false;
};

struct ClusteredTriangles {
  std::vector<std::uint32_t> order;       // indices into Scene::triangles; single-sided ones come first
  std::vector<TriangleCluster> clusters;  // consecutive ranges of order, each of one material
};

/// At most `most` triangles a cluster; 0: a cluster a material, triangles in the scene's order.
ClusteredTriangles cluster_triangles(const scene::Scene& scene, std::uint32_t most);

/// Triangles whose last vertex is no other triangle's last, so that it can carry what belongs to the triangle
/// as a whole (OpenGL's provoking vertex). gl_PrimitiveID would do as well, but costs Mesa's llvmpipe more
/// than half of its speed. Corners keep their sense of rotation.
struct ProvokingVertices {
  std::vector<glm::u32vec3>
      triangles;  // in the order asked for; indices of Scene's vertices and, behind them, copies
  std::vector<std::uint32_t> copies;  // vertex of the scene that the i-th additional one repeats
};

ProvokingVertices assign_provoking_vertices(const scene::Scene& scene,
                                            const std::vector<std::uint32_t>& order);

/// What a camera sees, as six planes.
class ViewFrustum {
 public:
  ViewFrustum(const CameraSpec& camera, const CameraFrame& frame);

  /// False only when no point of the box is seen.
  bool may_see(const base::Aabb& box) const;

 private:
  struct Plane {
    base::Vec3 normal;    // inward
    float offset = 0.0f;  // a point p is inside when dot(normal, p - origin) >= offset
  };
  base::Vec3 origin_;
  Plane planes_[6];
};

}  // namespace inknav::render
