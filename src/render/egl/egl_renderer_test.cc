// SPDX-License-Identifier: MIT
#include "render/egl/egl_renderer.h"

#include <cmath>
#include <thread>

#include "base/scoped_environment.h"
#include "render/clutter_scene.h"
#include "render/renderer_testing.h"

namespace inknav::render {
namespace {

using base::Pose;

class EglRenderer : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_not(Backend::kEgl); !why.empty()) GTEST_SKIP() << why;
  }

  std::vector<Pose> poses(int count) const {
    base::PhiloxStream stream({14, 0, 0, 0, base::Purpose::kTest});
    std::vector<Pose> made;
    for (int i = 0; i < count; ++i) made.push_back(random_clutter_pose(spec_, stream));
    return made;
  }

  ClutterSpec spec_{6, 2, 4000};
  scene::ScenePtr scene_ = make_clutter_scene(spec_);
  base::ThreadPool pool_{2};
};

TEST_F(EglRenderer, AnImageDoesNotDependOnItsPlaceInABatchOrOnThreads) {
  // 200 x 180 pixels: 14 images a chunk, so that 40 go through three.
  const CameraSpec camera{200, 180, 90.0f};
  const std::vector<Pose> all = poses(40);
  const Images together = render_images(Backend::kEgl, camera, scene_, all, 1);
  const Images once_more = render_images(Backend::kEgl, camera, scene_, all, 2);
  EXPECT_EQ(together.depth, once_more.depth);
  EXPECT_EQ(together.rgb, once_more.rgb);
  const std::size_t pixels = 200 * 180;
  for (const std::size_t i : {0u, 13u, 14u, 27u, 39u}) {
    const Images alone = render_images(Backend::kEgl, camera, scene_, {all[i]}, 1);
    const auto depth = together.depth.begin() + static_cast<long>(i * pixels);
    EXPECT_TRUE(std::equal(alone.depth.begin(), alone.depth.end(), depth)) << i;
    const auto rgb = together.rgb.begin() + static_cast<long>(3 * i * pixels);
    EXPECT_TRUE(std::equal(alone.rgb.begin(), alone.rgb.end(), rgb)) << i;
  }
}

TEST_F(EglRenderer, DepthOrColourAloneAreThoseOfBoth) {
  const CameraSpec camera{33, 21, 80.0f};
  const std::vector<Pose> all = poses(5);
  const Images both = render_images(Backend::kEgl, camera, scene_, all, 1);
  auto renderer = make_renderer(Backend::kEgl, camera, pool_).value();
  const int slot = renderer->add_scene(scene_).value();
  std::vector<View> views;
  for (const Pose& pose : all) views.push_back({slot, pose});
  std::vector<float> depth(both.depth.size());
  EXPECT_TRUE(renderer->render(views, {depth.data(), nullptr}).ok());
  EXPECT_EQ(depth, both.depth);
  std::vector<std::uint8_t> rgb(both.rgb.size());
  EXPECT_TRUE(renderer->render(views, {nullptr, rgb.data()}).ok());
  EXPECT_EQ(rgb, both.rgb);
  EXPECT_TRUE(renderer->render(views, {}).ok());
  EXPECT_TRUE(renderer->render({}, {depth.data(), rgb.data()}).ok());
  EXPECT_EQ(renderer->counters().views, 10) << "nothing was wanted, nothing was done";
}

TEST_F(EglRenderer, AnyThreadMayBeTheNextCaller) {
  const CameraSpec camera{16, 16, 90.0f};
  std::unique_ptr<Renderer> renderer;
  std::vector<float> here(256), there(256);
  int slot = -1;
  std::thread([&] {
    renderer = make_renderer(Backend::kEgl, camera, pool_).value();
    slot = renderer->add_scene(scene_).value();
  }).join();
  const View view{slot, poses(1)[0]};
  EXPECT_TRUE(renderer->render({&view, 1}, {here.data(), nullptr}).ok());
  std::thread([&] { EXPECT_TRUE(renderer->render({&view, 1}, {there.data(), nullptr}).ok()); }).join();
  EXPECT_EQ(here, there);
  std::thread([&] { renderer = nullptr; }).join();
}

TEST_F(EglRenderer, TwoRenderersDoNotDisturbEachOther) {
  const std::vector<Pose> all = poses(2);
  auto first = make_renderer(Backend::kEgl, {16, 16, 90.0f}, pool_).value();
  const View view{first->add_scene(scene_).value(), all[0]};
  std::vector<float> before(256), after(256);
  EXPECT_TRUE(first->render({&view, 1}, {before.data(), nullptr}).ok());
  render_images(Backend::kEgl, {24, 8, 60.0f}, make_clutter_scene({9, 1, 500}), all, 1);
  EXPECT_TRUE(first->render({&view, 1}, {after.data(), nullptr}).ok());
  EXPECT_EQ(before, after);
}

TEST_F(EglRenderer, PlainDrawingShowsTheSameSceneToAMillimetre) {
  const CameraSpec camera{64, 64, 90.0f};
  const std::vector<Pose> all = poses(30);
  const Images exact = render_images(Backend::kEgl, camera, scene_, all, 1);
  auto renderer = make_egl_renderer(camera, pool_, {.plain = true}).value();
  const int slot = renderer->add_scene(scene_).value();
  std::vector<View> views;
  for (const Pose& pose : all) views.push_back({slot, pose});
  std::vector<float> plain(exact.depth.size());
  EXPECT_TRUE(renderer->render(views, {plain.data(), nullptr}).ok());
  std::size_t differing = 0;
  for (std::size_t i = 0; i < plain.size(); ++i)
    differing += std::fabs(plain[i] - exact.depth[i]) > 1e-3f ? 1 : 0;
  // What is left are edges where another surface lies within the coarser depth's rounding.
  EXPECT_LE(differing, plain.size() / 2000);
}

/// The refusal of a driver with this fault.
base::Error refusal(const char* fault, const CameraSpec& camera, const scene::ScenePtr& scene) {
  const base::ScopedEnvironment library("INKNAV_EGL_LIBRARY", INKNAV_FAKE_EGL);
  const base::ScopedEnvironment chosen("INKNAV_FAKE_EGL_FAULT", fault);
  base::ThreadPool pool(1);
  const auto renderer = make_renderer(Backend::kEgl, camera, pool);
  if (!renderer.ok()) return renderer.error();
  const auto slot = (*renderer)->add_scene(scene);
  EXPECT_FALSE(slot.ok()) << fault;
  return slot.ok() ? base::Error{} : slot.error();
}

TEST_F(EglRenderer, WhatADriverCannotHoldIsRefusedWithItsLimit) {
  const base::Error size = refusal("size", {64, 48, 90.0f}, scene_);
  EXPECT_EQ(size.code, base::ErrorCode::kUsage);
  EXPECT_TRUE(size.message.starts_with("EGL renderer: images of 64 x 48 were wanted, ")) << size.message;
  EXPECT_TRUE(size.message.ends_with(
      " takes up to 32 pixels a side; change WIDTH and HEIGHT of the sensor or use the CPU renderer"))
      << size.message;
  // The scene's texture has 64 texels a side.
  const base::Error texture = refusal("size", {16, 16, 90.0f}, scene_);
  EXPECT_EQ(texture.message,
            "EGL renderer: scene clutter wants a texture of 64 texels a side, the driver's limit is 32; use "
            "a smaller "
            "scene, another driver or the CPU renderer");
  const base::Error texels = refusal("texels", {16, 16, 90.0f}, scene_);
  EXPECT_EQ(texels.code, base::ErrorCode::kUsage);
  EXPECT_NE(texels.message.find("texels of a texture buffer, the driver's limit is 100;"), std::string::npos)
      << texels.message;
}

TEST_F(EglRenderer, FullMemoryIsToldFromOtherFaults) {
  const base::Error scene = refusal("scene_memory", {16, 16, 90.0f}, scene_);
  EXPECT_EQ(scene.code, base::ErrorCode::kDeviceMemory);
  EXPECT_NE(scene.message.find("memory for scene clutter of "), std::string::npos) << scene.message;
  EXPECT_NE(scene.message.find("the driver's memory is full"), std::string::npos) << scene.message;
  const base::Error images = refusal("image_memory", {16, 16, 90.0f}, scene_);
  EXPECT_EQ(images.code, base::ErrorCode::kDeviceMemory);
  EXPECT_NE(images.message.find("memory for 1 images of 16 x 16 was wanted"), std::string::npos)
      << images.message;
}

TEST_F(EglRenderer, ADriverThatTakesNeitherShadersNorFramebuffersIsRefused) {
  const base::Error shader = refusal("shader", {16, 16, 90.0f}, scene_);
  EXPECT_EQ(shader.code, base::ErrorCode::kUsage);
  EXPECT_NE(shader.message.find("the driver was wanted to take our shaders (GLSL 3.30), it refused"),
            std::string::npos)
      << shader.message;
  const base::Error framebuffer = refusal("framebuffer", {16, 16, 90.0f}, scene_);
  EXPECT_EQ(framebuffer.code, base::ErrorCode::kUsage);
  EXPECT_NE(framebuffer.message.find("a framebuffer for 1 images of 16 x 16 was wanted"), std::string::npos)
      << framebuffer.message;
}

}  // namespace
}  // namespace inknav::render
