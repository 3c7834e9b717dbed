// SPDX-License-Identifier: MIT
#include "render/egl/egl_info.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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

}  // namespace
}  // namespace inknav::render
