// SPDX-License-Identifier: MIT
#include "render/renderer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "render/clutter_scene.h"
#include "render/renderer_testing.h"

namespace inknav::render {
namespace {

using base::Pose;
using base::Vec3;

/// A single-sided square of 2 x 2 m in the plane z = -3, seen from its front by a camera at the origin.
scene::ScenePtr make_square(bool double_sided) {
  scene::Scene scene;
  scene.name = "square";
  scene.positions = {{-1, -1, -3}, {1, -1, -3}, {1, 1, -3}, {-1, 1, -3}};
  scene.triangles = {{0, 1, 2}, {0, 2, 3}};
  scene.triangle_material = {0, 0};
  scene.materials = {{{1.0f, 0.5f, 0.0f, 1.0f}, -1, double_sided}};
  return scene::finish(std::move(scene)).value();
}

std::vector<Pose> clutter_poses(const ClutterSpec& spec, int count) {
  base::PhiloxStream stream({1, 0, 0, 0, base::Purpose::kTest});
  std::vector<Pose> poses;
  for (int i = 0; i < count; ++i) poses.push_back(random_clutter_pose(spec, stream));
  return poses;
}

class EveryBackend : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (const std::string why = why_not(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, EveryBackend,
                         testing::Values(Backend::kBundle, Backend::kCuda, Backend::kEgl, Backend::kWideBvh,
                                         Backend::kEmbree, Backend::kBruteForce),
                         backend_name);

TEST_P(EveryBackend, DepthIsAlongTheOpticalAxisAndZeroWhereNothingIs) {
  const CameraSpec camera{65, 65, 90.0f};
  const Images images = render_images(GetParam(), camera, make_square(false), {Pose{}}, 1);
  const auto at = [&](int x, int y) { return images.depth[static_cast<std::size_t>(65 * y + x)]; };
  EXPECT_NEAR(at(32, 32), 3.0f, 1e-5f);
  // The square ends at 1/3 of the way to the image border; inside, oblique rays read 3 m as well.
  EXPECT_NEAR(at(32 + 9, 32 - 9), 3.0f, 1e-5f);
  EXPECT_EQ(at(32 + 13, 32), 0.0f);
  EXPECT_EQ(at(0, 0), 0.0f);
  const std::size_t centre = 3 * (65 * 32 + 32);
  EXPECT_EQ(images.rgb[centre], 255);
  EXPECT_EQ(images.rgb[centre + 1], 128);
  EXPECT_EQ(images.rgb[centre + 2], 0);
  EXPECT_EQ(images.rgb[0], 0);
}

TEST_P(EveryBackend, BackFacesAreCulledUnlessTheMaterialIsDoubleSided) {
  const CameraSpec camera{16, 16, 60.0f};
  Pose behind;
  behind.position = {0, 0, -6};
  behind.rotation = base::rotation_from_yaw(base::kPi);
  const Images single = render_images(GetParam(), camera, make_square(false), {behind}, 1);
  EXPECT_TRUE(std::all_of(single.depth.begin(), single.depth.end(), [](float d) { return d == 0.0f; }));
  const Images both = render_images(GetParam(), camera, make_square(true), {behind}, 1);
  EXPECT_NEAR(both.depth[16 * 8 + 8], 3.0f, 1e-5f);
}

TEST_P(EveryBackend, NearAndFarBoundTheDepth) {
  CameraSpec camera{9, 9, 40.0f};
  camera.far_m = 2.9f;
  EXPECT_EQ(render_images(GetParam(), camera, make_square(false), {Pose{}}, 1).depth[40], 0.0f);
  camera.far_m = 1000.0f;
  camera.near_m = 3.1f;
  EXPECT_EQ(render_images(GetParam(), camera, make_square(false), {Pose{}}, 1).depth[40], 0.0f);
}

TEST_P(EveryBackend, OddSizesAreRenderedToTheLastPixel) {
  const CameraSpec camera{13, 35, 30.0f};
  const Images images = render_images(GetParam(), camera, make_square(false), {Pose{}, Pose{}}, 2);
  EXPECT_TRUE(std::none_of(images.depth.begin(), images.depth.end(), [](float d) { return d < 0.0f; }));
  EXPECT_TRUE(
      std::equal(images.depth.begin(), images.depth.begin() + 13 * 35, images.depth.begin() + 13 * 35));
}

TEST(Renderer, TheTracersEqualBruteForce) {
  const ClutterSpec spec{3, 2, 3000};
  const scene::ScenePtr scene = make_clutter_scene(spec);
  const CameraSpec camera{48, 36, 90.0f};
  const std::vector<Pose> poses = clutter_poses(spec, 12);
  const Images oracle = render_images(Backend::kBruteForce, camera, scene, poses, 2);
  for (const Backend backend : {Backend::kBundle, Backend::kEmbree}) {
    const Images images = render_images(backend, camera, scene, poses, 2);
    std::size_t different_surface = 0;
    int worst_color = 0;
    for (std::size_t i = 0; i < oracle.depth.size(); ++i) {
      // The tracers intersect in single precision, Embree with an approximate reciprocal, the oracle in
      // double: 1e-4 relative. Where a ray grazes a silhouette the two may see different surfaces: counted
      // below.
      if (std::fabs(images.depth[i] - oracle.depth[i]) > 1e-4f * std::max(1.0f, oracle.depth[i])) {
        ++different_surface;
        continue;
      }
      for (std::size_t c = 0; c < 3; ++c) {
        worst_color =
            std::max(worst_color, std::abs(int{images.rgb[3 * i + c]} - int{oracle.rgb[3 * i + c]}));
      }
    }
    EXPECT_LE(different_surface, oracle.depth.size() / 2000) << "backend " << static_cast<int>(backend);
    // A texel boundary moves by the same rounding: at most a few levels through trilinear filtering.
    EXPECT_LE(worst_color, 4) << "backend " << static_cast<int>(backend);
  }
}

TEST(Renderer, ResultsDoNotDependOnThreadsOrBatch) {
  const ClutterSpec spec{4, 3, 20000};
  const scene::ScenePtr scene = make_clutter_scene(spec);
  const CameraSpec camera{64, 64, 90.0f};
  const std::vector<Pose> poses = clutter_poses(spec, 16);
  const Images one = render_images(Backend::kBundle, camera, scene, poses, 1);
  for (const int threads : {2, 4}) {
    const Images many = render_images(Backend::kBundle, camera, scene, poses, threads);
    EXPECT_EQ(base::xxh3_128(std::span<const float>(one.depth)),
              base::xxh3_128(std::span<const float>(many.depth)));
    EXPECT_EQ(one.rgb, many.rgb);
  }
  for (std::size_t i = 0; i < poses.size(); ++i) {
    const Images alone = render_images(Backend::kBundle, camera, scene, {poses[i]}, 1);
    EXPECT_TRUE(std::equal(alone.depth.begin(), alone.depth.end(),
                           one.depth.begin() + static_cast<long>(i * 64 * 64)));
  }
}

TEST_P(EveryBackend, SlotsAreReusedAndScenesKeptApart) {
  base::ThreadPool pool(1);
  auto renderer = make_renderer(GetParam(), {8, 8, 40.0f}, pool).value();
  const ClutterSpec spec{5, 1, 200};
  const int square = renderer->add_scene(make_square(false)).value();
  const int clutter = renderer->add_scene(make_clutter_scene(spec)).value();
  EXPECT_NE(square, clutter);
  renderer->remove_scene(square);
  EXPECT_EQ(renderer->add_scene(make_square(true)).value(), square);
  std::vector<float> depth(64);
  ASSERT_TRUE(renderer->reserve(4, {}).ok());
  ASSERT_TRUE(renderer->render(std::vector<View>{{square, Pose{}}}, {depth.data(), nullptr}).ok());
  EXPECT_NEAR(depth[36], 3.0f, 1e-5f);
}

TEST_P(EveryBackend, FarTexturesAreFiltered) {
  // A checkerboard of one-texel squares seen from far must read grey, not black and white.
  scene::Scene scene;
  scene.name = "checkerboard";
  std::vector<std::uint8_t> texels;
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const std::uint8_t value = (x + y) % 2 == 0 ? 255 : 0;
      texels.insert(texels.end(), {value, value, value, 255});
    }
  }
  scene.textures.push_back(scene::make_texture(64, 64, std::move(texels)));
  scene.materials = {{{1, 1, 1, 1}, 0, false}};
  scene.positions = {{-50, -50, -40}, {50, -50, -40}, {50, 50, -40}, {-50, 50, -40}};
  scene.uvs = {{0, 0}, {100, 0}, {100, 100}, {0, 100}};
  scene.triangles = {{0, 1, 2}, {0, 2, 3}};
  scene.triangle_material = {0, 0};
  const Images images =
      render_images(GetParam(), {32, 32, 90.0f}, scene::finish(std::move(scene)).value(), {Pose{}}, 1);
  for (const std::uint8_t value : images.rgb) EXPECT_NEAR(value, 128, 4);
}

TEST(Renderer, BadCamerasAreRefused) {
  base::ThreadPool pool(1);
  for (const CameraSpec& camera :
       {CameraSpec{0, 8, 90.0f}, CameraSpec{8, 8, 180.0f}, CameraSpec{8, 8, 90.0f, 2.0f, 1.0f}}) {
    const auto renderer = make_renderer(Backend::kBundle, camera, pool);
    ASSERT_FALSE(renderer.ok());
    EXPECT_EQ(renderer.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(renderer.error().message.find("WIDTH"), std::string::npos);
  }
}

}  // namespace
}  // namespace inknav::render
