// SPDX-License-Identifier: MIT
#include "run/host_memory.h"

#include <fstream>

namespace inknav::run {

HostMemory host_memory(const std::filesystem::path& meminfo) {
  HostMemory memory;
  std::ifstream file(meminfo);
  std::uint64_t kilobytes = 0;
  for (std::string name, unit; file >> name >> kilobytes && std::getline(file, unit);) {
    if (name == "MemTotal:") memory.total_bytes = kilobytes * 1024;
    if (name == "MemAvailable:") memory.available_bytes = kilobytes * 1024;
  }
  return memory;
}

MemoryBound available_memory(const HostMemory& memory, const base::ControlGroupLimits& limits) {
  MemoryBound bound{memory.available_bytes, "MemAvailable"};
  if (!limits.memory_bytes) return bound;
  const std::uint64_t left =
      *limits.memory_bytes > limits.memory_used_bytes ? *limits.memory_bytes - limits.memory_used_bytes : 0;
  if (left < bound.bytes) bound = {left, limits.memory_from};
  return bound;
}

}  // namespace inknav::run
