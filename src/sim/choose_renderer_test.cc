// SPDX-License-Identifier: MIT
#include "sim/choose_renderer.h"

#include <gtest/gtest.h>

#include "base/scoped_environment.h"
#include "render/egl/egl_info.h"

namespace inknav::sim {
namespace {

base::Result<ChosenRenderer> choose(render::Backend backend, bool replace) {
  static base::ThreadPool pool(1);
  SimulatorSettings settings;
  settings.backend = backend;
  settings.replace_backend = replace;
  return choose_renderer(settings, pool);
}

TEST(ChooseRenderer, WhatIsThereIsTakenWithoutAWord) {
  const auto chosen = choose(render::Backend::kBundle, true);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->renderer->name(), "bundle");
  EXPECT_EQ(chosen->warning, "");
}

TEST(ChooseRenderer, WhereThereIsNoEglTheCpuTakesItsPlaceAndSaysWhy) {
  const base::ScopedEnvironment library("INKNAV_EGL_LIBRARY", "/nowhere/libEGL.so");
  const auto chosen = choose(render::Backend::kEgl, true);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->renderer->name(), "bundle");
  EXPECT_TRUE(
      chosen->warning.starts_with("rendering with ray tracing on the CPU instead: EGL renderer: the library "
                                  "/nowhere/libEGL.so was wanted, "))
      << chosen->warning;
}

TEST(ChooseRenderer, WhatMustNotBeReplacedIsAnError) {
  const base::ScopedEnvironment library("INKNAV_EGL_LIBRARY", "/nowhere/libEGL.so");
  const base::ScopedEnvironment plugin("INKNAV_CUDA_PLUGIN", "/nowhere/libinknav_cuda.so");
  for (const auto& [backend, words] :
       {std::pair{render::Backend::kEgl, "EGL renderer: the library /nowhere"},
        std::pair{render::Backend::kCuda, "CUDA renderer: the plug-in was wanted"}}) {
    const auto chosen = choose(backend, false);
    ASSERT_FALSE(chosen.ok());
    EXPECT_EQ(chosen.error().code, base::ErrorCode::kUsage);
    EXPECT_TRUE(chosen.error().message.starts_with(words)) << chosen.error().message;
  }
}

TEST(ChooseRenderer, OpenGlInSoftwareIsSaid) {
  const auto info = render::egl_info();
  if (!info.ok()) GTEST_SKIP() << info.error().message;
  const auto chosen = choose(render::Backend::kEgl, true);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->renderer->name(), info->hardware ? "egl" : "egl_software");
  EXPECT_EQ(chosen->warning.empty(), info->hardware);
}

}  // namespace
}  // namespace inknav::sim
