// SPDX-License-Identifier: MIT
#include "run/peer_meeting.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <thread>

#include "base/hash.h"
#include "run/launch.h"
#include "run/signals.h"

namespace inknav::run {
namespace {

MeetingSettings place(int rank, int world, int port, double seconds = 20.0) {
  MeetingSettings settings;
  settings.rank = rank;
  settings.world_size = world;
  settings.ports = {port, port + 1, port + 2};
  settings.identity = "test";
  settings.notice = rank == 0 ? "of rank 0" : "";
  settings.meeting_s = seconds;
  return settings;
}

std::future<base::Result<Meeting>> start(const MeetingSettings& settings) {
  return std::async(std::launch::async, [settings] { return meet(settings); });
}

int free_port() { return free_loopback_port().value(); }

TEST(PeerMeeting, AllRanksComeInAnyOrder) {
  for (const int last : {0, 1, 2}) {
    const int port = free_port();
    std::vector<std::future<base::Result<Meeting>>> ranks(3);
    for (const int rank : {0, 1, 2}) {
      if (rank != last) ranks[static_cast<std::size_t>(rank)] = start(place(rank, 3, port));
    }
    ranks[static_cast<std::size_t>(last)] = start(place(last, 3, port));
    for (std::size_t rank = 0; rank < 3; ++rank) {
      const auto meeting = ranks[rank].get();
      ASSERT_TRUE(meeting.ok()) << meeting.error().message;
      EXPECT_EQ(meeting->links.size(), rank == 0 ? 2u : 1u);
      EXPECT_EQ(meeting->notice, "of rank 0");
      EXPECT_EQ(meeting->own_address, "127.0.0.1");
    }
  }
}

TEST(PeerMeeting, PortsThatOthersHoldDoNoHarm) {
  const auto silent = listen_on("127.0.0.1", 0);
  ASSERT_TRUE(silent.ok());
  const int port = port_of(*silent);
  auto host = start(place(0, 2, port));
  auto guest = start(place(1, 2, port));
  EXPECT_TRUE(guest.get().ok());
  EXPECT_TRUE(host.get().ok());
}

TEST(PeerMeeting, RunsBesideEachOtherDoNotMix) {
  const int port = free_port();
  const auto of_run = [&](int rank, const std::string& run) {
    MeetingSettings settings = place(rank, 2, port);
    settings.identity = run;
    settings.notice = run;
    return start(settings);
  };
  auto guest_b = of_run(1, "b"), guest_a = of_run(1, "a");
  auto host_a = of_run(0, "a");
  auto host_b = of_run(0, "b");
  EXPECT_EQ(guest_a.get().value().notice, "a");
  EXPECT_EQ(guest_b.get().value().notice, "b");
  EXPECT_TRUE(host_a.get().ok());
  EXPECT_TRUE(host_b.get().ok());
}

TEST(PeerMeeting, WhoIsMissingIsSaidToAllThatCame) {
  const int port = free_port();
  auto host = start(place(0, 4, port, 1.0));
  auto guest = start(place(2, 4, port, 1.0));
  const auto at_host = host.get(), at_guest = guest.get();
  ASSERT_FALSE(at_host.ok());
  EXPECT_EQ(at_host.error().code, base::ErrorCode::kPeer);
  EXPECT_NE(at_host.error().message.find("4 ranks were wanted, 2 came within 1 s, missing: rank 1, 3"),
            std::string::npos)
      << at_host.error().message;
  ASSERT_FALSE(at_guest.ok());
  EXPECT_EQ(at_guest.error().message, at_host.error().message);
}

TEST(PeerMeeting, WithoutRank0EachRankSaysWhereItLooked) {
  const int port = free_port();
  const auto alone = meet(place(1, 2, port, 0.3));
  ASSERT_FALSE(alone.ok());
  EXPECT_EQ(alone.error().code, base::ErrorCode::kPeer);
  EXPECT_NE(
      alone.error().message.find("rank 1 of 2: rank 0 was wanted at 127.0.0.1 port " + std::to_string(port)),
      std::string::npos)
      << alone.error().message;
  EXPECT_NE(alone.error().message.find("Connection refused"), std::string::npos) << alone.error().message;
}

TEST(PeerMeeting, ARequestToStopEndsIt) {
  const int port = free_port();
  auto host = start(place(0, 3, port)), guest = start(place(1, 3, port));
  auto lonely = start(place(1, 2, free_port()));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto begin = std::chrono::steady_clock::now();
  request_stop(StopRequest::kPreempt);
  for (auto* rank : {&host, &guest, &lonely}) {
    const auto meeting = rank->get();
    ASSERT_FALSE(meeting.ok());
    EXPECT_EQ(meeting.error().code, base::ErrorCode::kPreempted) << meeting.error().message;
  }
  clear_stop_request();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(PeerMeeting, TwoProcessesOfOneRankAreRefused) {
  const int port = free_port();
  auto host = start(place(0, 3, port, 2.0));
  auto one = start(place(1, 3, port, 2.0)), other = start(place(1, 3, port, 2.0));
  const auto a = one.get(), b = other.get();
  EXPECT_FALSE(a.ok() || b.ok());
  const std::string both = a.error().message + b.error().message;
  EXPECT_NE(both.find("another process already is rank 1"), std::string::npos) << both;
  EXPECT_FALSE(host.get().ok());
}

TEST(PeerMeeting, ARankThatIsLostMeanwhileEndsIt) {
  const int port = free_port();
  auto host = start(place(0, 4, port));
  auto other = start(place(2, 4, port));
  std::optional<PeerLink> rank1;
  for (int i = 0; i < 200 && !rank1; ++i) {
    if (auto socket = connect_to("127.0.0.1", port, "", 1.0); socket.ok()) rank1.emplace(std::move(*socket));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_TRUE(rank1.has_value());
  const std::string identity = "inknav ranks, test of 4";
  rank1->send({PeerWord::kHello, 1, 4, base::sha256_hex(identity.data(), identity.size())});
  std::vector<PeerMessage> answer;
  for (int i = 0; i < 200 && answer.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    answer = rank1->receive();
  }
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].word, PeerWord::kAccepted);
  rank1.reset();
  const auto at_host = host.get(), at_other = other.get();
  ASSERT_FALSE(at_host.ok());
  EXPECT_EQ(at_host.error().message, "rank 1 of 4 was lost while the ranks met");
  ASSERT_FALSE(at_other.ok());
  EXPECT_EQ(at_other.error().code, base::ErrorCode::kPeer);
}

}  // namespace
}  // namespace inknav::run
