// SPDX-License-Identifier: MIT
#include "learn/cuda/device_plugin.h"

#include <ATen/Version.h>

#include <string>

#include "base/plugin.h"

namespace inknav::learn {
namespace {

constexpr base::Plugin kPlugin = {
    "CUDA learner",
    "libinknav_cuda_learn.so",
    kDeviceEntry,
    "INKNAV_CUDA_LEARN_PLUGIN",
    "build the target inknav_cuda_learn (the headers of CUDA and NCCL must be there)",
    kDeviceAbiVersion};

}  // namespace

base::Result<const DeviceApi*> open_device_plugin(const std::filesystem::path& file) {
  INKNAV_ASSIGN_OR_RETURN(const DeviceApi* api, base::open_plugin<DeviceApi>(kPlugin, file));
  if (std::string(api->torch_version) != TORCH_VERSION) {
    return base::plugin_error(kPlugin, "a plug-in for libtorch " TORCH_VERSION " was wanted, " +
                                           file.string() + " is for " + api->torch_version +
                                           "; build program and plug-in with the same libtorch");
  }
  return api;
}

base::Result<const DeviceApi*> find_device_plugin() {
  INKNAV_ASSIGN_OR_RETURN(const std::filesystem::path file, base::find_plugin(kPlugin));
  return open_device_plugin(file);
}

}  // namespace inknav::learn
