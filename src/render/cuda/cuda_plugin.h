// SPDX-License-Identifier: MIT
#pragma once
// Opens the CUDA plug-in at run time, so that one program starts on machines with and without an NVIDIA
// driver.
//
// Looked for: the file that the environment variable INKNAV_CUDA_PLUGIN names; else libinknav_cuda.so in the
// program's folder, in lib/ beside it, and up to two folders above (a build tree). Every way to fail is one
// sentence of kind kUsage: no file, no library, another version, no driver, no device. An opened plug-in
// stays loaded.

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
