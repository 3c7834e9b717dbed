// SPDX-License-Identifier: MIT
#pragma once
// The CUDA half of libtorch, opened at run time: the program itself links the CPU half only, so that it
// starts everywhere.
//
// libtorch_cuda.so lies beside the libtorch_cpu.so in use, where `./inknav setup` puts it on a machine with
// an NVIDIA driver. It must be opened before libtorch is first asked about CUDA, which it remembers; so these
// are the first calls of a process that wants a GPU. Every way to fail is one sentence of kind kUsage: no
// such library, a library that it needs is missing, no driver, no such device. Once opened it stays.

#include <filesystem>

#include "base/result.h"

namespace inknav::learn {

/// The folder of the libtorch that this process uses; empty when it cannot be told.
std::filesystem::path torch_folder();

/// Opens libtorch_cuda.so of a folder; asks for no device.
base::Status open_torch_cuda(const std::filesystem::path& folder);

/// Opens it where it belongs and checks that the device is there; `gpu` is an index among the visible ones.
base::Status prepare_gpu(int gpu);

}  // namespace inknav::learn
