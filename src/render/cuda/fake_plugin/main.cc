// SPDX-License-Identifier: MIT
// A plug-in for the tests of the loader. INKNAV_FAKE_CUDA_FAULT chooses what is wrong with it: "version",
// "size", "device", or nothing.
#include <cstdlib>
#include <string_view>

#include "render/cuda/cuda_abi.h"

namespace inknav::render {
namespace {

const char* last_error() { return "a CUDA device was wanted, the fake plug-in has none"; }

CudaStatus describe_device(std::int32_t, CudaDevice*) { return kCudaUnusable; }

}  // namespace
}  // namespace inknav::render

extern "C" const inknav::render::CudaApi* inknav_cuda_api();

extern "C" const inknav::render::CudaApi* inknav_cuda_api() {
  using namespace inknav::render;
  static CudaApi api;
  const char* named = std::getenv("INKNAV_FAKE_CUDA_FAULT");
  const std::string_view fault = named == nullptr ? "" : named;
  api = {};
  api.abi_version = fault == "version" ? kCudaAbiVersion + 1 : kCudaAbiVersion;
  api.api_bytes = sizeof(CudaApi);
  api.camera_bytes = sizeof(CudaCamera);
  api.view_bytes = fault == "size" ? sizeof(CudaView) + 8 : sizeof(CudaView);
  api.scene_bytes = sizeof(CudaScene);
  api.node_bytes = sizeof(WideNode);
  api.triangle_bytes = sizeof(WideTriangle);
  api.images_bytes = sizeof(CudaImages);
  api.last_error = last_error;
  api.describe_device = describe_device;
  return &api;
}
