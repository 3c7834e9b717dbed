// SPDX-License-Identifier: MIT
#include "run/launch.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "run/signals.h"

namespace inknav::run {
namespace {

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

TEST(Launch, RanksShareATokenThatNobodyElseKnows) {
  const auto folder = std::filesystem::temp_directory_path() / ("inknav_token_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string write = "echo $INKNAV_RUN_TOKEN > " + folder.string() + "/";
  const auto token = [&](const std::string& name) {
    std::ifstream file(folder / name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  ASSERT_EQ(launch_ranks(shell(2, write + "a$RANK")).value(), 0);
  ASSERT_EQ(launch_ranks(shell(1, write + "b$RANK")).value(), 0);
  EXPECT_EQ(token("a0").size(), 33u);
  EXPECT_EQ(token("a0"), token("a1"));
  EXPECT_NE(token("a0"), token("b0"));
  std::filesystem::remove_all(folder);
}

/// A rank that ignores SIGTERM is ended all the same, after loss_grace_s; the log has the first cause.
TEST(Launch, TheOthersAreEndedSoonAndTheFirstCauseIsInTheLog) {
  const auto log = std::filesystem::temp_directory_path() / ("inknav_launch_" + std::to_string(getpid()));
  std::ofstream(log) << "begun\n";
  const auto text = [&] {
    std::ifstream file(log);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  LaunchRequest request = shell(3,
                                "trap '' TERM; [ $RANK = 0 ] && exit 7; [ $RANK = 1 ] && { sleep 0.3; "
                                "kill -9 $$; }; exec sleep 60");
  request.log_file = log;
  request.loss_grace_s = 0.2;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(launch_ranks(request).value(), 7);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_NE(text().find("error rank 1 was ended by signal 9 (Killed)"), std::string::npos) << text();
  EXPECT_EQ(text().find("rank 0"), std::string::npos) << "it only saw rank 1 go: " << text();

  request.arguments.back() = "[ $RANK = 1 ] && exit 7; exec sleep 60";
  EXPECT_EQ(launch_ranks(request).value(), 7);
  EXPECT_NE(text().find("error rank 1 ended with exit code 7"), std::string::npos) << text();
  std::filesystem::remove(log);
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
