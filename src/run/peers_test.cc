// SPDX-License-Identifier: MIT
#include "run/peers.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "run/launch.h"

namespace inknav::run {
namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();

/// Ranks as threads of one process; `losses` has what each was told.
class PeersTest : public ::testing::Test {
 protected:
  void meet(int world, double silence_s = 60.0) {
    const int port = free_loopback_port().value();
    losses_.resize(static_cast<std::size_t>(world));
    std::vector<std::future<base::Result<std::unique_ptr<Peers>>>> coming;
    for (int rank = 0; rank < world; ++rank) {
      coming.push_back(std::async(std::launch::async, [=, this] {
        MeetingSettings settings;
        settings.rank = rank;
        settings.world_size = world;
        settings.ports = {port};
        settings.notice = "n";
        return Peers::meet(settings, silence_s, [this, rank](const PeerLoss& loss) {
          const std::lock_guard<std::mutex> lock(mutex_);
          losses_[static_cast<std::size_t>(rank)].push_back(loss);
        });
      }));
    }
    for (auto& rank : coming) {
      auto peers = rank.get();
      ASSERT_TRUE(peers.ok()) << peers.error().message;
      ranks_.push_back(std::move(peers).value());
    }
  }
  std::vector<PeerLoss> losses(std::size_t rank) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return losses_[rank];
  }

  std::mutex mutex_;
  std::vector<std::vector<PeerLoss>> losses_;
  std::vector<std::unique_ptr<Peers>> ranks_;
};

TEST_F(PeersTest, LeavingInOrderIsNoLoss) {
  meet(3);
  for (const std::size_t rank : {1u, 0u, 2u}) {
    ranks_[rank].reset();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  for (std::size_t rank = 0; rank < 3; ++rank) EXPECT_TRUE(losses(rank).empty()) << rank;
}

TEST_F(PeersTest, AnErrorOfOneIsTheCauseForAllOthers) {
  for (const std::size_t failing : {0u, 2u}) {
    ranks_.clear();
    losses_.clear();
    meet(3);
    ranks_[failing]->fail("no space left");
    for (std::size_t rank = 0; rank < 3; ++rank) {
      if (rank != failing) ranks_[rank]->await_loss(20.0);
    }
    for (std::size_t rank = 0; rank < 3; ++rank) {
      const auto told = losses(rank);
      ASSERT_EQ(told.size(), rank == failing ? 0u : 1u) << rank;
      if (rank == failing) continue;
      EXPECT_EQ(told[0].rank, static_cast<int>(failing));
      EXPECT_EQ(told[0].sentence, "rank " + std::to_string(failing) + " of 3 ended: no space left");
    }
  }
}

TEST_F(PeersTest, ARankWithoutProgressSaysSoItself) {
  meet(3);
  for (const auto& rank : ranks_) rank->enter("training", kFar);
  ranks_[1]->enter("saving", 0.3);
  ranks_[0]->await_loss(20.0);
  ranks_[1]->await_loss(20.0);
  ranks_[2]->await_loss(20.0);
  for (std::size_t rank = 0; rank < 3; ++rank) {
    ASSERT_EQ(losses(rank).size(), 1u);
    EXPECT_EQ(losses(rank)[0].rank, 1);
    EXPECT_NE(losses(rank)[0].sentence.find("rank 1 of 3 has made no progress for "), std::string::npos);
    EXPECT_NE(losses(rank)[0].sentence.find("in saving"), std::string::npos) << losses(rank)[0].sentence;
  }
}

TEST_F(PeersTest, BeatsAndWaitingAreProgress) {
  meet(2);
  ranks_[0]->enter("training", 0.5);
  ranks_[1]->enter("training", 0.5);
  const Peers::Waiting waiting(*ranks_[1]);
  for (int i = 0; i < 20; ++i) {
    ranks_[0]->beat();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(losses(0).empty() && losses(1).empty());
}

TEST_F(PeersTest, WhatIsAnnouncedIsCountedOnAllRanks) {
  meet(3);
  const auto wait_for = [&](std::int64_t number, int count) {
    for (const auto& rank : ranks_) {
      for (int i = 0; i < 400 && rank->announced(number) != count; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      EXPECT_EQ(rank->announced(number), count) << number;
    }
  };
  ranks_[2]->announce(5);
  wait_for(5, 1);
  ranks_[0]->announce(5);
  wait_for(5, 2);
  ranks_[1]->announce(5);
  wait_for(5, 3);
  ranks_[1]->announce(6);
  wait_for(6, 1);
  for (const auto& rank : ranks_) EXPECT_EQ(rank->announced(5), 0);
}

/// A rank of another process, which the test can stop and kill.
class KilledPeersTest : public PeersTest {
 protected:
  /// Forks rank 1 of 2, and is rank 0.
  void meet_child(double silence_s) {
    const int port = free_loopback_port().value();
    child_ = fork();
    if (child_ == 0) {
      auto peers = Peers::meet(settings(1, port), 1000.0, [](const PeerLoss&) { _exit(7); });
      while (peers.ok()) pause();
      _exit(1);
    }
    losses_.resize(1);
    auto peers = Peers::meet(settings(0, port), silence_s, [this](const PeerLoss& loss) {
      const std::lock_guard<std::mutex> lock(mutex_);
      losses_[0].push_back(loss);
    });
    ASSERT_TRUE(peers.ok()) << peers.error().message;
    ranks_.push_back(std::move(peers).value());
    ranks_[0]->enter("training", kFar);
  }
  ~KilledPeersTest() override {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  static MeetingSettings settings(int rank, int port) {
    MeetingSettings settings;
    settings.rank = rank;
    settings.world_size = 2;
    settings.ports = {port};
    return settings;
  }
  pid_t child_ = -1;
};

TEST_F(KilledPeersTest, AKilledRankIsNoticed) {
  meet_child(60.0);
  const auto start = std::chrono::steady_clock::now();
  kill(child_, SIGKILL);
  ranks_[0]->await_loss(20.0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  ASSERT_EQ(losses(0).size(), 1u);
  EXPECT_EQ(losses(0)[0].rank, 1);
  EXPECT_EQ(
      losses(0)[0].sentence,
      "rank 1 of 2 is gone: its connection closed without a word (killed, out of memory, or its machine "
      "went down), while rank 0 was in training; all ranks stop; go on from the newest checkpoint with "
      "--resume-from");
}

TEST_F(KilledPeersTest, AStoppedRankIsSilent) {
  meet_child(2.0);
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_TRUE(losses(0).empty()) << "it is heard of, though it does nothing";
  kill(child_, SIGSTOP);
  ranks_[0]->await_loss(20.0);
  ASSERT_EQ(losses(0).size(), 1u);
  EXPECT_NE(losses(0)[0].sentence.find("rank 1 of 2 has not been heard of for 2 s"), std::string::npos)
      << losses(0)[0].sentence;
}

}  // namespace
}  // namespace inknav::run
