// SPDX-License-Identifier: MIT
// However the ranks of a run are started, by inknav itself, by torchrun, by SLURM, on one machine or on two,
// they train the same policy, bit for bit.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "app/rank_runs.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;
using testing::Launched;
using testing::RankRuns;
using Words = RankRuns::Words;

const Words kTwoUpdates{"NUM_UPDATES", "2"};

class Launchers : public ::testing::TestWithParam<int> {
 protected:
  RankRuns runs_;
};

TEST_P(Launchers, SelfLaunchAndSlurmGiveEqualStates) {
  const int world = GetParam();
  runs_.expect_done(runs_.self_launch("self", world, kTwoUpdates));
  runs_.expect_done(runs_.slurm("slurm", world, kTwoUpdates));
  EXPECT_EQ(runs_.hash("self").size(), 32u) << runs_.hash("self");
  EXPECT_EQ(runs_.hash("self"), runs_.hash("slurm"));
  RecordProperty("hash", runs_.hash("self"));
}

/// The agent's own store stands on MASTER_PORT with --master_port (static meeting), not with --standalone.
TEST_P(Launchers, TorchrunGivesTheSameState) {
  if (!RankRuns::has_torchrun()) GTEST_SKIP() << "torchrun is not installed (Debian: python3-torch)";
  const int world = GetParam();
  runs_.expect_done(runs_.self_launch("self", world, kTwoUpdates));
  const std::string port = std::to_string(run::free_loopback_port().value());
  runs_.expect_done(runs_.torchrun("static", world, {"--master_port", port}, kTwoUpdates));
  EXPECT_EQ(runs_.hash("self"), runs_.hash("static"));
  if (world != 2) return;
  runs_.expect_done(runs_.torchrun("standalone", world, {"--standalone", "--nnodes", "1"}, kTwoUpdates));
  EXPECT_EQ(runs_.hash("self"), runs_.hash("standalone"));
}

INSTANTIATE_TEST_SUITE_P(Worlds, Launchers, ::testing::Values(2, 3, 4));

class Meetings : public ::testing::Test {
 protected:
  RankRuns runs_;
};

TEST_F(Meetings, OneThatIsNeverCompleteEndsInTimeAndSaysWhoIsMissing) {
  // Rank 2 of 3 is not started.
  Launched run = runs_.start_all("missing", {});
  std::vector<Words> lines;
  const std::string port = std::to_string(run::free_loopback_port().value());
  for (const char* rank : {"0", "1"}) {
    lines.push_back(RankRuns::with_variables(
        {"RANK=" + std::string(rank), "WORLD_SIZE=3", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + port},
        runs_.train("missing", 3, {"MEETING_SECONDS", "3"})));
  }
  const auto start = RankRuns::Clock::now();
  run = runs_.start_all("missing", lines);
  for (const int code : runs_.finish(run)) EXPECT_EQ(code, testing::kPeerLost);
  EXPECT_LT(RankRuns::Clock::now() - start, std::chrono::seconds(60));
  for (const std::size_t rank : {0u, 1u}) {
    EXPECT_NE(runs_.output(run, rank).find("3 ranks were wanted, 2 came within 3 s, missing: rank 2"),
              std::string::npos)
        << runs_.output(run, rank);
  }
}

TEST_F(Meetings, AWrongInterfaceIsUsageAndNamesThoseThatAreThere) {
  const testing::Outcome outcome = runs_.tiny().train({"NETWORK_INTERFACE", "nosuch0"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.refusal.find("NETWORK_INTERFACE = nosuch0"), std::string::npos) << outcome.text;
  EXPECT_NE(outcome.refusal.find("lo (127.0.0.1)"), std::string::npos) << outcome.text;
}

TEST_F(Meetings, AnotherMachineWithoutAnInterfaceIsUsage) {
  const Launched run = runs_.start_all(
      "unnamed",
      {RankRuns::with_variables({"RANK=1", "WORLD_SIZE=2", "MASTER_ADDR=203.0.113.7", "MASTER_PORT=29500"},
                                runs_.train("unnamed", 2, {}))});
  EXPECT_EQ(runs_.finish(run), std::vector<int>{2});
  EXPECT_NE(runs_.output(run).find("without NETWORK_INTERFACE ranks meet on loopback only"),
            std::string::npos)
      << runs_.output(run);
}

/// Local addresses on which the processes listen, as the kernel writes them.
std::vector<std::string> listening_addresses(const std::vector<pid_t>& processes) {
  std::set<std::string> sockets;
  for (const pid_t process : processes) {
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(process) + "/fd", gone))
      sockets.insert(fs::read_symlink(entry.path(), gone).string());
  }
  std::vector<std::string> addresses;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >>
          inode;
      if (state == "0A" && sockets.contains("socket:[" + inode + "]")) addresses.push_back(local);
    }
  }
  return addresses;
}

TEST_F(Meetings, RanksOfOneMachineListenOnLoopbackOnly) {
  const Launched run = runs_.self_launch("listening", 2, {"NUM_UPDATES", "1000000"});
  ASSERT_TRUE(runs_.wait_for_words(run, "update 2/")) << runs_.output(run);
  const std::string id = std::to_string(run.processes.front());
  std::ifstream file("/proc/" + id + "/task/" + id + "/children");
  std::vector<pid_t> ranks;
  for (pid_t rank = 0; file >> rank;) ranks.push_back(rank);
  EXPECT_EQ(ranks.size(), 2u);
  const std::vector<std::string> addresses = listening_addresses(ranks);
  EXPECT_GE(addresses.size(), 3u) << "each rank's Gloo and the store of rank 0";
  for (const std::string& address : addresses) EXPECT_TRUE(address.starts_with("0100007F:")) << address;
  EXPECT_EQ(::kill(run.processes.front(), SIGTERM), 0);
  EXPECT_EQ(runs_.finish(run), std::vector<int>{75});
}

/// Two hosts: network namespaces with a cable between them.
class TwoHosts : public Meetings {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "network namespaces want root";
    if (!shell("ip netns add " + host(0)) || !shell("ip netns add " + host(1)))
      GTEST_SKIP() << "ip netns does not work here (Debian: iproute2)";
    bool up = shell("ip -n " + host(0) + " link add cable0 type veth peer name cable1 netns " + host(1));
    for (const int k : {0, 1}) {
      const std::string in = "ip -n " + host(k) + " ", device = "cable" + std::to_string(k);
      up = up && shell(in + "link set lo up") && shell(in + "addr add " + address(k) + "/24 dev " + device) &&
           shell(in + "link set " + device + " up");
    }
    if (!up) GTEST_SKIP() << "a pair of virtual network cards cannot be made here";
  }
  void TearDown() override {
    for (const int k : {0, 1}) shell("ip netns del " + host(k));
  }

  static bool shell(const std::string& line) { return std::system((line + " 2>/dev/null").c_str()) == 0; }
  static std::string host(int k) { return "inknav" + std::to_string(::getpid()) + "_" + std::to_string(k); }
  static std::string address(int k) { return "10.231.77." + std::to_string(k + 1); }

  /// Rank `rank` of 2, on host `rank`.
  Words line(int rank, const std::string& name, const Words& overrides, const std::string& interface) const {
    const Words line = RankRuns::with_variables(
        {"RANK=" + std::to_string(rank), "WORLD_SIZE=2", "LOCAL_RANK=0", "MASTER_ADDR=" + address(0),
         "MASTER_PORT=29500", "GLOO_SOCKET_IFNAME=" + interface},
        runs_.train(name, 2, overrides));
    Words words{"/usr/bin/env", "ip", "netns", "exec", host(rank)};
    words.insert(words.end(), line.begin(), line.end());
    return words;
  }
};

TEST_F(TwoHosts, TrainAsTwoLocalRanksDo) {
  runs_.expect_done(runs_.self_launch("local", 2, kTwoUpdates));
  Words named = kTwoUpdates;
  named.insert(named.end(), {"NETWORK_INTERFACE", "cable1"});
  const Launched run =
      runs_.start_all("hosts", {line(0, "hosts", kTwoUpdates, "cable0"), line(1, "hosts", named, "lo")});
  runs_.expect_done(run);
  EXPECT_EQ(runs_.hash("hosts"), runs_.hash("local"));
  EXPECT_NE(runs_.output(run, 0).find("warning: ranks meet on cable0 (10.231.77.1)"), std::string::npos)
      << runs_.output(run, 0);
}

/// A cable that is pulled sends no last packet.
TEST_F(TwoHosts, APulledCableIsALostRankOnBothSides) {
  const Words forever{"NUM_UPDATES", "1000000", "PEER_SECONDS", "3"};
  const Launched run =
      runs_.start_all("pulled", {line(0, "pulled", forever, "cable0"), line(1, "pulled", forever, "cable1")});
  EXPECT_TRUE(runs_.wait_for_words(run, "update 3/")) << runs_.output(run);
  EXPECT_TRUE(shell("ip -n " + host(0) + " link set cable0 down"));
  EXPECT_EQ(runs_.finish(run), (std::vector<int>{testing::kPeerLost, testing::kPeerLost}));
  EXPECT_NE(runs_.output(run, 0).find("rank 1 of 2 has not been heard of for 3 s"), std::string::npos)
      << runs_.output(run);
  EXPECT_NE(runs_.output(run, 1).find("rank 0 of 2 has not been heard of for 3 s"), std::string::npos)
      << runs_.output(run);
  EXPECT_NE(runs_.train_log("pulled").find("has not been heard of"), std::string::npos);
}

}  // namespace
}  // namespace inknav::app
