// SPDX-License-Identifier: MIT
#include "learn/torch_info.h"

#include <ATen/Version.h>
#include <link.h>
#include <torch/torch.h>

#include <filesystem>
#include <string_view>

#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

/// Where the loader took libtorch's CPU half from.
std::filesystem::path torch_file() {
  std::filesystem::path file;
  const auto visit = [](dl_phdr_info* info, std::size_t, void* found) {
    const std::string_view name = info->dlpi_name == nullptr ? "" : info->dlpi_name;
    if (!name.ends_with("/libtorch_cpu.so")) return 0;
    *static_cast<std::filesystem::path*>(found) = name;
    return 1;
  };
  dl_iterate_phdr(visit, &file);
  return file;
}

}  // namespace

TorchInfo torch_info() {
  setup_torch();
  TorchInfo info;
  info.version = TORCH_VERSION;
  info.cpu_capability = at::get_cpu_capability();
  info.intra_op_threads = at::get_num_threads();
  info.onednn = at::globalContext().hasMKLDNN();
  info.folder = torch_file().parent_path().string();
  std::error_code none;
  info.cuda_half =
      !info.folder.empty() && std::filesystem::exists(info.folder + "/libtorch_cuda.so", none) && !none;
  return info;
}

}  // namespace inknav::learn
