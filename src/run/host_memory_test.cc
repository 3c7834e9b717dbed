// SPDX-License-Identifier: MIT
#include "run/host_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace inknav::run {
namespace {

namespace fs = std::filesystem;

TEST(HostMemory, IsReadFromTheKernelsTable) {
  const fs::path file = fs::temp_directory_path() / ("inknav_meminfo_" + std::to_string(::getpid()));
  std::ofstream(file) << "MemTotal:       1000 kB\nMemFree:         10 kB\nMemAvailable:   400 kB\nHugePages_"
                         "Total:       0\nDirectMap4k: 5 kB\n";
  const HostMemory memory = host_memory(file);
  EXPECT_EQ(memory.total_bytes, 1024000u);
  EXPECT_EQ(memory.available_bytes, 409600u);
  std::ofstream(file) << "no table\n";
  EXPECT_EQ(host_memory(file).total_bytes, 0u);
  fs::remove(file);
  EXPECT_EQ(host_memory(file).available_bytes, 0u);
  EXPECT_GT(host_memory().available_bytes, 0u);
}

TEST(HostMemory, TheControlGroupBoundsWhereItLeavesLess) {
  const HostMemory memory{1000, 600};
  EXPECT_EQ(available_memory(memory, {}).bytes, 600u);
  EXPECT_EQ(available_memory(memory, {}).from, "MemAvailable");
  base::ControlGroupLimits limits;
  limits.memory_bytes = 500;
  limits.memory_used_bytes = 100;
  limits.memory_from = "memory.max";
  EXPECT_EQ(available_memory(memory, limits).bytes, 400u);
  EXPECT_EQ(available_memory(memory, limits).from, "memory.max");
  limits.memory_used_bytes = 700;
  EXPECT_EQ(available_memory(memory, limits).bytes, 0u);
  limits.memory_bytes = 2000;
  EXPECT_EQ(available_memory(memory, limits).from, "MemAvailable");
}

}  // namespace
}  // namespace inknav::run
