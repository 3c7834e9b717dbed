// SPDX-License-Identifier: MIT
#include "run/file_system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace inknav::run {
namespace {

namespace fs = std::filesystem;

TEST(FileSystem, NamesWhatAPathLiesOn) {
  const auto proc = file_system_of("/proc");
  ASSERT_TRUE(proc.has_value());
  EXPECT_EQ(proc->kind, "0x9fa0");
  EXPECT_EQ(proc->total_bytes, 0u);
  EXPECT_FALSE(file_system_of("/no/such/path").has_value());
  const auto here = file_system_of(".");
  ASSERT_TRUE(here.has_value());
  EXPECT_GT(here->total_bytes, here->free_bytes);
}

TEST(FileSystem, TheRateIsMeasuredAndNothingStays) {
  const fs::path folder = fs::temp_directory_path() / ("inknav_rate_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const auto rate = sync_rate(folder);
  EXPECT_TRUE(fs::is_empty(folder));
  EXPECT_GT(rate.value_or(1.0), 0.0);  // nothing on a file system without nameless files
  fs::remove(folder);
  EXPECT_FALSE(sync_rate(folder).has_value());
}

}  // namespace
}  // namespace inknav::run
