// SPDX-License-Identifier: MIT
#include "render/cuda/cuda_plugin.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace inknav::render {
namespace {

constexpr const char* kFileName = "libinknav_cuda.so";

base::Error unusable(const std::string& what) { return {base::ErrorCode::kUsage, "CUDA renderer: " + what}; }

/// The first size in which program and plug-in differ, or nothing.
std::string size_difference(const CudaApi& api) {
  struct Size {
    const char* name;
    std::uint32_t found;
    std::size_t wanted;
  };
  const std::array<Size, 7> sizes = {{{"function table", api.api_bytes, sizeof(CudaApi)},
                                      {"camera", api.camera_bytes, sizeof(CudaCamera)},
                                      {"view", api.view_bytes, sizeof(CudaView)},
                                      {"scene", api.scene_bytes, sizeof(CudaScene)},
                                      {"node", api.node_bytes, sizeof(WideNode)},
                                      {"triangle", api.triangle_bytes, sizeof(WideTriangle)},
                                      {"images", api.images_bytes, sizeof(CudaImages)}}};
  for (const Size& size : sizes) {
    if (size.found != size.wanted) {
      return std::string("a ") + size.name + " of " + std::to_string(size.wanted) +
             " bytes was wanted, found one of " + std::to_string(size.found);
    }
  }
  return {};
}

}  // namespace

std::vector<std::filesystem::path> cuda_plugin_candidates() {
  if (const char* named = std::getenv("INKNAV_CUDA_PLUGIN"); named != nullptr && *named != '\0') {
    return {named};
  }
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {kFileName};
  const std::filesystem::path folder = program.parent_path();
  return {folder / kFileName, folder / "lib" / kFileName, folder.parent_path() / kFileName,
          folder.parent_path().parent_path() / kFileName};
}

base::Result<const CudaApi*> open_cuda_plugin(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return unusable("the plug-in was wanted at " + file.string() +
                    ", no file is there; build the target inknav_cuda (nvcc must be in the PATH) or name the "
                    "file in INKNAV_CUDA_PLUGIN");
  }
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return unusable("the plug-in " + file.string() + " cannot be loaded (" + dlerror() +
                    "); build the target inknav_cuda again");
  }
  void* symbol = dlsym(library, kCudaEntry);
  if (symbol == nullptr) {
    return unusable(file.string() + " is a library without " + kCudaEntry +
                    ", so it is not InkNav's plug-in; name the right file in INKNAV_CUDA_PLUGIN");
  }
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
  std::string looked;
  for (const std::filesystem::path& file : cuda_plugin_candidates()) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
      looked += (looked.empty() ? "" : ", ") + file.string();
      continue;
    }
    INKNAV_ASSIGN_OR_RETURN(const CudaApi* api, open_cuda_plugin(file));
    CudaDevice found{};
    if (api->describe_device(device, &found) != kCudaOk) {
      return unusable(std::string(api->last_error()) + "; use the CPU renderer on this machine");
    }
    if (description != nullptr) *description = found;
    return api;
  }
  return unusable("the plug-in was wanted, none of these files is there: " + looked +
                  "; build the target inknav_cuda (nvcc must be in the PATH) or name the file in "
                  "INKNAV_CUDA_PLUGIN");
}

}  // namespace inknav::render
