// SPDX-License-Identifier: MIT
#include "base/control_group.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/thread_pool.h"

namespace inknav::base {
namespace {

namespace fs = std::filesystem;

class ControlGroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("inknav_cgroup_" + std::to_string(::getpid()));
    fs::create_directories(root_ / "fs/batch/job 7");
    write("self", "1:cpu:/old\n0::/batch/job 7\n");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(root_ / name) << text; }
  ControlGroupLimits limits() const { return control_group_limits(root_ / "fs", root_ / "self"); }

  fs::path root_;
};

TEST_F(ControlGroupTest, TheSmallestLimitOnTheWayUpWins) {
  write("fs/cpu.max", "400000 100000\n");
  write("fs/batch/cpu.max", "150000 100000\n");
  write("fs/batch/job 7/cpu.max", "max 100000\n");
  write("fs/batch/job 7/memory.max", "2147483648\n");
  write("fs/batch/memory.max", "max\n");
  write("fs/memory.max", "8589934592\n");
  const ControlGroupLimits found = limits();
  EXPECT_EQ(found.cores, 1.5);
  EXPECT_EQ(found.cores_from, (root_ / "fs/batch/cpu.max").string());
  EXPECT_EQ(found.memory_bytes, 2147483648u);
  EXPECT_EQ(found.memory_from, (root_ / "fs/batch/job 7/memory.max").string());
}

TEST_F(ControlGroupTest, WhatTheLimitingGroupHoldsIsCountedWithoutFilesThatMayGo) {
  write("fs/batch/memory.max", "1000000\n");
  EXPECT_EQ(limits().memory_used_bytes, 0u);
  write("fs/batch/memory.current", "700000\n");
  EXPECT_EQ(limits().memory_used_bytes, 700000u);
  write("fs/batch/memory.stat", "anon 500000\nfile 200000\ninactive_file 150000\n");
  EXPECT_EQ(limits().memory_used_bytes, 550000u);
  write("fs/batch/memory.stat", "inactive_file 900000\n");
  EXPECT_EQ(limits().memory_used_bytes, 0u);
}

TEST_F(ControlGroupTest, TheRootGroupOfAContainerCounts) {
  write("self", "0::/\n");
  write("fs/cpu.max", "50000 100000\n");
  EXPECT_EQ(limits().cores, 0.5);
  EXPECT_FALSE(limits().memory_bytes);
}

TEST_F(ControlGroupTest, WhatIsNotThereOrNoNumberIsNoLimit) {
  EXPECT_FALSE(limits().cores);
  for (const char* text : {"", "max", "max 100000", "0 100000", "-1 100000", "5", "5 0", "x y", "nan nan"}) {
    write("fs/cpu.max", text);
    EXPECT_FALSE(limits().cores) << text;
  }
  for (const char* text : {"", "max", "0", "-", "x"}) {
    write("fs/memory.max", text);
    EXPECT_FALSE(limits().memory_bytes) << text;
  }
  write("fs/cpu.max", "100000 100000");
  for (const char* text : {"", "1:cpu:/\n", "0::\n", "0::/../../etc\n", "junk"}) {
    write("self", text);
    EXPECT_FALSE(limits().cores) << text;
  }
  EXPECT_FALSE(control_group_limits(root_ / "nowhere", root_ / "nothing").cores);
}

TEST(UsableCores, AreTheMaskBoundedByTheShareRoundedUp) {
  EXPECT_EQ(usable_cores(64, {}), 64);
  EXPECT_EQ(usable_cores(64, {.cores = 1.5}), 2);
  EXPECT_EQ(usable_cores(64, {.cores = 2.0}), 2);
  EXPECT_EQ(usable_cores(64, {.cores = 0.25}), 1);
  EXPECT_EQ(usable_cores(2, {.cores = 8.0}), 2);
  EXPECT_EQ(usable_cores(2, {.cores = 1e30}), 2);
  EXPECT_EQ(usable_cores(0, {}), 1);
  EXPECT_LE(available_cores(), affinity_cores());
}

}  // namespace
}  // namespace inknav::base
