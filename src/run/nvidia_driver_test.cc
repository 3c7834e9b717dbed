// SPDX-License-Identifier: MIT
#include "run/nvidia_driver.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace inknav::run {
namespace {

namespace fs = std::filesystem;

TEST(NvidiaDriver, TheVersionIsReadFromBothKindsOfModule) {
  const fs::path file = fs::temp_directory_path() / ("inknav_driver_" + std::to_string(::getpid()));
  EXPECT_EQ(nvidia_driver_version(file), std::nullopt);
  const auto version = [&](const std::string& text) {
    std::ofstream(file) << text;
    return nvidia_driver_version(file);
  };
  EXPECT_EQ(
      version("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n"
              "GCC version:  gcc version 12.2.0\n"),
      "535.183.01");
  EXPECT_EQ(version("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  560.35  Release Build\n"),
            "560.35");
  for (const char* text : {"", "\n12.2.0\n", "NVRM version: . .1 1. x86_64 5\n"})
    EXPECT_EQ(version(text), "");
  fs::remove(file);
}

TEST(NvidiaDriver, TheReasonSaysWhatCanBeDone) {
  const GpuList no_library{{}, "no library", false};
  const GpuList no_device{{}, "no device", true};
  EXPECT_EQ(why_no_gpu(no_library, std::nullopt, "0"), "no library");
  EXPECT_NE(why_no_gpu(no_library, "535.1", {}).find("no library, though the kernel driver is loaded; in a "),
            std::string::npos);
  EXPECT_NE(why_no_gpu(no_device, std::nullopt, {}).find("the kernel driver is not loaded"),
            std::string::npos);
  EXPECT_EQ(why_no_gpu(no_device, "535.1", ""), "no device; CUDA_VISIBLE_DEVICES is \"\"");
  EXPECT_NE(why_no_gpu(no_device, "535.1", {}).find("nvidia-smi"), std::string::npos);
}

}  // namespace
}  // namespace inknav::run
