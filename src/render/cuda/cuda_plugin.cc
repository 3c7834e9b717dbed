// SPDX-License-Identifier: MIT
#include "render/cuda/cuda_plugin.h"

#include <array>

#include "base/plugin.h"

namespace inknav::render {
namespace {

constexpr base::Plugin kPlugin = {"CUDA renderer",
                                  "libinknav_cuda.so",
                                  kCudaEntry,
                                  "INKNAV_CUDA_PLUGIN",
                                  "build the target inknav_cuda (nvcc must be in the PATH)",
                                  kCudaAbiVersion};

}  // namespace

std::vector<std::filesystem::path> cuda_plugin_candidates() { return base::plugin_candidates(kPlugin); }

base::Result<const CudaApi*> open_cuda_plugin(const std::filesystem::path& file) {
  INKNAV_ASSIGN_OR_RETURN(const CudaApi* api, base::open_plugin<CudaApi>(kPlugin, file));
  const std::array<base::SharedType, 8> types = {{{"camera", api->camera_bytes, sizeof(CudaCamera)},
                                                  {"view", api->view_bytes, sizeof(CudaView)},
                                                  {"scene", api->scene_bytes, sizeof(CudaScene)},
                                                  {"node", api->node_bytes, sizeof(WideNode)},
                                                  {"triangle", api->triangle_bytes, sizeof(WideTriangle)},
                                                  {"images", api->images_bytes, sizeof(CudaImages)},
                                                  {"targets", api->targets_bytes, sizeof(CudaTargets)},
                                                  {"delivery", api->delivery_bytes, sizeof(CudaDelivery)}}};
  INKNAV_RETURN_IF_ERROR(base::check_sizes(kPlugin, file, types));
  return api;
}

base::Result<const CudaApi*> find_cuda(int device, CudaDevice* description) {
  INKNAV_ASSIGN_OR_RETURN(const std::filesystem::path file, base::find_plugin(kPlugin));
  INKNAV_ASSIGN_OR_RETURN(const CudaApi* api, open_cuda_plugin(file));
  CudaDevice found{};
  if (api->describe_device(device, &found) != kCudaOk) {
    return base::plugin_error(kPlugin,
                              std::string(api->last_error()) + "; use the CPU renderer on this machine");
  }
  if (description != nullptr) *description = found;
  return api;
}

}  // namespace inknav::render
