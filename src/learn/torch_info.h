// SPDX-License-Identifier: MIT
#pragma once
// What the libtorch of this process is and which of its CPU kernels it takes here, asked from libtorch
// itself, after setup_torch().

#include <string>

namespace inknav::learn {

struct TorchInfo {
  std::string version;  // "2.11.0"
  std::string
      cpu_capability;  // "DEFAULT", "AVX2", "AVX512": the kernels in use; ATEN_CPU_CAPABILITY lowers them
  int intra_op_threads = 1;  // threads in one operator
  bool onednn = false;       // convolutions and matrix products through oneDNN
  std::string folder{};      // of libtorch_cpu.so, as it was loaded
  bool cuda_half = false;    // libtorch_cuda.so lies beside it
};

TorchInfo torch_info();

}  // namespace inknav::learn
