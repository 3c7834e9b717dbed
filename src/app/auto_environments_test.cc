// SPDX-License-Identifier: MIT
// NUM_PROCESSES auto: a number is found by a trial, written down, and taken again when the run is resumed.

#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "app/rank_runs.h"

namespace inknav::app {
namespace {

using testing::Launched;
using testing::RankRuns;

TEST(AutoEnvironments, TheNumberIsFoundOnceAndKept) {
  const RankRuns runs;
  const Launched first = runs.self_launch("run", 2, {"NUM_PROCESSES", "auto", "RL.PPO.num_mini_batch", "3"});
  runs.expect_done(first);
  const std::string text = runs.output(first);
  std::smatch found;
  ASSERT_TRUE(std::regex_search(text, found, std::regex("NUM_PROCESSES auto: (\\d+) environments a rank: ")))
      << text;
  const int of_rank = std::stoi(found[1]);
  EXPECT_EQ(of_rank % 3, 0) << "whole minibatches";
  EXPECT_GE(of_rank, 16);
  const std::string number = "NUM_PROCESSES: " + std::to_string(2 * of_rank);
  const auto config = [&] { return testing::read_text(runs.tiny().path("run") + "/config.yaml"); };
  EXPECT_NE(config().find(number), std::string::npos) << config().substr(0, 2000);

  RankRuns::Words again =
      runs.train("run", 2, {"NUM_PROCESSES", "auto", "RL.PPO.num_mini_batch", "3", "NUM_UPDATES", "2"});
  again.insert(again.begin() + 2, "--resume-from=" + runs.tiny().path("run") + "/data/ckpt.1.safetensors");
  const Launched resumed = runs.start_all("resumed", {again});
  runs.expect_done(resumed);
  EXPECT_EQ(runs.output(resumed).find("environments a rank: "), std::string::npos) << "measured again";
  EXPECT_NE(config().find(number), std::string::npos);
  EXPECT_NE(runs.output(resumed).find(std::to_string(2 * of_rank) + " environments on 2 rank(s)"),
            std::string::npos)
      << runs.output(resumed);
}

}  // namespace
}  // namespace inknav::app
