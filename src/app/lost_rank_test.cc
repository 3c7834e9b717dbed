// SPDX-License-Identifier: MIT
// A rank that is lost, in any phase of a run and however the run was started, ends all others soon, with exit
// code 7 and with its name and cause on the terminal and in train.log.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/rank_runs.h"

namespace inknav::app {
namespace {

using testing::Launched;
using testing::RankRuns;
using Words = RankRuns::Words;

constexpr int kWorld = 3;
constexpr auto kSoon = std::chrono::seconds(5);  // the bar for a rank that is killed

/// The phase, and the rank that is lost in it. Both vary, so that rank 0 (files, meeting) and others are met.
struct Case {
  const char* phase;
  int rank;
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.phase << one.rank; }

class LostRank : public ::testing::TestWithParam<Case> {
 protected:
  static Words fault(const std::string& what, const Case& where) {
    const int update = std::string(where.phase) == "start" ? 0 : 2;
    return {fmt::format("INKNAV_INJECT={}@{}={},rank={}", what, where.phase, update, where.rank)};
  }
  static Words forever() {
    return {"NUM_UPDATES",  "1000000", "CHECKPOINT_INTERVAL", "2", "TEST_EPISODE_COUNT", "1",
            "LOG_INTERVAL", "1000",    "MEETING_SECONDS",     "60"};
  }
  void expect_soon(RankRuns::Clock::time_point start, std::chrono::seconds limit = kSoon) const {
    const std::chrono::duration<double> took = RankRuns::Clock::now() - start;
    EXPECT_LT(took, limit);
    RecordProperty("seconds", fmt::format("{:.2f}", took.count()));
  }
  static bool in_meeting() { return std::string(GetParam().phase) == "start"; }

  RankRuns runs_;
};

TEST_P(LostRank, KilledUnderTheLauncher) {
  const Launched run = runs_.self_launch("self", kWorld, forever(), fault("kill", GetParam()));
  ASSERT_TRUE(runs_.wait_for_words(run, "INKNAV_INJECT: kill")) << runs_.output(run);
  const auto start = RankRuns::Clock::now();
  EXPECT_EQ(runs_.finish(run), std::vector<int>{testing::kPeerLost}) << runs_.output(run);
  expect_soon(start);
  const std::string cause = fmt::format("rank {} was ended by signal 9 (Killed)", GetParam().rank);
  EXPECT_NE(runs_.output(run).find("error: " + cause), std::string::npos) << runs_.output(run);
  if (!in_meeting()) {
    EXPECT_NE(runs_.train_log("self").find("error " + cause), std::string::npos) << runs_.train_log("self");
  }
}

TEST_P(LostRank, KilledWithoutALauncherOfOurs) {
  Words overrides = forever();
  if (in_meeting()) overrides.insert(overrides.end(), {"MEETING_SECONDS", "3"});
  const Launched run = runs_.slurm("slurm", kWorld, overrides, fault("kill", GetParam()));
  ASSERT_TRUE(runs_.wait_for_words(run, "INKNAV_INJECT: kill")) << runs_.output(run);
  const auto start = RankRuns::Clock::now();
  const std::vector<int> codes = runs_.finish(run);
  // A rank that has never come is missed when the meeting ends.
  if (!in_meeting()) expect_soon(start);
  const std::string cause =
      fmt::format(fmt::runtime(in_meeting() ? "2 came within 3 s, missing: rank {}"
                                            : "rank {} of 3 is gone: its connection closed without a word"),
                  GetParam().rank);
  for (std::size_t rank = 0; rank < codes.size(); ++rank) {
    if (static_cast<int>(rank) == GetParam().rank) {
      EXPECT_EQ(codes[rank], 128 + SIGKILL);
      continue;
    }
    EXPECT_EQ(codes[rank], testing::kPeerLost) << runs_.output(run, rank);
    EXPECT_NE(runs_.output(run, rank).find(cause), std::string::npos) << runs_.output(run, rank);
  }
  if (in_meeting()) return;
  EXPECT_NE(runs_.train_log("slurm").find("error " + cause), std::string::npos) << runs_.train_log("slurm");
}

/// torchrun looks after its processes only every few seconds; the ranks do not wait for it.
TEST(LostRankOfTorchrun, IsNamedByTheOthers) {
  if (!RankRuns::has_torchrun()) GTEST_SKIP() << "torchrun is not installed (Debian: python3-torch)";
  const RankRuns runs;
  const std::string port = std::to_string(run::free_loopback_port().value());
  const Launched run = runs.torchrun("agent", 2, {"--master_port", port}, {"NUM_UPDATES", "1000000"},
                                     {"INKNAV_INJECT=kill@update=2,rank=0"});
  EXPECT_NE(runs.finish(run), std::vector<int>{0});
  const std::string cause = "error rank 0 of 2 is gone: its connection closed without a word";
  EXPECT_NE(runs.train_log("agent").find(cause), std::string::npos) << runs.output(run);
}

INSTANTIATE_TEST_SUITE_P(Phases, LostRank,
                         ::testing::Values(Case{"start", 1}, Case{"rollout", 2}, Case{"rollout", 0},
                                           Case{"update", 1}, Case{"save", 0}, Case{"save", 2},
                                           Case{"evaluation", 0}),
                         [](const auto& one) {
                           return std::string(one.param.phase) + std::to_string(one.param.rank);
                         });

class SilentRank : public LostRank {};

/// Neither is seen by the kernel. A rank that is stopped is not heard of; one whose main thread hangs is, and
/// says so itself. The limit is max(PEER_SECONDS, 5 updates).
TEST_P(SilentRank, EndsTheRunWithinTheLimit) {
  const std::string what = GetParam().phase;
  Words overrides = forever();
  overrides.insert(overrides.end(), {"PEER_SECONDS", "3"});
  const Launched run = runs_.self_launch(what, 2, overrides, fault(what, Case{"rollout", GetParam().rank}));
  ASSERT_TRUE(runs_.wait_for_words(run, "INKNAV_INJECT: " + what)) << runs_.output(run);
  const auto start = RankRuns::Clock::now();
  EXPECT_EQ(runs_.finish(run), std::vector<int>{testing::kPeerLost}) << runs_.output(run);
  expect_soon(start, std::chrono::seconds(30));
  const std::string cause = fmt::format("rank {} of 2 has ", GetParam().rank) +
                            (what == "stop" ? "not been heard of for 3 s" : "made no progress for");
  EXPECT_NE(runs_.output(run).find(cause), std::string::npos) << runs_.output(run);
  EXPECT_NE(runs_.train_log(what).find(cause), std::string::npos) << runs_.train_log(what);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, SilentRank, ::testing::Values(Case{"stop", 1}, Case{"stop", 0}, Case{"hang", 1}, Case{"hang", 0}),
    [](const auto& one) { return std::string(one.param.phase) + std::to_string(one.param.rank); });

TEST(InjectedFault, AnOrderThatIsNotUnderstoodIsUsage) {
  const RankRuns runs;
  const Launched run = runs.self_launch("typo", 1, {}, {"INKNAV_INJECT=kil@rollout=1,rank=0"});
  EXPECT_EQ(runs.finish(run), std::vector<int>{2});
  EXPECT_NE(runs.output(run).find("INKNAV_INJECT = \"kil@rollout=1,rank=0\""), std::string::npos)
      << runs.output(run);
}

}  // namespace
}  // namespace inknav::app
