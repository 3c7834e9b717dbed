// SPDX-License-Identifier: MIT
#pragma once
// Tests only: the running test, started again as the ranks of a real run.
//
//   for (auto& bytes : run_in_rank_processes("whole", 2, [&](Ranks& ranks) { return work(ranks); })) ...
//
// The parent starts its own program `world` times through run::launch_ranks, with a filter that names the
// test that is running. Such a child walks through the same test body; the call with its label does the work,
// leaves the bytes in a file and ends the process, calls with other labels return nothing at once. So ranks
// in tests are what ranks are in a run: processes that meet over TCP. (As threads of one process they share
// libtorch's process-wide switches, which every setup_torch() writes.)
// A label is used once in a test. The result is empty after a failed expectation, and in a child.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "learn/ranks.h"
#include "run/launch.h"

namespace inknav::learn::testing {

using RankWork = std::function<std::vector<std::uint8_t>(Ranks&)>;

namespace internal {

inline constexpr const char* kLabelVariable = "INKNAV_TEST_RANKS_LABEL";
inline constexpr const char* kFolderVariable = "INKNAV_TEST_RANKS_FOLDER";

inline std::filesystem::path rank_file(const std::filesystem::path& folder, int rank) {
  return folder / ("rank" + std::to_string(rank));
}

/// Never returns: the child's exit code is 0 when the work was done without a failed expectation.
[[noreturn]] inline void work_as_rank(const RankWork& work) {
  const auto info = run::rank_from_environment();
  bool done = false;
  if (info.ok() && info->has_value()) {
    auto ranks = Ranks::connect(**info, {.meeting_s = 60.0, .answer_s = 60.0});
    EXPECT_TRUE(ranks.ok()) << ranks.error().message;
    if (ranks.ok()) {
      const std::vector<std::uint8_t> bytes = work(**ranks);
      const base::Status written =
          base::write_file_atomic(rank_file(std::getenv(kFolderVariable), (**info).rank), bytes);
      // Nobody leaves while a peer still waits for the last answer.
      done = (*ranks)->max(0).ok() && written.ok() && !::testing::Test::HasFailure();
    }
  }
  std::fflush(nullptr);
  std::_Exit(done ? 0 : 1);
}

}  // namespace internal

/// What the ranks' work returned, by rank.
inline std::vector<std::vector<std::uint8_t>> run_in_rank_processes(const std::string& label, int world,
                                                                    const RankWork& work) {
  if (const char* wanted = std::getenv(internal::kLabelVariable)) {
    if (label == wanted) internal::work_as_rank(work);
    return {};
  }
  const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test.test_suite_name()) + "." + test.name();
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("inknav_ranks_" + std::to_string(::getpid()) + "_" + label);
  std::filesystem::create_directories(folder);
  ::setenv(internal::kLabelVariable, label.c_str(), 1);
  ::setenv(internal::kFolderVariable, folder.c_str(), 1);
  run::LaunchRequest launch;
  launch.num_ranks = world;
  launch.arguments = {"inknav_learn_test", "--gtest_filter=" + name, "--gtest_brief=1", "--gtest_repeat=1",
                      "--gtest_output="};
  const base::Result<int> code = run::launch_ranks(launch);
  ::unsetenv(internal::kLabelVariable);
  ::unsetenv(internal::kFolderVariable);
  EXPECT_TRUE(code.ok() && *code == 0) << "ranks of \"" << label << "\"";
  std::vector<std::vector<std::uint8_t>> results;
  for (int rank = 0; rank < world; ++rank) {
    auto bytes = base::read_file(internal::rank_file(folder, rank), std::size_t{1} << 30);
    EXPECT_TRUE(bytes.ok()) << "rank " << rank << " of \"" << label << "\" left nothing";
    if (bytes.ok()) results.push_back(std::move(bytes).value());
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  if (results.size() != static_cast<std::size_t>(world)) results.clear();
  return results;
}

}  // namespace inknav::learn::testing
