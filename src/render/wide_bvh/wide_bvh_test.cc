// SPDX-License-Identifier: MIT
#include "render/wide_bvh/wide_bvh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/philox.h"
#include "render/clutter_scene.h"
#include "render/wide_bvh/traverse.h"
#include "scene/home/home.h"

namespace inknav::render {
namespace {

using base::Vec3;

scene::Scene empty_scene() {
  scene::Scene scene;
  scene.materials = {{{1, 1, 1, 1}, -1, true}};
  return scene;
}

void add_triangle(scene::Scene& scene, const Vec3& a, const Vec3& b, const Vec3& c) {
  const auto first = static_cast<std::uint32_t>(scene.positions.size());
  scene.positions.insert(scene.positions.end(), {a, b, c});
  scene.triangles.push_back({first, first + 1, first + 2});
  scene.triangle_material.push_back(0);
}

WideBvh build(const scene::Scene& scene, int threads = 1) {
  base::ThreadPool pool(threads);
  return WideBvh(scene, pool);
}

bool hits(const WideBvh& bvh, const Vec3& origin, const Vec3& direction, Hit& hit) {
  return traverse(bvh.view(), {origin, direction, 0.01f, 1000.0f}, traversal_slack(bvh.bounds(), origin),
                  hit);
}

std::uint32_t byte_of(const std::uint32_t (&words)[2], int slot) {
  return words[slot / 4] >> (8 * (slot % 4)) & 0xFFu;
}

/// Walks the hierarchy as the traversal reads it; counts how often each triangle is found and demands that
/// every box on its way holds it.
class Walker {
 public:
  explicit Walker(const WideBvh& bvh) : bvh_(bvh), found_(bvh.triangles().size(), 0) { visit(0, {}); }
  const std::vector<int>& found() const { return found_; }

 private:
  struct Box {
    double low[3], high[3];
  };

  void visit(std::size_t index, const std::vector<Box>& above) {
    const WideNode& node = bvh_.nodes().at(index);
    std::uint32_t child = node.first_child;
    for (int slot = 0; slot < kWideChildren; ++slot) {
      const std::uint32_t meta = byte_of(node.meta, slot);
      if (meta == 0) continue;
      std::vector<Box> boxes = above;
      boxes.push_back(box_of(node, slot));
      if ((node.exponents_mask >> (24 + slot) & 1u) != 0) {
        EXPECT_EQ(meta, 0x20u | (24u + static_cast<std::uint32_t>(slot)));
        visit(child++, boxes);
        continue;
      }
      for (std::uint32_t bits = meta >> 5, i = 0; bits != 0; bits >>= 1, ++i) {
        check(node.first_triangle + (meta & 31u) + i, boxes);
      }
    }
  }

  static Box box_of(const WideNode& node, int slot) {
    Box box{};
    for (int axis = 0; axis < 3; ++axis) {
      const double step = std::ldexp(1.0, static_cast<int>(node.exponents_mask >> (8 * axis) & 0xFFu) - 127);
      const auto origin = static_cast<double>(node.origin[axis]);
      box.low[axis] = origin + step * (byte_of(node.low[axis], slot) + 0.99 * kBoxMargin);
      box.high[axis] = origin + step * (byte_of(node.high[axis], slot) - 0.99 * kBoxMargin);
    }
    return box;
  }

  void check(std::size_t index, const std::vector<Box>& boxes) {
    const WideTriangle& triangle = bvh_.triangles().at(index);
    ++found_.at(index);
    for (const Box& box : boxes) {
      for (const Vec3& corner : {triangle.a, triangle.b, triangle.c}) {
        for (int axis = 0; axis < 3; ++axis) {
          EXPECT_GE(static_cast<double>(corner[axis]), box.low[axis]);
          EXPECT_LE(static_cast<double>(corner[axis]), box.high[axis]);
        }
      }
    }
  }

  const WideBvh& bvh_;
  std::vector<int> found_;
};

void expect_sound(const scene::Scene& scene) {
  const WideBvh bvh = build(scene);
  ASSERT_EQ(bvh.triangles().size(), scene.num_triangles());
  const Walker walker(bvh);
  for (const int count : walker.found()) EXPECT_EQ(count, 1);
  std::vector<bool> there(scene.num_triangles(), false);
  for (const WideTriangle& triangle : bvh.triangles()) there.at(triangle.id & ~kDoubleSided) = true;
  EXPECT_EQ(std::count(there.begin(), there.end(), false), 0);
  EXPECT_LE(bvh.depth(), kMaxWideDepth);
}

TEST(WideBvh, EveryTriangleIsFoundOnceAndLiesInAllItsBoxes) {
  expect_sound(*make_clutter_scene({1, 2, 5000}));
  base::PhiloxStream stream({1, 0, 0, 0, base::Purpose::kTest});
  for (const float reach : {1e-4f, 1.0f, 1e5f}) {
    for (const int count : {1, 2, 3, 4, 9, 500}) {
      scene::Scene scene = empty_scene();
      for (int i = 0; i < count; ++i) {
        Vec3 p[3];
        for (Vec3& corner : p) {
          for (int axis = 0; axis < 3; ++axis) corner[axis] = stream.uniform(-reach, reach);
        }
        add_triangle(scene, p[0], p[1], p[2]);
      }
      expect_sound(scene);
    }
  }
}

TEST(WideBvh, ManyCopiesPointsAndLinesAreHeld) {
  scene::Scene scene = empty_scene();
  for (int i = 0; i < 700; ++i) {
    add_triangle(scene, {1, 2, 3}, {2, 2, 3}, {1, 3, 3});  // the same again and again
    add_triangle(scene, {5, 5, 5}, {5, 5, 5}, {5, 5, 5});  // a point
    add_triangle(scene, {0, 0, 0}, {1, 1, 1}, {2, 2, 2});  // a line
  }
  expect_sound(scene);
  Hit hit;
  EXPECT_TRUE(hits(build(scene), {1.2f, 2.2f, 9.0f}, {0, 0, -1}, hit));
  EXPECT_EQ(hit.depth, 6.0f);
  EXPECT_EQ(hit.triangle, 0u);  // of equal depths the lowest number
  EXPECT_FALSE(hits(build(scene), {5, 5, 9}, {0, 0, -1}, hit));
}

TEST(WideBvh, TheDepthIsBoundedForAChainOfEverSmallerTriangles) {
  scene::Scene scene = empty_scene();
  float x = 1e5f;
  for (int i = 0; i < 4000; ++i) {
    add_triangle(scene, {x, 0, 0}, {x, x * 0.01f, 0}, {x, 0, x * 0.01f});
    x *= i < 3000 ? 0.985f : 1.0001f;
  }
  expect_sound(scene);
}

TEST(WideBvh, AnEmptySceneAndASingleTriangle) {
  Hit hit;
  const WideBvh none = build(empty_scene());
  EXPECT_EQ(none.nodes().size(), 1u);
  EXPECT_FALSE(hits(none, {0, 0, 0}, {0.1f, 0.2f, -1}, hit));
  scene::Scene scene = empty_scene();
  add_triangle(scene, {-1, -1, -3}, {1, -1, -3}, {0, 1, -3});
  const WideBvh one = build(scene);
  EXPECT_EQ(one.nodes().size(), 1u);
  EXPECT_TRUE(hits(one, {0, 0, 0}, {0, 0, -1}, hit));
  EXPECT_EQ(hit.depth, 3.0f);
  EXPECT_NEAR(hit.u, 0.25f, 1e-6f);
  EXPECT_NEAR(hit.v, 0.5f, 1e-6f);
  EXPECT_FALSE(hits(one, {0, 0, 0}, {0, 1, -1}, hit));
}

void expect_memory(const char* name, const scene::Scene& scene, double most_a_triangle) {
  const WideBvh bvh = build(scene);
  EXPECT_EQ(bvh.bytes(), 80 * bvh.nodes().size() + 48 * scene.num_triangles());
  const double bytes = static_cast<double>(bvh.bytes()) / static_cast<double>(scene.num_triangles());
  EXPECT_LE(bytes, most_a_triangle) << name;
  testing::Test::RecordProperty(name, std::to_string(bytes));
}

TEST(WideBvh, MemoryIs80BytesANodeAnd48ATriangleAndUnder58ATriangleInAll) {
  expect_memory("clutter", *make_clutter_scene({2, 3, 40000}), 58.0);
  for (const std::uint64_t seed : {1, 2, 3})
    expect_memory("home", *scene::generate_home(seed, {}).scene, 58.0);
}

TEST(WideBvh, TheBytesDoNotDependOnTheNumberOfThreads) {
  const scene::ScenePtr scene = make_clutter_scene({3, 3, 30000});
  const WideBvh one = build(*scene, 1), four = build(*scene, 4);
  ASSERT_EQ(one.nodes().size(), four.nodes().size());
  EXPECT_EQ(std::memcmp(one.nodes().data(), four.nodes().data(), one.nodes().size() * sizeof(WideNode)), 0);
  EXPECT_EQ(std::memcmp(one.triangles().data(), four.triangles().data(),
                        one.triangles().size() * sizeof(WideTriangle)),
            0);
}

TEST(TriangleTest, AnEdgeOfTwoTrianglesLetsNoRayThrough) {
  base::PhiloxStream stream({4, 0, 0, 0, base::Purpose::kTest});
  const auto point = [&](float z) {
    return Vec3(stream.uniform(-1.0f, 1.0f), stream.uniform(-1.0f, 1.0f), z);
  };
  for (int i = 0; i < 20000; ++i) {
    // Two triangles fold along the edge a b; rays go to points of the edge as exactly as floats allow.
    const Vec3 a = point(-3.0f), b = point(-4.0f);
    const Vec3 across = glm::cross(b - a, Vec3(0, 0, 1));
    scene::Scene scene = empty_scene();
    add_triangle(scene, a, b, a + across);
    add_triangle(scene, b, a, b - across);
    const WideTriangle left{scene.positions[0], kDoubleSided, scene.positions[1], 0, scene.positions[2], 0};
    const WideTriangle right{
        scene.positions[3], kDoubleSided | 1, scene.positions[4], 0, scene.positions[5], 0};
    const Vec3 target = a + stream.uniform(0.1f, 0.9f) * (b - a);
    const Ray ray{Vec3(0.1f, 0.2f, 0.3f), target - Vec3(0.1f, 0.2f, 0.3f), 0.01f, 1000.0f};
    Hit hit{0, 0.0f, 0.0f, 1000.0f};
    intersect_triangle(left, ray, hit);
    intersect_triangle(right, ray, hit);
    EXPECT_LT(hit.depth, 1000.0f) << "ray " << i;
  }
}

}  // namespace
}  // namespace inknav::render
