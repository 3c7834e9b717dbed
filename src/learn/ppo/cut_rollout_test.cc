// SPDX-License-Identifier: MIT
// Rollouts that are cut for stragglers: what is learned from one is what is learned from one that was never
// longer, and in a sum over ranks every frame weighs the same.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <vector>

#include "base/check.h"
#include "learn/experience.h"
#include "learn/ppo/updater.h"
#include "learn/toy_env.h"

namespace inknav::learn {
namespace {

using testing::RecallEnv;
using torch::Tensor;

constexpr int kEnvs = 6;

/// One rollout of `room` steps, cut after `steps`, and one update from it.
class Once {
 public:
  Once(std::int64_t room, std::int64_t steps, Ranks* ranks = nullptr, double sync_frac = 0.0)
      : env_(kEnvs, 0),
        network_(std::make_shared<PolicyNetwork>(policy(env_), 5)),
        parameters_(*network_, kBucketExtra, "goal_head"),
        experience_("", {}, env_, network_, Workplace{pool_, Placement()}),
        rollout_(network_->settings(), room, kEnvs, Placement()) {
    experience_.start();
    // A longer one before, whose last rows must not show.
    if (room > steps) {
      const std::vector<std::uint8_t> begun = env_.save_state();
      collect(0);
      INKNAV_CHECK(env_.restore_state(begun).ok());
      experience_.groups.front()->runner.begin(env_, {});
    }
    experience_.collector.on_step = [steps](std::int64_t done) { return done < steps; };
    collect(1);
    PpoSettings ppo;
    ppo.num_mini_batch = 2;
    ppo.ppo_epoch = 2;
    ppo.normalize_advantage = true;
    ppo.sync_frac = sync_frac;
    Updater updater(ppo, 3, *network_, parameters_, nullptr, ranks, Placement());
    auto result = updater.run({}, rollout_);
    INKNAV_CHECK(result.ok());
    outcome = *result;
    values = parameters_.values().clone();
    num_steps = rollout_.num_steps();
    batch = rollout_.minibatch({0, 3, 5});
  }

  UpdateOutcome outcome;
  Tensor values;
  std::int64_t num_steps = 0;
  Minibatch batch;

 private:
  static PolicySettings policy(const task::VectorEnv& env) {
    PolicySettings settings;
    settings.number_fields = {"state"};
    settings.recurrence = Recurrence::kGru;
    settings.hidden_size = 8;
    complete_settings(settings, env.spec());
    return settings;
  }
  void collect(std::int64_t update) {
    PhaseTimes seconds;
    experience_.collector.collect(update, {}, rollout_, seconds, [](const task::EpisodeResult&) {});
  }

  base::ThreadPool pool_{1};
  RecallEnv env_;
  std::shared_ptr<PolicyNetwork> network_;
  FlatParameters parameters_;
  Experience experience_;
  Rollout rollout_;
};

TEST(CutRollout, EqualsOneThatWasNeverLonger) {
  const Once cut(9, 4), whole(4, 4);
  EXPECT_EQ(cut.num_steps, 4);
  EXPECT_EQ(whole.num_steps, 4);
  EXPECT_EQ(cut.outcome.frames, 4 * kEnvs);
  EXPECT_TRUE(torch::equal(cut.batch.input.numbers, whole.batch.input.numbers));
  EXPECT_TRUE(torch::equal(cut.batch.keep, whole.batch.keep));
  EXPECT_TRUE(torch::equal(cut.batch.actions, whole.batch.actions));
  EXPECT_TRUE(torch::equal(cut.batch.returns, whole.batch.returns));
  EXPECT_TRUE(torch::equal(cut.batch.advantages, whole.batch.advantages));
  EXPECT_TRUE(torch::equal(cut.values, whole.values));
  EXPECT_FALSE(torch::equal(cut.values, Once(9, 9).values)) << "the length does matter";
}

/// A clip that decays is an input of the recorded work, not a part of it.
TEST(Updater, RecordsOnceThoughTheClipDecays) {
  base::ThreadPool pool(1);
  RecallEnv env(kEnvs, 0);
  PolicySettings policy;
  policy.number_fields = {"state"};
  policy.hidden_size = 8;
  complete_settings(policy, env.spec());
  const Placement placement(torch::kCPU, /*staged=*/true, /*graphs=*/true);
  const auto network = std::make_shared<PolicyNetwork>(policy, 5);
  FlatParameters parameters(*network, kBucketExtra, "goal_head");
  Experience experience("", {}, env, network, Workplace{pool, placement});
  experience.start();
  Rollout rollout(network->settings(), 4, kEnvs, placement);
  PhaseTimes seconds;
  experience.collector.collect(0, {}, rollout, seconds, [](const task::EpisodeResult&) {});
  PpoSettings ppo;
  ppo.num_mini_batch = 2;
  ppo.ppo_epoch = 2;
  Updater updater(ppo, 3, *network, parameters, nullptr, nullptr, placement);
  std::vector<double> clipped;
  for (const float clip : {0.2f, 0.001f}) {
    UpdateSchedule schedule;
    schedule.lr = schedule.goal_lr = 1e-2;
    schedule.weights.clip = clip;
    const auto outcome = updater.run(schedule, rollout);
    ASSERT_TRUE(outcome.ok());
    clipped.push_back(outcome->terms[kClippedFraction]);
  }
  EXPECT_EQ(updater.recordings(), 1);
  EXPECT_GT(clipped[1], clipped[0]) << "and the present one counts";
}

/// Another rank that brings frames, and gradients of zero.
class IdleRank : public Ranks {
 public:
  explicit IdleRank(double frames) : frames_(frames) {}
  int rank() const override { return 0; }
  int size() const override { return 2; }
  run::Peers& peers() override {
    INKNAV_CHECK(false);
    return *static_cast<run::Peers*>(nullptr);
  }
  base::Status sum(std::span<float>) override { return base::ok_status(); }
  base::Status meet_on_device(int) override { return base::ok_status(); }
  bool sums_on_device() const override { return false; }
  base::Status sum(std::span<double> values) override {
    if (values.size() == 1) values[0] += frames_;
    return base::ok_status();
  }
  base::Result<std::int64_t> max(std::int64_t value) override { return value; }
  base::Result<std::vector<std::vector<std::uint8_t>>> gather(std::span<const std::uint8_t>) override {
    return std::vector<std::vector<std::uint8_t>>{};
  }

 private:
  double frames_;
};

TEST(CutRollout, EveryFrameWeighsTheSame) {
  constexpr std::int64_t kSteps = 4;
  IdleRank equal(kSteps * kEnvs), longer(3 * kSteps * kEnvs), unasked(3 * kSteps * kEnvs);
  const Once half(kSteps, kSteps, &equal, 0.6), quarter(kSteps, kSteps, &longer, 0.6);
  const Once plain(kSteps, kSteps, &unasked, 0.0);
  EXPECT_EQ(half.outcome.frames, 2 * kSteps * kEnvs);
  EXPECT_EQ(quarter.outcome.frames, 4 * kSteps * kEnvs);
  // The entropy of the untrained policy is nearly the same in all minibatches and runs; the weight is not.
  EXPECT_NEAR(quarter.outcome.terms[kEntropy], 0.5 * half.outcome.terms[kEntropy],
              0.02 * half.outcome.terms[kEntropy]);
  EXPECT_TRUE(torch::equal(half.values, plain.values)) << "without the rule the weight is 1 / ranks";
}

}  // namespace
}  // namespace inknav::learn
