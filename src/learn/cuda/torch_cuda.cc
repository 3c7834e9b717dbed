// SPDX-License-Identifier: MIT
#include "learn/cuda/torch_cuda.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <string>
#include <system_error>

namespace inknav::learn {
namespace {

constexpr const char* kLibrary = "libtorch_cuda.so";

base::Error unusable(const std::string& what) {
  return {base::ErrorCode::kUsage, "libtorch on a GPU: " + what};
}

}  // namespace

std::filesystem::path torch_folder() {
  void* library = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
  link_map* map = nullptr;
  if (library == nullptr || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) return {};
  return std::filesystem::path(map->l_name).parent_path();
}

base::Status open_torch_cuda(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kLibrary;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return unusable(
        std::string(kLibrary) + " was wanted in " + folder.string() +
        ", it is not there: this is the libtorch for machines without a GPU; fetch the other with "
        "INKNAV_WHEELS=cuda ./inknav setup, or train on the CPU with NUM_GPUS 0");
  }
  // Its matrix products are deterministic only with workspaces of a fixed size, chosen before they begin.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
  if (dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE) == nullptr) {
    return unusable(
        file.string() + " cannot be loaded (" + dlerror() +
        "); fetch NVIDIA's libraries again with INKNAV_WHEELS=cuda ./inknav setup, or train on the "
        "CPU with NUM_GPUS 0");
  }
  return base::ok_status();
}

base::Status prepare_gpu(int gpu) {
  INKNAV_RETURN_IF_ERROR(open_torch_cuda(torch_folder()));
  int count = 0;
  if (at::detail::getCUDAHooks().hasCUDA()) {
    count = c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).deviceCount();
  }
  if (count == 0) {
    return unusable(
        "a device that CUDA can use was wanted, none is there; see inknav doctor, or train on the CPU with "
        "NUM_GPUS 0");
  }
  if (gpu < 0 || gpu >= count) {
    return unusable("device " + std::to_string(gpu) + " was wanted, there are " + std::to_string(count) +
                    ", numbered from 0; see inknav doctor");
  }
  return base::ok_status();
}

}  // namespace inknav::learn
