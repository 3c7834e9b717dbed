// SPDX-License-Identifier: MIT
#include "run/other_runs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace inknav::run {
namespace {

namespace fs = std::filesystem;

class OtherRuns : public testing::Test {
 protected:
  void SetUp() override {
    proc_ = fs::temp_directory_path() / ("inknav_proc_" + std::to_string(::getpid()));
    fs::create_directories(proc_ / "self");
  }
  void TearDown() override { fs::remove_all(proc_); }
  void add(int pid, const std::string& stat, const std::string& words = {}) const {
    fs::create_directories(proc_ / std::to_string(pid));
    std::ofstream(proc_ / std::to_string(pid) / "stat") << pid << " " << stat;
    std::ofstream(proc_ / std::to_string(pid) / "cmdline", std::ios::binary) << words;
  }
  fs::path proc_;
};

TEST_F(OtherRuns, FindsThemWithoutTheirRanksAndWithoutUs) {
  add(1, "(init) S 0 1");
  add(5, "(inknav) S 1 5", std::string("inknav\0train\0--model-dir\0runs/a\0", 32));
  add(6, "(inknav) S 5 5", std::string("inknav\0train\0--model-dir\0runs/a\0", 32));
  add(7, "(a ) inknav) S 1 7", std::string("inknav\0train\0", 13));
  add(8, "(inknav) R 9 8", std::string("./inknav\0eval\0", 14));
  add(9, "(bash) S 1 9");
  add(20, "(inknav) S 9 20");
  add(21, "(inknav) R 20 20");
  const auto runs = other_runs(proc_, 21);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].pid, 5);
  EXPECT_EQ(runs[0].words, "train --model-dir runs/a");
  EXPECT_TRUE(runs[0].is_orphan);
  EXPECT_EQ(runs[1].pid, 8);
  EXPECT_EQ(runs[1].words, "eval");
  EXPECT_FALSE(runs[1].is_orphan);
}

TEST_F(OtherRuns, AScriptOfOurNameIsNoneAndWhatItStartsIsOne) {
  add(5, "(inknav) S 4 5", std::string("/bin/sh\0./inknav\0setup\0", 23));
  add(6, "(inknav) S 5 5", std::string("/bin/sh\0./inknav\0setup\0", 23));  // its own child, without exec
  add(8, "(inknav) S 4 8", std::string("/bin/sh\0/usr/local/bin/inknav\0train\0", 37));
  add(9, "(inknav) S 8 8", std::string("/opt/inknav/inknav\0train\0", 25));
  add(10, "(inknav) Z 4 10");  // has ended
  const auto runs = other_runs(proc_, 21);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].pid, 9);
  EXPECT_EQ(runs[0].words, "train");
}

TEST_F(OtherRuns, DamagedOrVanishingEntriesAreNone) {
  for (const auto& [pid, stat] :
       {std::pair{2, ""}, {3, "(inknav"}, {4, ")("}, {5, "(inknav)"}, {6, "(inknav) S"}})
    add(pid, stat);
  EXPECT_TRUE(other_runs(proc_, 21).empty());
  fs::create_directories(proc_ / "99999999999999999999");
  EXPECT_TRUE(other_runs(proc_, 21).empty());
  EXPECT_TRUE(other_runs(proc_ / "none", 21).empty());
}

}  // namespace
}  // namespace inknav::run
