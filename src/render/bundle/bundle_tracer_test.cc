// SPDX-License-Identifier: MIT
#include "render/bundle/bundle_tracer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <glm/geometric.hpp>
#include <vector>

#include "base/philox.h"
#include "render/clutter_scene.h"
#include "render/wide_bvh/traverse.h"
#include "render/wide_bvh/wide_bvh.h"

namespace inknav::render {
namespace {

using base::Vec3;

base::PhiloxStream test_stream(std::uint32_t purpose) {
  return base::PhiloxStream({21, purpose, 0, 0, base::Purpose::kTest});
}

Vec3 random_point(base::PhiloxStream& stream, float reach) {
  const float x = stream.uniform(-reach, reach), y = stream.uniform(-reach, reach);
  return {x, y, stream.uniform(-reach, reach)};
}

CameraFrame random_frame(base::PhiloxStream& stream) {
  base::Pose pose;
  pose.position = random_point(stream, 2.0f);
  const Vec3 axis = glm::normalize(random_point(stream, 1.0f) + Vec3(1e-3f, 0.0f, 0.0f));
  const float half = stream.uniform(0.0f, base::kPi);
  pose.rotation =
      base::Quat(std::cos(half), std::sin(half) * axis.x, std::sin(half) * axis.y, std::sin(half) * axis.z);
  return CameraFrame(pose);
}

struct Lens {
  CameraSpec camera;
  PixelBlock block;
};

const std::vector<Lens>& lenses() {
  static const std::vector<Lens> all = {
      {{64, 64, 90.0f}, {0, 0, 64, 64}},      {{200, 130, 60.0f}, {128, 64, 64, 64}},
      {{200, 130, 120.0f}, {192, 128, 8, 2}}, {{31, 9, 170.0f}, {0, 0, 31, 9}},
      {{1, 1, 90.0f}, {0, 0, 1, 1}},          {{8192, 8192, 179.0f}, {0, 8128, 64, 64}}};
  return all;
}

/// Columns and rows of a point before the eye, in double precision, counted from the block's first pixel.
glm::dvec2 projected(const Lens& lens, const CameraFrame& frame, const glm::dvec3& point, double& depth) {
  depth = glm::dot(point, glm::dvec3(frame.forward));
  const auto tangent = static_cast<double>(PixelRays(lens.camera).pixel_size());
  const double x = glm::dot(point, glm::dvec3(frame.right)) / depth / tangent + 0.5 * lens.camera.width - 0.5;
  const double y = -glm::dot(point, glm::dvec3(frame.up)) / depth / tangent + 0.5 * lens.camera.height - 0.5;
  return {x - lens.block.x, y - lens.block.y};
}

/// Whether every pixel's ray that the point lies on, to 1/100 of a pixel, is in the rectangle.
bool holds(const Lens& lens, bool seen, const PixelRect& rect, const glm::dvec2& at) {
  for (int axis = 0; axis < 2; ++axis) {
    const double nearest = std::round(at[axis]);
    if (std::fabs(at[axis] - nearest) > 0.01) return true;  // between rays
    if (nearest < 0.0 || nearest >= (axis == 0 ? lens.block.width : lens.block.height)) return true;
  }
  const auto x = static_cast<int>(std::lround(at.x)), y = static_cast<int>(std::lround(at.y));
  return seen && x >= rect.left && x <= rect.right && y >= rect.top && y <= rect.bottom;
}

TEST(BlockCamera, NoPointOfABoxIsOutsideItsRectangleOrNearerThanItsLeastDepth) {
  base::PhiloxStream stream = test_stream(1);
  int inside = 0;
  for (int round = 0; round < 400; ++round) {
    const Lens& lens = lenses()[static_cast<std::size_t>(round) % lenses().size()];
    const CameraFrame frame = random_frame(stream);
    const BlockCamera camera(frame, lens.camera, lens.block, 1e-5f);
    alignas(32) float middle[3][kLanes], half[3][kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      // Small ones far away, and large ones that the eye may be in.
      const float size = lane < 4 ? 0.1f : 3.0f;
      const Vec3 at = random_point(stream, 4.0f) + 3.0f * frame.forward;
      for (int axis = 0; axis < 3; ++axis) {
        middle[axis][lane] = at[axis];
        half[axis][lane] = stream.uniform(0.0f, size);
      }
    }
    Boxes boxes;
    for (int axis = 0; axis < 3; ++axis) {
      boxes.middle[axis] = _mm256_load_ps(middle[axis]);
      boxes.half[axis] = _mm256_load_ps(half[axis]);
    }
    PixelRects rects;
    alignas(32) float least_depth[kLanes];
    const std::uint32_t seen = camera.box_rects(boxes, rects, least_depth);
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int sample = 0; sample < 200; ++sample) {
        glm::dvec3 point;
        for (int axis = 0; axis < 3; ++axis) {
          // Corners and edges as often as the inside.
          const float where =
              sample % 3 == 0 ? (stream.uniform_int(2u) == 0 ? -1.0f : 1.0f) : stream.uniform(-1.0f, 1.0f);
          point[axis] =
              static_cast<double>(middle[axis][lane]) + static_cast<double>(half[axis][lane] * where);
        }
        double depth = 0.0;
        const glm::dvec2 at = projected(lens, frame, point, depth);
        if (depth <= static_cast<double>(lens.camera.near_m)) continue;
        ASSERT_GE(depth, static_cast<double>(least_depth[lane]));
        // The point is moved onto the nearest ray if that is in the box's own size of it.
        ASSERT_TRUE(holds(lens, (seen >> lane & 1u) != 0, rects[lane], at)) << round << ", lane " << lane;
        inside += (seen >> lane & 1u) != 0 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(inside, 10000);
}

TEST(BlockCamera, RaysAreTheCamerasBitForBit) {
  base::PhiloxStream stream = test_stream(2);
  for (const Lens& lens : lenses()) {
    const CameraFrame frame = random_frame(stream);
    const PixelRays rays(lens.camera);
    const BlockCamera camera(frame, lens.camera, lens.block, 1e-5f);
    for (int row = 0; row < lens.block.height; ++row) {
      for (int column = 0; column < lens.block.width; ++column) {
        Float8 ray[3];
        camera.directions(column / kLanes, row, ray);
        const Vec3 wanted = frame.direction(rays.right(lens.block.x + column), rays.up(lens.block.y + row));
        for (int axis = 0; axis < 3; ++axis) {
          alignas(32) float lanes[kLanes];
          _mm256_store_ps(lanes, ray[axis]);
          ASSERT_EQ(lanes[column % kLanes], wanted[axis]);
        }
      }
    }
  }
}

TEST(BlockImage, OpenIsTrueWhereverAPixelIsFartherAndExactWithinATile) {
  base::PhiloxStream stream = test_stream(3);
  constexpr int kWidth = 61, kHeight = 47;
  BlockImage image(kWidth, kHeight, 100.0f);
  int closed = 0;
  for (int change = 0; change < 3000; ++change) {
    const int row = static_cast<int>(stream.uniform_int(std::uint32_t{kHeight}));
    const int group = static_cast<int>(stream.uniform_int(8u));
    Float8 depths;
    __m256i numbers;
    image.load(row, group, depths, numbers);
    const Float8 metres = all(stream.uniform(0.0f, 5.0f));
    image.take(row, group, above(depths, metres), metres, _mm256_set1_epi32(change));
    PixelRect rect;
    rect.left = static_cast<std::int32_t>(stream.uniform_int(std::uint32_t{kWidth}));
    rect.top = static_cast<std::int32_t>(stream.uniform_int(std::uint32_t{kHeight}));
    const auto reach = change % 2 == 0 ? 3u : 20u;
    rect.right = std::min(kWidth - 1, rect.left + static_cast<int>(stream.uniform_int(reach)));
    rect.bottom = std::min(kHeight - 1, rect.top + static_cast<int>(stream.uniform_int(reach)));
    const float near_m = stream.uniform(0.0f, 5.0f);
    bool wanted = false;
    for (int y = rect.top; y <= rect.bottom; ++y) {
      for (int x = rect.left; x <= rect.right; ++x) wanted = wanted || image.depth(y)[x] >= near_m;
    }
    const bool in_one_tile = rect.left / kLanes == rect.right / kLanes && rect.top / 4 == rect.bottom / 4;
    const bool open = image.open(rect, near_m);
    ASSERT_TRUE(open || !wanted);
    if (in_one_tile) {
      ASSERT_EQ(open, wanted);
    }
    closed += open ? 0 : 1;
  }
  EXPECT_GT(closed, 300) << "some were hidden";
  EXPECT_EQ(image.depth(0)[kWidth], -1.0f);
  EXPECT_EQ(image.depth(kHeight)[0], -1.0f);
}

WideBvh build(const scene::Scene& scene) {
  base::ThreadPool pool(1);
  return WideBvh(scene, pool);
}

BundleWork trace(const WideBvh& bvh, const base::Pose& pose, const CameraSpec& camera) {
  const CameraFrame frame(pose);
  const PixelBlock block{0, 0, camera.width, camera.height};
  BlockImage image(block.width, block.height, camera.far_m);
  return trace_bundle(bvh.view(), {frame, camera, block, traversal_slack(bvh.bounds(), frame.origin)}, image);
}

TEST(TraceBundle, WhatAWallHidesIsNotLookedAt) {
  base::PhiloxStream stream = test_stream(4);
  scene::Scene scene;
  scene.materials = {{{1, 1, 1, 1}, -1, true}};
  const auto add = [&scene](const Vec3& a, const Vec3& b, const Vec3& c) {
    const auto first = static_cast<std::uint32_t>(scene.positions.size());
    scene.positions.insert(scene.positions.end(), {a, b, c});
    scene.triangles.push_back({first, first + 1, first + 2});
    scene.triangle_material.push_back(0);
  };
  for (int i = 0; i < 20000; ++i) {
    const Vec3 a = random_point(stream, 3.0f) + Vec3(0.0f, 0.0f, -10.0f);
    add(a, a + random_point(stream, 0.1f), a + random_point(stream, 0.1f));
  }
  const base::Pose pose;
  const CameraSpec camera;
  const BundleWork seen = trace(build(scene), pose, camera);
  EXPECT_GT(seen.triangles, 1000);
  add({-50.0f, -50.0f, -2.0f}, {50.0f, -50.0f, -2.0f}, {0.0f, 80.0f, -2.0f});
  const BundleWork hidden = trace(build(scene), pose, camera);
  // The wall, and what waits with it until there are eight.
  EXPECT_LE(hidden.triangles, 16);
  EXPECT_LE(hidden.nodes, 8);
}

TEST(TraceBundle, ANodeIsVisitedOnceForAllRaysAndSmallTrianglesCostNoMoreThanTheirPixels) {
  const ClutterSpec spec{7, 4, 200000};
  const WideBvh bvh = build(*make_clutter_scene(spec));
  base::PhiloxStream stream = test_stream(5);
  BundleWork sum;
  constexpr int kViews = 20;
  for (int view = 0; view < kViews; ++view) {
    const BundleWork work = trace(bvh, random_clutter_pose(spec, stream), {64, 64, 90.0f});
    sum.nodes += work.nodes;
    sum.triangles += work.triangles;
    sum.tests += work.tests;
  }
  constexpr std::int64_t kRays = std::int64_t{kViews} * 64 * 64;
  RecordProperty("nodes", static_cast<int>(sum.nodes));
  RecordProperty("triangles", static_cast<int>(sum.triangles));
  RecordProperty("tests", static_cast<int>(sum.tests));
  // Ray by ray each would visit a dozen nodes and test several triangles.
  EXPECT_LT(sum.nodes, kRays / 4);
  EXPECT_LT(sum.triangles, kRays);
  EXPECT_LT(sum.tests, 16 * kRays);
}

}  // namespace
}  // namespace inknav::render
