// SPDX-License-Identifier: MIT
#include "learn/torch_info.h"

#include <ATen/Version.h>
#include <torch/torch.h>

#include "learn/torch_setup.h"

namespace inknav::learn {

TorchInfo torch_info() {
  setup_torch();
  TorchInfo info;
  info.version = TORCH_VERSION;
  info.cpu_capability = at::get_cpu_capability();
  info.intra_op_threads = at::get_num_threads();
  info.onednn = at::globalContext().hasMKLDNN();
  return info;
}

}  // namespace inknav::learn
