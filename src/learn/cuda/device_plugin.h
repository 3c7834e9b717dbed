// SPDX-License-Identifier: MIT
#pragma once
// Opens the learner's CUDA plug-in, libinknav_cuda_learn.so or the file that INKNAV_CUDA_LEARN_PLUGIN names
// (base/plugin.h), after prepare_gpu(). Every way to fail is one sentence of kind kUsage.
//
// It is not in libinknav_cuda.so, because that one also renders on machines whose libtorch is the CPU half.

#include <filesystem>

#include "base/result.h"
#include "learn/cuda/device_abi.h"

namespace inknav::learn {

base::Result<const DeviceApi*> open_device_plugin(const std::filesystem::path& file);
/// The first of the candidates that is there.
base::Result<const DeviceApi*> find_device_plugin();

}  // namespace inknav::learn
