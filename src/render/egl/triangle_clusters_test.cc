// SPDX-License-Identifier: MIT
#include "render/egl/triangle_clusters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "render/clutter_scene.h"
#include "scene/home/home.h"

namespace inknav::render {
namespace {

using base::Vec3;

std::vector<scene::ScenePtr> scenes() {
  return {scene::generate_home(5, {}).scene, make_clutter_scene({3, 2, 5000})};
}

bool contains(const base::Aabb& box, const Vec3& p) {
  return glm::all(glm::lessThanEqual(box.min, p)) && glm::all(glm::lessThanEqual(p, box.max));
}

TEST(TriangleClusters, EveryTriangleIsInOneClusterOfItsMaterialAndInsideItsBox) {
  for (const scene::ScenePtr& scene : scenes()) {
    for (const std::uint32_t most : {0u, 1u, 64u}) {
      const ClusteredTriangles made = cluster_triangles(*scene, most);
      EXPECT_EQ(std::set(made.order.begin(), made.order.end()).size(), scene->num_triangles());
      EXPECT_EQ(made.order.size(), scene->num_triangles());
      std::uint32_t end = 0;
      bool double_sided = false;
      for (const TriangleCluster& cluster : made.clusters) {
        EXPECT_EQ(cluster.begin, end);
        EXPECT_GT(cluster.end, cluster.begin);
        EXPECT_TRUE(most == 0 || cluster.end - cluster.begin <= most);
        EXPECT_TRUE(cluster.double_sided || !double_sided) << "single-sided ones come first";
        double_sided = cluster.double_sided;
        end = cluster.end;
        for (std::uint32_t i = cluster.begin; i < cluster.end; ++i) {
          const std::uint32_t triangle = made.order[i];
          EXPECT_EQ(scene->triangle_material[triangle], cluster.material);
          EXPECT_EQ(scene->materials[cluster.material].double_sided, cluster.double_sided);
          const glm::u32vec3& corners = scene->triangles[triangle];
          for (const std::uint32_t corner : {corners.x, corners.y, corners.z}) {
            EXPECT_TRUE(contains(cluster.box, scene->positions[corner]));
          }
        }
      }
      EXPECT_EQ(end, scene->num_triangles());
    }
  }
}

TEST(TriangleClusters, TheLastVertexOfATriangleIsItsOwnAndItsCornersKeepTheirSense) {
  for (const scene::ScenePtr& scene : scenes()) {
    const std::vector<std::uint32_t> order = cluster_triangles(*scene, 64).order;
    const ProvokingVertices made = assign_provoking_vertices(*scene, order);
    ASSERT_EQ(made.triangles.size(), order.size());
    const auto vertices = static_cast<std::uint32_t>(scene->positions.size());
    const auto original = [&](std::uint32_t vertex) {
      return vertex < vertices ? vertex : made.copies.at(vertex - vertices);
    };
    std::set<std::uint32_t> last;
    for (std::size_t i = 0; i < order.size(); ++i) {
      EXPECT_TRUE(last.insert(made.triangles[i].z).second);
      const glm::u32vec3 c = scene->triangles[order[i]];
      const glm::u32vec3 is(original(made.triangles[i].x), original(made.triangles[i].y),
                            original(made.triangles[i].z));
      EXPECT_TRUE(is == c || is == glm::u32vec3(c.y, c.z, c.x) || is == glm::u32vec3(c.z, c.x, c.y));
    }
    EXPECT_LE(vertices + made.copies.size(), std::max<std::size_t>(vertices, 0) + order.size());
  }
}

TEST(ViewFrustum, ABoxWithAPointInViewIsNeverLeftOut) {
  base::PhiloxStream stream({13, 0, 0, 0, base::Purpose::kTest});
  const auto vector = [&](float reach) {
    const float x = stream.uniform(-reach, reach), y = stream.uniform(-reach, reach);
    return Vec3(x, y, stream.uniform(-reach, reach));
  };
  int left_out = 0;
  for (int i = 0; i < 20000; ++i) {
    const CameraSpec camera{48, 32, stream.uniform(20.0f, 140.0f), 0.01f, 100.0f};
    base::Pose pose;
    pose.position = vector(1000.0f);
    pose.rotation = glm::normalize(base::Quat(stream.uniform(-1.0f, 1.0f), vector(1.0f)));
    const CameraFrame frame(pose);
    const ViewFrustum frustum(camera, frame);
    // A point on a pixel's ray at the image's border, and a box that has it as a corner.
    const PixelRays rays(camera);
    const int x = i % 2 == 0 ? 0 : camera.width - 1, y = i % 3 == 0 ? 0 : camera.height - 1;
    const Vec3 seen =
        frame.origin + stream.uniform(0.011f, 99.0f) * frame.direction(rays.right(x), rays.up(y));
    const Vec3 other = seen + vector(5.0f);
    EXPECT_TRUE(frustum.may_see({glm::min(seen, other), glm::max(seen, other)}));
    EXPECT_TRUE(frustum.may_see({seen, seen}));
    const Vec3 anywhere = pose.position + vector(50.0f);
    left_out += frustum.may_see({anywhere, anywhere + Vec3(0.5f)}) ? 0 : 1;
  }
  EXPECT_GT(left_out, 10000) << "most of the world is not in view";
}

}  // namespace
}  // namespace inknav::render
