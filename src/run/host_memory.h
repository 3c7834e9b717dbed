// SPDX-License-Identifier: MIT
#pragma once
// How much memory this machine has and how much of it a new process can have now, by /proc/meminfo and the
// control groups (base/control_group.h). Reads a few small files of the kernel. Threads: safe.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/control_group.h"

namespace inknav::run {

struct HostMemory {
  std::uint64_t total_bytes = 0;      // MemTotal; 0: the kernel does not say
  std::uint64_t available_bytes = 0;  // MemAvailable
};
HostMemory host_memory(const std::filesystem::path& meminfo = "/proc/meminfo");

/// The smaller of what the machine has left and what our control group has left, and which of them it is:
/// "MemAvailable" or the file with the limit.
struct MemoryBound {
  std::uint64_t bytes = 0;
  std::string from;
};
MemoryBound available_memory(const HostMemory& memory, const base::ControlGroupLimits& limits);

}  // namespace inknav::run
