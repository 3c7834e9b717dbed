// SPDX-License-Identifier: MIT
#include "run/rank_environment.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

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
  EXPECT_TRUE(torchrun.value()->is_one_machine);
  EXPECT_FALSE(torchrun.value()->is_port_taken);
  const auto slurm = rank_from_environment(variables(
      {{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}, {"SLURM_LOCALID", "0"}, {"MASTER_PORT", "1234"}}));
  EXPECT_EQ(slurm.value()->rank, 1);
  EXPECT_EQ(slurm.value()->master_addr, "127.0.0.1");
}

std::map<std::string, std::string> torchrun_variables() {
  return {{"RANK", "1"},           {"WORLD_SIZE", "4"},      {"LOCAL_RANK", "1"},
          {"MASTER_ADDR", "here"}, {"MASTER_PORT", "29500"}, {"LOCAL_WORLD_SIZE", "4"}};
}

TEST(RankFromEnvironment, TorchrunsOwnPortIsLeftAlone) {
  auto values = torchrun_variables();
  values["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  const RankInfo rank = *rank_from_environment(variables(values)).value();
  EXPECT_TRUE(rank.is_port_taken);
  const auto place = meeting_place(rank, "", variables({}));
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(place->ports.front(), 29501);
  EXPECT_EQ(place->address, "127.0.0.1") << "four of four ranks are on this machine";
  values["TORCHELASTIC_USE_AGENT_STORE"] = "False";
  EXPECT_EQ(meeting_place(*rank_from_environment(variables(values)).value(), "")->ports.front(), 29500);
  RankInfo last = rank;
  last.master_port = 65535;
  EXPECT_FALSE(meeting_place(last, "", variables({})).ok());
}

TEST(RankFromEnvironment, EveryAttemptIsARunOfItsOwn) {
  auto values = torchrun_variables();
  std::set<std::string> identities;
  for (const char* name : {"", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT", "INKNAV_RUN_TOKEN"}) {
    values[name] = "1";
    identities.insert(rank_from_environment(variables(values)).value()->identity);
    values["RANK"] = "2";
    identities.insert(rank_from_environment(variables(values)).value()->identity);
    values["RANK"] = "1";
  }
  values["MASTER_PORT"] = "29501";
  identities.insert(rank_from_environment(variables(values)).value()->identity);
  EXPECT_EQ(identities.size(), 5u) << "one for each attempt, the same on all ranks";
}

TEST(RankFromEnvironment, SlurmNeedsNoMasterVariables) {
  std::map<std::string, std::string> values = {{"SLURM_PROCID", "3"},
                                               {"SLURM_NTASKS", "8"},
                                               {"SLURM_LOCALID", "1"},
                                               {"SLURM_JOB_ID", "4711"},
                                               {"SLURM_NODELIST", "gpu[07-08],gpu11"},
                                               {"SLURM_NNODES", "2"}};
  RankInfo rank = *rank_from_environment(variables(values)).value();
  EXPECT_EQ(rank.master_addr, "gpu07");
  EXPECT_EQ(rank.master_port, 10000 + 8 * (4711 % 2500));
  EXPECT_FALSE(rank.is_one_machine);
  values["SLURM_JOB_ID"] = "4712";
  EXPECT_EQ(rank_from_environment(variables(values)).value()->master_port, rank.master_port + 8)
      << "neighbouring jobs do not share ports";
  values["SLURM_STEP_NUM_NODES"] = "1";
  EXPECT_TRUE(rank_from_environment(variables(values)).value()->is_one_machine);
  values.erase("SLURM_NODELIST");
  values["SLURM_LAUNCH_NODE_IPADDR"] = "10.1.2.3";
  EXPECT_EQ(rank_from_environment(variables(values)).value()->master_addr, "10.1.2.3");
  values.erase("SLURM_JOB_ID");
  const auto no_port = rank_from_environment(variables(values));
  ASSERT_FALSE(no_port.ok());
  EXPECT_NE(no_port.error().message.find("MASTER_PORT and SLURM_JOB_ID are not"), std::string::npos);
}

TEST(RankFromEnvironment, FirstNodeOfAList) {
  const std::pair<const char*, const char*> cases[] = {{"node1", "node1"},
                                                       {"node1,node2", "node1"},
                                                       {"node[01-04,7],gpu3", "node01"},
                                                       {"rack[2,5]n[10-12]", "rack2n10"},
                                                       {"", ""},
                                                       {"a[3]-ib,b", "a3-ib"},
                                                       {"broken[1-", "broken1"},
                                                       {"[", ""}};
  for (const auto& [list, first] : cases) EXPECT_EQ(first_node(list), first) << list;
}

TEST(MeetingPlace, SeveralMachinesWantAnInterface) {
  RankInfo rank;
  rank.rank = 1;
  rank.world_size = 2;
  rank.master_addr = "127.0.0.1";
  rank.master_port = 65533;
  rank.is_one_machine = false;
  const auto unnamed = meeting_place(rank, "", variables({}));
  ASSERT_FALSE(unnamed.ok());
  EXPECT_EQ(unnamed.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(unnamed.error().message.find("the way to 127.0.0.1 is NETWORK_INTERFACE lo"), std::string::npos)
      << unnamed.error().message;
  const auto absent = meeting_place(rank, "nosuch0", variables({}));
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.error().message.find("NETWORK_INTERFACE = nosuch0"), std::string::npos);
  const auto named = meeting_place(rank, "lo", variables({{"GLOO_SOCKET_IFNAME", "nosuch0"}}));
  ASSERT_TRUE(named.ok()) << "the key comes before the variable";
  EXPECT_EQ(named->from, "127.0.0.1");
  EXPECT_EQ(named->ports, (std::vector<int>{65533, 65534, 65535}));
  EXPECT_TRUE(meeting_place(rank, "", variables({{"GLOO_SOCKET_IFNAME", "lo"}})).ok());
  rank.rank = 0;
  EXPECT_EQ(meeting_place(rank, "lo", variables({}))->address, "127.0.0.1");
  rank.master_addr = "203.0.113.7";
  const auto elsewhere = meeting_place(rank, "lo", variables({}));
  ASSERT_FALSE(elsewhere.ok());
  EXPECT_NE(elsewhere.error().message.find("MASTER_ADDR 203.0.113.7"), std::string::npos);
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

}  // namespace
}  // namespace inknav::run
