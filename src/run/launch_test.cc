// SPDX-License-Identifier: MIT
#include "run/launch.h"

#include <gtest/gtest.h>

#include <map>

#include "run/signals.h"

namespace inknav::run {
namespace {

EnvironmentLookup variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

TEST(RankFromEnvironment, NothingSetMeansThatNobodySaysSo) {
  EXPECT_FALSE(rank_from_environment(variables({})).value().has_value());
  EXPECT_FALSE(
      rank_from_environment(variables({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}})).value().has_value());
}

TEST(RankFromEnvironment, ReadsTorchrunAndSlurm) {
  const auto torchrun = rank_from_environment(variables({{"RANK", "3"},
                                                         {"WORLD_SIZE", "8"},
                                                         {"LOCAL_RANK", "1"},
                                                         {"MASTER_ADDR", "localhost"},
                                                         {"MASTER_PORT", "29500"}}));
  ASSERT_TRUE(torchrun.value().has_value());
  EXPECT_EQ(torchrun.value()->rank, 3);
  EXPECT_EQ(torchrun.value()->local_rank, 1);
  EXPECT_EQ(torchrun.value()->world_size, 8);
  EXPECT_EQ(torchrun.value()->master_port, 29500);
  EXPECT_FALSE(torchrun.value()->is_main());
  const auto slurm = rank_from_environment(variables(
      {{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}, {"SLURM_LOCALID", "0"}, {"MASTER_PORT", "1234"}}));
  EXPECT_EQ(slurm.value()->rank, 1);
}

TEST(RankFromEnvironment, HalfSetOrWrongIsUsage) {
  const std::map<std::string, std::string> cases[] = {
      {{"RANK", "0"}},
      {{"RANK", "0"}, {"WORLD_SIZE", "2"}},
      {{"RANK", "2"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "1"}},
      {{"RANK", "x"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "1"}},
      {{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "70000"}},
      {{"WORLD_SIZE", "2"}, {"LOCAL_RANK", "0"}},
  };
  for (const auto& values : cases) {
    const auto rank = rank_from_environment(variables(values));
    ASSERT_FALSE(rank.ok());
    EXPECT_EQ(rank.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(rank.error().message.find("environment"), std::string::npos);
  }
}

TEST(Signals, TheStrongestRequestWins) {
  clear_stop_request();
  EXPECT_EQ(stop_request(), StopRequest::kNone);
  request_stop(StopRequest::kPreempt);
  request_stop(StopRequest::kInterrupt);
  EXPECT_EQ(stop_request(), StopRequest::kPreempt);
  EXPECT_EQ(exit_code_of(stop_request()), 75);
  EXPECT_EQ(exit_code_of(StopRequest::kInterrupt), 0);
  clear_stop_request();
}

TEST(Signals, ATermSignalIsASaveRequest) {
  install_signal_handlers();
  clear_stop_request();
  raise(SIGTERM);
  EXPECT_EQ(stop_request(), StopRequest::kPreempt);
  clear_stop_request();
  raise(SIGHUP);
  EXPECT_EQ(stop_request(), StopRequest::kNone);
}

TEST(Launch, FreePortsAreUsable) {
  const int port = free_loopback_port().value();
  EXPECT_GT(port, 1023);
  EXPECT_LE(port, 65535);
}

LaunchRequest shell(int num_ranks, const std::string& script) {
  LaunchRequest request;
  request.num_ranks = num_ranks;
  request.program = "/bin/sh";
  request.arguments = {"sh", "-c", script};
  return request;
}

TEST(Launch, RanksKnowWhoTheyAreAndTheirCodesAreTheRuns) {
  clear_stop_request();
  const std::string knows = "[ $WORLD_SIZE = 2 ] && [ $RANK = $LOCAL_RANK ] && [ $MASTER_PORT -gt 0 ]";
  EXPECT_EQ(launch_ranks(shell(2, knows)).value(), 0);
  EXPECT_EQ(launch_ranks(shell(2, "exit 75")).value(), 75);
  EXPECT_EQ(launch_ranks(shell(2, "[ $RANK = 0 ] && exec sleep 60; exit 3")).value(), 3);
  EXPECT_EQ(launch_ranks(shell(2, "[ $RANK = 0 ] && exec sleep 60; kill -9 $$")).value(), 7);
}

TEST(Launch, AProgramThatCannotBeRunIsNamedWithItsErrno) {
  LaunchRequest request = shell(2, "true");
  request.program = "/no/such folder/inknav";
  auto code = launch_ranks(request);
  ASSERT_FALSE(code.ok());
  EXPECT_EQ(code.error().code, base::ErrorCode::kPeer);
  EXPECT_EQ(code.error().message,
            "rank 0 could not be started: /no/such folder/inknav cannot be run: No such file or directory "
            "(errno 2); build again with ./inknav setup");
  request.program = "/";
  code = launch_ranks(request);
  ASSERT_FALSE(code.ok());
  EXPECT_NE(code.error().message.find("/ cannot be run: Permission denied (errno 13)"), std::string::npos);
  request = shell(1, std::string(1 << 20, 'x'));
  code = launch_ranks(request);
  ASSERT_FALSE(code.ok());
  EXPECT_EQ(code.error().code, base::ErrorCode::kPeer);
  EXPECT_NE(code.error().message.find("Argument list too long"), std::string::npos) << code.error().message;
}

TEST(Launch, AProgramThatCannotBeLoadedIsALostPeer) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const auto code = launch_ranks(shell(2, "[ $RANK = 0 ] && exec sleep 60; exit 127"));
  const std::string text = testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout();
  EXPECT_EQ(code.value(), 7);
  EXPECT_NE(text.find("rank 1 ended with exit code 127: /bin/sh could not be loaded"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace inknav::run
