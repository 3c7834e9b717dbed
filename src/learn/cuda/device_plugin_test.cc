// SPDX-License-Identifier: MIT
#include "learn/cuda/device_plugin.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "learn/cuda/torch_cuda.h"

namespace inknav::learn {
namespace {

std::string refusal_of(const char* fault) {
  setenv("INKNAV_FAKE_DEVICE_FAULT", fault, 1);
  const auto api = open_device_plugin(INKNAV_FAKE_DEVICE);
  unsetenv("INKNAV_FAKE_DEVICE_FAULT");
  if (api.ok()) return {};
  EXPECT_EQ(api.error().code, base::ErrorCode::kUsage);
  return api.error().message;
}

TEST(DevicePlugin, WhatWasBuiltFromOtherSourcesIsRefused) {
  const std::string file = INKNAV_FAKE_DEVICE;
  EXPECT_EQ(refusal_of("version"), "CUDA learner: version 2 of the plug-in was wanted, " + file +
                                       " is version 3; build program and plug-in from the same sources");
  EXPECT_NE(refusal_of("size").find("function table of "), std::string::npos);
  EXPECT_NE(refusal_of("torch").find(file + " is for 1.0.0; build"), std::string::npos);
  EXPECT_EQ(refusal_of(""), "");
}

TEST(DevicePlugin, AMissingFileIsNamedWithWhatToDo) {
  const auto api = open_device_plugin("/nowhere/libinknav_cuda_learn.so");
  ASSERT_FALSE(api.ok());
  EXPECT_EQ(
      api.error().message,
      "CUDA learner: the plug-in was wanted at /nowhere/libinknav_cuda_learn.so, no file is there; build "
      "the target inknav_cuda_learn (the headers of CUDA and NCCL must be there) or name the file in "
      "INKNAV_CUDA_LEARN_PLUGIN");
}

TEST(TorchCuda, TheLibtorchInUseIsFound) {
  EXPECT_TRUE(std::filesystem::exists(torch_folder() / "libtorch_cpu.so")) << torch_folder();
}

TEST(TorchCuda, TheCpuHalfAloneIsASentence) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "inknav_no_torch_cuda";
  std::filesystem::create_directories(folder);
  const base::Status missing = open_torch_cuda(folder);
  std::ofstream(folder / "libtorch_cuda.so") << "text";
  const base::Status broken = open_torch_cuda(folder);
  std::filesystem::remove_all(folder);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(missing.error().message.find("INKNAV_WHEELS=cuda ./inknav setup"), std::string::npos);
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.error().message.find("cannot be loaded ("), std::string::npos) << broken.error().message;
}

}  // namespace
}  // namespace inknav::learn
