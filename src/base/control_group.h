// SPDX-License-Identifier: MIT
#pragma once
// What the control groups (Linux, version 2) of this process allow it: containers and batch systems limit
// with them what the affinity mask and /proc/meminfo do not show. Every group above ours counts, the smallest
// value wins. Without control groups, with version 1, or with unreadable files: no limit. Reads a few small
// files of the kernel at each call. Threads: safe.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace inknav::base {

struct ControlGroupLimits {
  std::optional<double> cores{};                // cpu.max: processor time per time, e.g. 1.5
  std::optional<std::uint64_t> memory_bytes{};  // memory.max
  std::uint64_t memory_used_bytes = 0;          // of that group now, without files that may be dropped
  std::string cores_from{};                     // the file that says so
  std::string memory_from{};
};

ControlGroupLimits control_group_limits(const std::filesystem::path& mount = "/sys/fs/cgroup",
                                        const std::filesystem::path& membership = "/proc/self/cgroup");

/// Number of cores in this process's affinity mask, at least 1.
int affinity_cores();

/// `mask` cores, but no more than the control groups' share of processor time, rounded up; at least 1.
/// base::available_cores() is this for our own mask and groups.
int usable_cores(int mask, const ControlGroupLimits& limits);

}  // namespace inknav::base
