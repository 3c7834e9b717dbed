// SPDX-License-Identifier: MIT
#include "learn/cuda/device_plugin.h"

#include <ATen/Version.h>

#include <cstring>
#include <string>

#include "base/plugin.h"

namespace inknav::learn {
namespace {

constexpr base::Plugin kPlugin = {
    "CUDA learner", "libinknav_cuda_learn.so", kDeviceEntry, "INKNAV_CUDA_LEARN_PLUGIN",
    "build the target inknav_cuda_learn (the headers of CUDA and NCCL must be there)"};

base::Error unusable(const std::string& what) { return {base::ErrorCode::kUsage, "CUDA learner: " + what}; }

}  // namespace

base::Result<const DeviceApi*> open_device_plugin(const std::filesystem::path& file) {
  INKNAV_ASSIGN_OR_RETURN(void* const symbol, base::open_plugin(kPlugin, file));
  DeviceEntry entry = nullptr;
  std::memcpy(&entry, &symbol, sizeof(entry));
  const DeviceApi* api = entry();
  if (api->abi_version != kDeviceAbiVersion) {
    return unusable("version " + std::to_string(kDeviceAbiVersion) + " of the plug-in was wanted, " +
                    file.string() + " is version " + std::to_string(api->abi_version) +
                    "; build program and plug-in from the same sources");
  }
  if (api->api_bytes != sizeof(DeviceApi)) {
    return unusable("a function table of " + std::to_string(sizeof(DeviceApi)) +
                    " bytes was wanted, found one of " + std::to_string(api->api_bytes) + " in " +
                    file.string() +
                    "; build program and plug-in from the same sources with the same compiler");
  }
  if (std::string(api->torch_version) != TORCH_VERSION) {
    return unusable(std::string("a plug-in for libtorch " TORCH_VERSION " was wanted, ") + file.string() +
                    " is for " + api->torch_version + "; build program and plug-in with the same libtorch");
  }
  return api;
}

base::Result<const DeviceApi*> find_device_plugin() {
  INKNAV_ASSIGN_OR_RETURN(const std::filesystem::path file, base::find_plugin(kPlugin));
  return open_device_plugin(file);
}

}  // namespace inknav::learn
