// SPDX-License-Identifier: MIT
#include "base/control_group.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

namespace inknav::base {
namespace {

/// Our group as a path below the mount, "/" for the root of what we can see; nullopt: no version 2.
std::optional<std::string> own_group(const std::filesystem::path& membership) {
  std::ifstream file(membership);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/") && line.find("/../") == std::string::npos) return line.substr(3);
  }
  return std::nullopt;
}

/// The folders of our group and of all above it, the mount last.
std::vector<std::filesystem::path> groups_upwards(const std::filesystem::path& mount, std::string group) {
  std::vector<std::filesystem::path> folders;
  while (group.size() > 1) {
    folders.push_back(mount / group.substr(1));
    group.resize(group.rfind('/'));
  }
  folders.push_back(mount);
  return folders;
}

/// "max" or anything else that is no number: nullopt.
template <typename Number>
std::optional<Number> next_number(std::ifstream& file) {
  Number value = 0;
  if (!(file >> value) || !(value > 0)) return std::nullopt;
  return value;
}

/// What a group holds and cannot give back at once: memory.current without its inactive files. A group that
/// does not say holds nothing.
std::uint64_t used_bytes(const std::filesystem::path& folder) {
  std::ifstream current(folder / "memory.current");
  const std::uint64_t all = next_number<std::uint64_t>(current).value_or(0);
  std::ifstream stat(folder / "memory.stat");
  std::uint64_t value = 0;
  for (std::string name; stat >> name >> value;) {
    if (name == "inactive_file") return all - std::min(all, value);
  }
  return all;
}

}  // namespace

ControlGroupLimits control_group_limits(const std::filesystem::path& mount,
                                        const std::filesystem::path& membership) {
  ControlGroupLimits limits;
  const std::optional<std::string> group = own_group(membership);
  if (!group) return limits;
  for (const std::filesystem::path& folder : groups_upwards(mount, *group)) {
    std::ifstream cpu(folder / "cpu.max");
    const std::optional<double> quota = next_number<double>(cpu);
    const std::optional<double> period = quota ? next_number<double>(cpu) : std::nullopt;
    if (period && (!limits.cores || *quota / *period < *limits.cores)) {
      limits.cores = *quota / *period;
      limits.cores_from = (folder / "cpu.max").string();
    }
    std::ifstream memory(folder / "memory.max");
    const std::optional<std::uint64_t> bytes = next_number<std::uint64_t>(memory);
    if (bytes && (!limits.memory_bytes || *bytes < *limits.memory_bytes)) {
      limits.memory_bytes = bytes;
      limits.memory_from = (folder / "memory.max").string();
      limits.memory_used_bytes = used_bytes(folder);
    }
  }
  return limits;
}

int affinity_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

int usable_cores(int mask, const ControlGroupLimits& limits) {
  const double share = std::ceil(limits.cores.value_or(mask));
  return std::max(1, share < mask ? static_cast<int>(share) : mask);
}

}  // namespace inknav::base
