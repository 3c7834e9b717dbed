// SPDX-License-Identifier: MIT
#pragma once
// The NVIDIA kernel driver as Linux shows it, and why no GPU can be used although it or its library is there.
// Reads one small file of the kernel; starts nothing.

#include <filesystem>
#include <optional>
#include <string>

#include "run/device_choice.h"

namespace inknav::run {

/// "535.183.01", "" when the driver is loaded and does not say which; nullopt when none is loaded.
std::optional<std::string> nvidia_driver_version(
    const std::filesystem::path& file = "/proc/driver/nvidia/version");

/// Why `list` has no GPU, and what to do where something can be done. `visible_devices`:
/// CUDA_VISIBLE_DEVICES.
std::string why_no_gpu(const GpuList& list, const std::optional<std::string>& driver_version,
                       const std::optional<std::string>& visible_devices);

}  // namespace inknav::run
