// SPDX-License-Identifier: MIT
#include "learn/env_count.h"

#include <gtest/gtest.h>

#include <vector>

namespace inknav::learn {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

TEST(EnvCount, TheSmallestThatIsCloseToTheFastest) {
  const std::vector<EnvCountTrial> trials = {
      {8, 100, kGiB / 4}, {16, 190, kGiB / 2}, {32, 300, kGiB}, {64, 310, 2 * kGiB}, {128, 290, 4 * kGiB}};
  EXPECT_EQ(choose_env_count(trials, 100 * kGiB).num_envs, 32);
  EXPECT_EQ(choose_env_count(trials, 100 * kGiB).reason,
            "32 environments a rank: 300 frames/s, with 64 of them 310, 1.00 GiB of 100.00 GiB of memory; "
            "tried 8 to 128");
}

TEST(EnvCount, NoMoreThanFitsIntoTheMemory) {
  const std::vector<EnvCountTrial> trials = {{8, 100, kGiB}, {16, 190, 2 * kGiB}, {32, 300, 4 * kGiB}};
  const EnvCountChoice choice = choose_env_count(trials, 3 * kGiB);
  EXPECT_EQ(choice.num_envs, 16);
  EXPECT_EQ(
      choice.reason,
      "16 environments a rank: 190 frames/s, 2.00 GiB of 3.00 GiB of memory; 32 would take 4.00 GiB; tried "
      "8 to 32");
  EXPECT_EQ(choose_env_count(trials, 4 * kGiB).num_envs, 32);
  const EnvCountChoice none = choose_env_count(trials, kGiB / 2);
  EXPECT_EQ(none.num_envs, 8);
  EXPECT_NE(none.reason.find("they take 1.00 GiB, a rank may use 0.50 GiB"), std::string::npos)
      << none.reason;
}

/// Laws: a choice is one of the trials, and faster everywhere by the same factor changes nothing.
TEST(EnvCount, TheUnitOfTimeDoesNotMatter) {
  std::vector<EnvCountTrial> trials;
  for (int i = 0; i < 6; ++i) trials.push_back({4 << i, 10.0 * i * (7 - i) + 1.0, kGiB});
  const int chosen = choose_env_count(trials, 2 * kGiB).num_envs;
  EXPECT_EQ(chosen, 32) << "3 * 4 and 4 * 3 are equal: the smaller one";
  for (EnvCountTrial& trial : trials) trial.frames_per_second *= 1e-3;
  EXPECT_EQ(choose_env_count(trials, 2 * kGiB).num_envs, chosen);
  EXPECT_EQ(choose_env_count(std::vector<EnvCountTrial>{{4, 0.0, 0}}, 0).num_envs, 4);
}

TEST(EnvCount, RanksShareTheMemory) {
  const std::uint64_t one = memory_of_rank(1);
  EXPECT_GT(one, 0u);
  EXPECT_NEAR(static_cast<double>(memory_of_rank(4)), static_cast<double>(one) / 4.0,
              0.05 * static_cast<double>(one));  // other programs of the machine take and free some meanwhile
}

}  // namespace
}  // namespace inknav::learn
