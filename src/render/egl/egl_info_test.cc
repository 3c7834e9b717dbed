// SPDX-License-Identifier: MIT
#include "render/egl/egl_info.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "base/scoped_environment.h"

namespace inknav::render {
namespace {

/// What egl_info() says of the library of this name.
std::string refusal(const std::string& library) {
  const base::ScopedEnvironment named("INKNAV_EGL_LIBRARY", library.c_str());
  const auto info = egl_info();
  EXPECT_FALSE(info.ok()) << library;
  if (info.ok()) return {};
  EXPECT_EQ(info.error().code, base::ErrorCode::kUsage);
  return info.error().message;
}

TEST(EglInfo, AMissingLibraryIsASentenceWithWhatToDo) {
  EXPECT_EQ(
      refusal("/nowhere/libEGL.so"),
      "EGL renderer: the library /nowhere/libEGL.so was wanted, it cannot be loaded (/nowhere/libEGL.so: "
      "cannot open shared object file: No such file or directory); install libegl1 and a driver (Mesa's: "
      "libegl-mesa0 and libgl1-mesa-dri), name the library in INKNAV_EGL_LIBRARY, or use the CPU renderer");
}

TEST(EglInfo, AFileThatIsNoLibraryIsRefusedWithTheLoadersWords) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "no_egl.so";
  std::ofstream(file) << "text";
  const std::string message = refusal(file.string());
  std::filesystem::remove(file);
  EXPECT_NE(message.find("it cannot be loaded (" + file.string()), std::string::npos) << message;
}

TEST(EglInfo, AnotherLibraryIsToldFromEgl) {
  const std::string message = refusal("libc.so.6");
  EXPECT_NE(message.find("it is a library without eglGetProcAddress"), std::string::npos) << message;
}

TEST(EglInfo, TheDriverSaysWhoItIsAndTheAttemptsWhatWasTried) {
  const auto info = egl_info();
  if (!info.ok()) GTEST_SKIP() << info.error().message;
  EXPECT_FALSE(info->vendor.empty());
  ASSERT_FALSE(info->attempts.empty());
  bool used = false;
  for (const std::string& attempt : info->attempts) used |= attempt.ends_with(": " + info->renderer);
  EXPECT_TRUE(used) << info->renderer << " is none of those that were tried";
  EXPECT_FALSE(info->hardware && info->renderer.find("llvmpipe") != std::string::npos);
  for (const EglDevice& device : info->devices) EXPECT_TRUE(device.name.starts_with("device "));
}

/// The real library with one fault.
base::Result<EglInfo> info_with(const char* fault) {
  const base::ScopedEnvironment library("INKNAV_EGL_LIBRARY", INKNAV_FAKE_EGL);
  const base::ScopedEnvironment chosen("INKNAV_FAKE_EGL_FAULT", fault);
  return egl_info();
}

TEST(EglInfo, EveryFaultOfADriverIsNamed) {
  if (const auto info = egl_info(); !info.ok()) GTEST_SKIP() << info.error().message;
  const std::pair<const char*, const char*> faults[] = {
      {"platforms", "neither EGL_EXT_platform_device nor EGL_MESA_platform_surfaceless is offered"},
      {"initialize", "Mesa without a surface: eglInitialize failed (EGL_NOT_INITIALIZED)"},
      {"surfaceless", "EGL_KHR_surfaceless_context is missing"},
      {"opengl", "it has no OpenGL, only OpenGL ES"},
      {"config", "no configuration for OpenGL (EGL_SUCCESS)"},
      {"context", "no OpenGL 3.3 core (EGL_BAD_MATCH)"},
      {"current", "the context cannot be made current (EGL_BAD_ACCESS)"},
      {"function", "the function glTexBuffer is missing"},
      {"version", " has 3.1)"}};
  for (const auto& [fault, words] : faults) {
    const auto info = info_with(fault);
    ASSERT_FALSE(info.ok()) << fault;
    EXPECT_EQ(info.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(info.error().message.find(words), std::string::npos) << fault << ": " << info.error().message;
    EXPECT_NE(info.error().message.find("or use the CPU renderer"), std::string::npos)
        << info.error().message;
  }
  EXPECT_TRUE(info_with(nullptr).ok()) << "what failed has left nothing behind";
}

TEST(EglInfo, HardwareIsWhatDoesNotCallItselfSoftware) {
  const auto info = info_with("hardware");
  if (!info.ok()) GTEST_SKIP() << info.error().message;
  EXPECT_TRUE(info->hardware);
  EXPECT_EQ(info->renderer, "Imaginary GPU");
}

}  // namespace
}  // namespace inknav::render
