// SPDX-License-Identifier: MIT
// RL.PPO.sync_frac: a slow rank cuts its rollout when enough others have theirs; without the key nobody does.

#include <gtest/gtest.h>

#include <string>

#include "app/rank_runs.h"
#include "run/safetensors.h"

namespace inknav::app {
namespace {

using testing::Launched;
using testing::RankRuns;

constexpr int kUpdates = 4, kSteps = 16, kEnvs = 12;

class Stragglers : public ::testing::Test {
 protected:
  /// Frames of a run of two ranks, of which rank 1 takes 20 ms longer for every step.
  long long frames(const std::string& name, const std::string& sync_frac) const {
    runs_.expect_done(runs_.self_launch(name, 2,
                                        {"NUM_UPDATES", std::to_string(kUpdates), "RL.PPO.num_steps",
                                         std::to_string(kSteps), "RL.PPO.sync_frac", sync_frac},
                                        {"INKNAV_INJECT=slow@rollout=0,rank=1"}));
    const auto file = run::read_safetensors(runs_.tiny().path(name) + "/data/final_model.safetensors");
    EXPECT_TRUE(file.ok());
    return file.ok() ? std::stoll(file->meta("frames").value()) : 0;
  }
  RankRuns runs_;
};

TEST_F(Stragglers, CutTheirRolloutsOnlyWhereTheKeySaysSo) {
  constexpr long long kAll = kUpdates * kSteps * kEnvs;
  EXPECT_EQ(frames("waits", "0.0"), kAll);
  EXPECT_EQ(frames("waits_too", "1.0"), kAll) << "all ranks are done: nobody is left to cut";
  const long long cut = frames("cuts", "0.5");
  EXPECT_LT(cut, kAll);
  // Rank 0 has all of its steps, rank 1 at least a quarter.
  EXPECT_GE(cut, kAll / 2 + kAll / 8);
}

}  // namespace
}  // namespace inknav::app
