// SPDX-License-Identifier: MIT
#pragma once
// The processor as /proc/cpuinfo names it, and which of the instruction sets that matter to us it has.

#include <filesystem>
#include <string>

namespace inknav::run {

struct Processor {
  std::string model = "unknown processor";
  bool avx2 = false;  // with FMA: what every binary of ours needs
  bool fma = false;
  bool avx512 = false;  // F, DQ, BW and VL: libtorch's wider kernels
};

Processor processor(const std::filesystem::path& file = "/proc/cpuinfo");

}  // namespace inknav::run
