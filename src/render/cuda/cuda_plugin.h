// SPDX-License-Identifier: MIT
#pragma once
// Opens the CUDA plug-in at run time, so that one program starts on machines with and without an NVIDIA
// driver.
//
// libinknav_cuda.so, or the file that INKNAV_CUDA_PLUGIN names, is looked for as base/plugin.h says. Every
// way to fail is one sentence of kind kUsage: no file, no library, another version, no driver, no device.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "render/cuda/cuda_abi.h"

namespace inknav::render {

/// Where the plug-in is looked for, in this order.
std::vector<std::filesystem::path> cuda_plugin_candidates();

/// Opens one file and compares version and sizes; asks for no device.
base::Result<const CudaApi*> open_cuda_plugin(const std::filesystem::path& file);

/// The plug-in with a usable device of this number.
base::Result<const CudaApi*> find_cuda(int device, CudaDevice* description = nullptr);

}  // namespace inknav::render
