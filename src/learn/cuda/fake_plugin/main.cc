// SPDX-License-Identifier: MIT
// A plug-in for the tests of the loader. INKNAV_FAKE_DEVICE_FAULT chooses what is wrong with it: "version",
// "size", "torch", or nothing.
#include <ATen/Version.h>

#include <cstdlib>
#include <string_view>

#include "learn/cuda/device_abi.h"

extern "C" const inknav::learn::DeviceApi* inknav_cuda_learn_api();

extern "C" const inknav::learn::DeviceApi* inknav_cuda_learn_api() {
  using namespace inknav::learn;
  static DeviceApi api;
  const char* named = std::getenv("INKNAV_FAKE_DEVICE_FAULT");
  const std::string_view fault = named == nullptr ? "" : named;
  api = {};
  api.abi_version = fault == "version" ? kDeviceAbiVersion + 1 : kDeviceAbiVersion;
  api.api_bytes = fault == "size" ? sizeof(DeviceApi) + 8 : sizeof(DeviceApi);
  api.torch_version = fault == "torch" ? "1.0.0" : TORCH_VERSION;
  return &api;
}
