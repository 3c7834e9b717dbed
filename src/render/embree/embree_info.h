// SPDX-License-Identifier: MIT
#pragma once
// What the Embree that this process is linked with can do on this machine, asked from Embree itself. Starts
// and stops an Embree device: some milliseconds. kData when none can be started.

#include <string>

#include "base/result.h"

namespace inknav::render {

struct EmbreeInfo {
  std::string version;               // "3.13.5"
  bool native_packets_of_8 = false;  // eight rays go through AVX registers at once; else they are split up
  bool filter_functions = false;     // back-face culling needs them
};

base::Result<EmbreeInfo> embree_info();

}  // namespace inknav::render
