// SPDX-License-Identifier: MIT
#pragma once
// What the NVIDIA driver says beside its list of GPUs (run/device_choice.h): which CUDA it supports, and how
// much memory of each GPU is free now, through its management library (NVML), which needs no context on the
// GPU. Everything is opened at run time; whatever is not there is nullopt.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace inknav::run {

struct GpuMemory {
  int id = 0;  // among the visible devices
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
};

struct GpuStatus {
  std::optional<int> cuda_version;  // 13000 = 13.0, the newest that the driver supports
  std::vector<GpuMemory> memory;    // of the GPUs whose memory could be asked for
};

/// A part of a card (MIG) is left out: the management library would speak of the whole card.
GpuStatus gpu_status(const std::string& driver = "libcuda.so.1",
                     const std::string& management = "libnvidia-ml.so.1");

}  // namespace inknav::run
