// SPDX-License-Identifier: MIT
#include "render/cuda/cuda_plugin.h"

#include <array>
#include <cstring>

#include "base/plugin.h"

namespace inknav::render {
namespace {

constexpr base::Plugin kPlugin = {"CUDA renderer", "libinknav_cuda.so", kCudaEntry, "INKNAV_CUDA_PLUGIN",
                                  "build the target inknav_cuda (nvcc must be in the PATH)"};

base::Error unusable(const std::string& what) { return {base::ErrorCode::kUsage, "CUDA renderer: " + what}; }

/// The first size in which program and plug-in differ, or nothing.
std::string size_difference(const CudaApi& api) {
  struct Size {
    const char* name;
    std::uint32_t found;
    std::size_t wanted;
  };
  const std::array<Size, 9> sizes = {{{"function table", api.api_bytes, sizeof(CudaApi)},
                                      {"camera", api.camera_bytes, sizeof(CudaCamera)},
                                      {"view", api.view_bytes, sizeof(CudaView)},
                                      {"scene", api.scene_bytes, sizeof(CudaScene)},
                                      {"node", api.node_bytes, sizeof(WideNode)},
                                      {"triangle", api.triangle_bytes, sizeof(WideTriangle)},
                                      {"images", api.images_bytes, sizeof(CudaImages)},
                                      {"targets", api.targets_bytes, sizeof(CudaTargets)},
                                      {"delivery", api.delivery_bytes, sizeof(CudaDelivery)}}};
  for (const Size& size : sizes) {
    if (size.found != size.wanted) {
      return std::string("a ") + size.name + " of " + std::to_string(size.wanted) +
             " bytes was wanted, found one of " + std::to_string(size.found);
    }
  }
  return {};
}

}  // namespace

std::vector<std::filesystem::path> cuda_plugin_candidates() { return base::plugin_candidates(kPlugin); }

base::Result<const CudaApi*> open_cuda_plugin(const std::filesystem::path& file) {
  INKNAV_ASSIGN_OR_RETURN(void* const symbol, base::open_plugin(kPlugin, file));
  CudaEntry entry = nullptr;
  std::memcpy(&entry, &symbol, sizeof(entry));
  const CudaApi* api = entry();
  if (api->abi_version != kCudaAbiVersion) {
    return unusable("version " + std::to_string(kCudaAbiVersion) + " of the plug-in was wanted, " +
                    file.string() + " is version " + std::to_string(api->abi_version) +
                    "; build program and plug-in from the same sources");
  }
  if (const std::string difference = size_difference(*api); !difference.empty()) {
    return unusable(difference + " in " + file.string() +
                    "; build program and plug-in from the same sources with the same compiler");
  }
  return api;
}

base::Result<const CudaApi*> find_cuda(int device, CudaDevice* description) {
  INKNAV_ASSIGN_OR_RETURN(const std::filesystem::path file, base::find_plugin(kPlugin));
  INKNAV_ASSIGN_OR_RETURN(const CudaApi* api, open_cuda_plugin(file));
  CudaDevice found{};
  if (api->describe_device(device, &found) != kCudaOk) {
    return unusable(std::string(api->last_error()) + "; use the CPU renderer on this machine");
  }
  if (description != nullptr) *description = found;
  return api;
}

}  // namespace inknav::render
