// SPDX-License-Identifier: MIT
// Environments that act in two halves: the order of what happens, that the lanes show in nothing, and what
// the halves share with all environments at once.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <new>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "learn/checkpoint.h"
#include "learn/experience.h"
#include "learn/networks/policy_network.h"
#include "learn/torch_setup.h"
#include "learn/toy_env.h"
#include "learn/toy_homes.h"
#include "learn/toy_trainer.h"

namespace inknav::learn {
namespace {

using testing::CorridorEnv;
using testing::RecallEnv;
using testing::toy_settings;
using testing::TrainOutcome;
using torch::Tensor;

using Events = std::vector<std::string>;

/// Writes down its steps; and runs out of memory in one of them.
class WatchedEnv final : public CorridorEnv {
 public:
  WatchedEnv(int num_envs, Events& events) : CorridorEnv(num_envs, 0), events_(events) {}
  int fail_in = 0;  // this call of step_rows, counted from 1

  const task::StepResult& step_rows(int first, std::span<const std::int32_t> actions) override {
    if (++calls_ == fail_in) throw std::bad_alloc();
    events_.push_back("step " + std::to_string(first));
    return CorridorEnv::step_rows(first, actions);
  }

 private:
  Events& events_;
  int calls_ = 0;
};

/// Can only be stepped as a whole.
class JoinedEnv final : public CorridorEnv {
 public:
  JoinedEnv() : CorridorEnv(4, 0) {}
  bool steps_rows() const override { return false; }
};

PolicySettings toy_policy(const task::VectorEnv& env) {
  PolicySettings policy = toy_settings(Recurrence::kGru).policy;
  complete_settings(policy, env.spec());
  return policy;
}

CollectorSettings halves(LaneKind lanes = LaneKind::kInTurn) {
  CollectorSettings settings;
  settings.seed = 3;
  settings.two_halves = TwoHalves::kYes;
  settings.lanes = lanes;
  return settings;
}

/// One rollout of `steps` by the first network of the settings.
class OneRollout {
 public:
  OneRollout(task::VectorEnv& env, const PolicySettings& policy, const CollectorSettings& settings,
             std::int64_t steps)
      : experience("", settings, env, std::make_shared<PolicyNetwork>(policy, 5),
                   Workplace{pool_, Placement(torch::kCPU, /*staged=*/settings.lanes == LaneKind::kLate)}),
        rollout(policy, steps, env.spec().num_envs,
                Placement(torch::kCPU, settings.lanes == LaneKind::kLate)) {
    setup_torch();
    experience.start();
  }
  void run(const CollectMode& mode = {}) {
    PhaseTimes seconds;
    experience.collector.collect(2, mode, rollout, seconds, [&](const task::EpisodeResult& episode) {
      episodes.emplace_back(episode.environment, episode.episode, episode.steps);
    });
  }

 private:
  base::ThreadPool pool_{1};

 public:
  Experience experience;
  Rollout rollout;
  std::vector<std::tuple<int, std::int64_t, int>> episodes;
};

void watch(OneRollout& once, Events& events) {
  for (const auto& group : once.experience.groups) {
    group->lane.observer = [&events, first = group->first()](LaneEvent event) {
      events.push_back((event == LaneEvent::kLaunch ? "launch " : "wait ") + std::to_string(first));
    };
  }
}

TEST(Halves, OneIsSteppedWhileTheOtherIsInFlight) {
  for (const LaneKind lanes : {LaneKind::kInTurn, LaneKind::kLate}) {
    Events events;
    WatchedEnv env(5, events);
    OneRollout once(env, toy_policy(env), halves(lanes), 3);
    ASSERT_EQ(once.experience.groups.size(), 2u);
    EXPECT_EQ(once.experience.groups[1]->first(), 3);
    watch(once, events);
    once.run();
    const Events wanted = {"launch 0", "launch 3",                                              //
                           "wait 0",   "step 0",   "launch 0", "wait 3", "step 3", "launch 3",  //
                           "wait 0",   "step 0",   "launch 0", "wait 3", "step 3", "launch 3",  //
                           "wait 0",   "step 0",   "wait 3",   "step 3"};
    EXPECT_EQ(events, wanted);
    // All steps but the last have the other half in flight beside them.
    int in_flight = 0, hidden = 0;
    for (const std::string& event : events) {
      in_flight += event.starts_with("launch") ? 1 : event.starts_with("wait") ? -1 : 0;
      hidden += event.starts_with("step") && in_flight > 0 ? 1 : 0;
    }
    EXPECT_EQ(in_flight, 0);
    EXPECT_EQ(hidden, 2 * 3 - 1);
  }
}

TEST(Halves, ACutRolloutEndsBothAtTheSameStep) {
  Events events;
  WatchedEnv env(4, events);
  OneRollout once(env, toy_policy(env), halves(), 6);
  watch(once, events);
  int asked = 0;
  once.experience.collector.on_step = [&](std::int64_t done) {
    ++asked;
    return done < 2;
  };
  once.run();
  EXPECT_EQ(once.rollout.num_steps(), 2);
  EXPECT_EQ(asked, 2) << "once a step, not once a half";
  const Events wanted = {"launch 0", "launch 2", "wait 0", "step 0", "launch 0", "wait 2",
                         "step 2",   "launch 2", "wait 0", "step 0", "wait 2",   "step 2"};
  EXPECT_EQ(events, wanted);
}

TEST(Halves, WithoutThemNothingIsLaunchedAhead) {
  Events events;
  WatchedEnv env(4, events);
  CollectorSettings settings = halves();
  settings.two_halves = TwoHalves::kNo;
  OneRollout once(env, toy_policy(env), settings, 2);
  watch(once, events);
  once.run();
  EXPECT_EQ(events, (Events{"launch 0", "wait 0", "step 0", "launch 0", "wait 0", "step 0"}));
}

TEST(Halves, AreLeftOutWhereTheyCannotBe) {
  CorridorEnv several(4, 0), one(1, 0);
  JoinedEnv joined;
  PolicySettings plain = toy_policy(several), diffusion = plain;
  diffusion.diffusion.enabled = true;
  EXPECT_EQ(why_together(several, plain), "");
  EXPECT_NE(why_together(several, diffusion).find("diffusion policy"), std::string::npos);
  EXPECT_NE(why_together(joined, plain).find("stepped together"), std::string::npos);
  EXPECT_NE(why_together(one, plain).find("no halves"), std::string::npos);

  const auto groups = [&](task::VectorEnv& env, TwoHalves choice) {
    CollectorSettings settings = halves();
    settings.two_halves = choice;
    return OneRollout(env, plain, settings, 1).experience.groups.size();
  };
  EXPECT_EQ(groups(several, TwoHalves::kYes), 2u);
  EXPECT_EQ(groups(several, TwoHalves::kNo), 1u);
  EXPECT_EQ(groups(several, TwoHalves::kAuto), 1u) << "the CPU is the device, so nothing is beside anything";
  EXPECT_EQ(groups(joined, TwoHalves::kYes), 1u);
  EXPECT_EQ(groups(one, TwoHalves::kYes), 1u);
}

/// The policy of a rollout is the same network; what it says of a row differs in the last bits with the size
/// of the batch, as products are summed in another order. 1e-5 of numbers about 1. What is chosen from it
/// differs only where a uniform number falls within that of a bound, which it does not here.
TEST(Halves, DoWhatAllAtOnceDo) {
  for (const int count : {8, 7}) {
    CorridorEnv halved_env(count, 0), whole_env(count, 0);
    CollectorSettings together = halves();
    together.two_halves = TwoHalves::kNo;
    OneRollout halved(halved_env, toy_policy(halved_env), halves(), 40);
    OneRollout whole(whole_env, toy_policy(whole_env), together, 40);
    halved.run();
    whole.run();
    const RolloutRecords &a = halved.rollout.records, &b = whole.rollout.records;
    EXPECT_TRUE(a.actions.equal(b.actions));
    EXPECT_TRUE(a.rewards.equal(b.rewards));
    EXPECT_TRUE(a.done.equal(b.done));
    EXPECT_TRUE(a.keep.equal(b.keep));
    EXPECT_GT(b.done.sum().item<float>(), 5.0f);
    EXPECT_TRUE(torch::allclose(a.log_prob, b.log_prob, 0.0, 1e-5));
    EXPECT_TRUE(torch::allclose(halved.rollout.values, whole.rollout.values, 0.0, 1e-5));
    EXPECT_TRUE(torch::allclose(halved.rollout.bootstrap, whole.rollout.bootstrap, 0.0, 1e-5));
    EXPECT_GT(whole.rollout.bootstrap.abs().sum().item<float>(), 0.0f) << "some ran out of time";
    EXPECT_EQ(halved.episodes, whole.episodes) << "also in this order";
    std::vector<std::int64_t> all;
    for (int i = 0; i < count; ++i) all.push_back(i);
    EXPECT_TRUE(
        halved.rollout.minibatch(all).input.numbers.equal(whole.rollout.minibatch(all).input.numbers));
  }
}

using MakeEnv = std::function<std::unique_ptr<task::VectorEnv>(base::ThreadPool&)>;

struct Way {
  LaneKind lanes = LaneKind::kInTurn;
  bool staged = false;
  bool graphs = false;
  int threads = 1;
};

TrainOutcome train(TrainerSettings settings, const MakeEnv& make_env, const Way& way, int updates) {
  settings.two_halves = TwoHalves::kYes;
  settings.lanes = way.lanes;
  settings.compute.staged = way.staged;
  settings.compute.graphs = way.graphs;
  base::ThreadPool pool(way.threads);
  const auto env = make_env(pool);
  const auto trainer = Trainer::create(settings, *env, nullptr, pool);
  TrainOutcome outcome = testing::run_updates(*trainer, updates);
  EXPECT_FALSE(outcome.failed);
  return outcome;
}

/// The device is done at once, or as late as it may be; one memory or two; one thread or three.
void expect_same_bits(const TrainerSettings& settings, const MakeEnv& make_env, bool graphs) {
  const TrainOutcome in_turn = train(settings, make_env, {}, 4);
  EXPECT_FALSE(in_turn.metrics.empty());
  for (const Way& way : {Way{LaneKind::kLate, false, false, 1}, Way{LaneKind::kInTurn, true, false, 3},
                         Way{LaneKind::kLate, true, false, 1}, Way{LaneKind::kLate, true, graphs, 3}}) {
    EXPECT_EQ(train(settings, make_env, way, 4), in_turn)
        << static_cast<int>(way.lanes) << way.staged << way.graphs << way.threads;
  }
}

TEST(Halves, TheLanesShowInNothing) {
  for (const Recurrence recurrence : {Recurrence::kNone, Recurrence::kLstm}) {
    expect_same_bits(
        toy_settings(recurrence),
        [](base::ThreadPool&) -> std::unique_ptr<task::VectorEnv> {
          return std::make_unique<CorridorEnv>(8, 0);
        },
        true);
  }
}

class HalvesReading : public ::testing::Test {
 protected:
  std::unique_ptr<task::NavigationEnv> make(base::ThreadPool& pool) {
    return homes_.make_env(pool, {.max_episode_steps = 6});
  }
  TrainerSettings reading_settings() {
    TrainerSettings settings = testing::toy_reading_settings(Recurrence::kGru);
    settings.policy.predict_goal = true;
    testing::add_camera(settings);
    settings.policy.reading.hypotheses = 8;
    testing::follow_expert_first(settings);
    settings.imitation.belief_reset_start = 0.2f;
    settings.imitation.belief_updates = 4;
    return settings;
  }
  testing::ToyHomes homes_;
};

TEST_F(HalvesReading, TheLanesShowInNothingEither) {
  // Recorded updates are given room for more drawings, which runs sums in another order (placement_test.cc).
  expect_same_bits(
      reading_settings(), [this](base::ThreadPool& pool) { return make(pool); }, false);
}

TEST_F(HalvesReading, LabelsAndDrawingsBelongToTheirEnvironments) {
  base::ThreadPool pool(2);
  const auto halved_env = make(pool), whole_env = make(pool);
  PolicySettings policy = reading_settings().policy;
  complete_settings(policy, whole_env->spec());
  CollectorSettings together = halves();
  together.two_halves = TwoHalves::kNo;
  OneRollout halved(*halved_env, policy, halves(), 16), whole(*whole_env, policy, together, 16);
  // What the expert does, so that rounding has no say.
  const CollectMode mode{.imitation = true, .expert_mix = 1.0f, .belief_reset = 0.5f, .belief_gain = 0.0f};
  halved.run(mode);
  whole.run(mode);
  const RolloutRecords &a = halved.rollout.records, &b = whole.rollout.records;
  EXPECT_TRUE(a.actions.equal(b.actions));
  EXPECT_TRUE(a.rewards.equal(b.rewards));
  EXPECT_GE(b.done.sum().item<float>(), 8.0f) << "all begin anew twice";
  EXPECT_TRUE(a.labels.expert_action.equal(b.labels.expert_action));
  EXPECT_TRUE(a.labels.waypoint.equal(b.labels.waypoint));
  EXPECT_TRUE(a.labels.remaining.equal(b.labels.remaining));
  EXPECT_TRUE(a.labels.goal.equal(b.labels.goal));
  EXPECT_TRUE(a.labels.correction_weight.equal(b.labels.correction_weight));
  const std::vector<std::int64_t> all{0, 1, 2, 3};
  const Minibatch one = halved.rollout.minibatch(all), other = whole.rollout.minibatch(all);
  EXPECT_TRUE(one.input.image.equal(other.input.image));
  EXPECT_TRUE(one.drawings.equal(other.drawings));
  EXPECT_TRUE(one.drawing_index.equal(other.drawing_index));
  EXPECT_GT(other.drawings.size(0), 4) << "some came later";
  EXPECT_EQ(halved.episodes, whole.episodes);
  EXPECT_EQ(halved_env->save_state(), whole_env->save_state());
}

TEST_F(HalvesReading, ResumeIsExactAndACheckpointDoesNotKnowThem) {
  base::ThreadPool pool(1);
  TrainerSettings settings = reading_settings();
  settings.two_halves = TwoHalves::kYes;
  settings.lanes = LaneKind::kLate;
  settings.compute.staged = true;
  const auto env = make(pool), resumed_env = make(pool), whole_env = make(pool);
  const auto straight = Trainer::create(settings, *env, nullptr, pool);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(straight->update().ok());
  const std::vector<NamedBytes> state = *straight->save_state();
  const auto resumed = Trainer::create(settings, *resumed_env, nullptr, pool);
  ASSERT_TRUE(resumed->restore_state(state).ok());
  EXPECT_EQ(resumed->state_hash(), straight->state_hash());

  settings.two_halves = TwoHalves::kNo;
  const auto whole = Trainer::create(settings, *whole_env, nullptr, pool);
  ASSERT_TRUE(whole->restore_state(state).ok());
  EXPECT_EQ(whole->state_hash(), straight->state_hash());
  ASSERT_TRUE(whole->update().ok());

  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(straight->update().ok());
    ASSERT_TRUE(resumed->update().ok());
  }
  EXPECT_EQ(resumed->state_hash(), straight->state_hash());
}

TEST_F(HalvesReading, HypothesesOfOtherEnvironmentsAreRefused) {
  base::ThreadPool pool(1);
  TrainerSettings settings = reading_settings();
  settings.two_halves = TwoHalves::kYes;
  const auto env = make(pool);
  const auto trainer = Trainer::create(settings, *env, nullptr, pool);
  std::vector<NamedBytes> state = *trainer->save_state();
  for (NamedBytes& entry : state) {
    if (entry.name != "rank0/beliefs") continue;
    entry.bytes.resize(entry.bytes.size() / 2);
    entry.shape = {static_cast<std::int64_t>(entry.bytes.size() / sizeof(float))};
  }
  const base::Status status = trainer->restore_state(state);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::ErrorCode::kData);
  EXPECT_NE(status.error().message.find("of 4 environments"), std::string::npos) << status.error().message;
}

TEST(Halves, WhatIsInFlightIsForgottenWhenMemoryRunsOut) {
  base::ThreadPool pool(1);
  Events events;
  WatchedEnv env(4, events);
  TrainerSettings settings = toy_settings(Recurrence::kGru);
  settings.two_halves = TwoHalves::kYes;
  settings.lanes = LaneKind::kLate;
  settings.compute.staged = true;
  const auto trainer = Trainer::create(settings, env, nullptr, pool);
  ASSERT_TRUE(trainer->update().ok());
  env.fail_in = 2 * settings.ppo.num_steps + 7;
  const auto failed = trainer->update();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, base::ErrorCode::kDeviceMemory);
  // It can be saved and goes on: nothing was launched that has not been waited for.
  const std::vector<NamedBytes> state = *trainer->save_state();
  CorridorEnv other(4, 0);
  const auto resumed = Trainer::create(settings, other, nullptr, pool);
  ASSERT_TRUE(resumed->restore_state(state).ok());
  ASSERT_TRUE(trainer->update().ok());
  ASSERT_TRUE(resumed->update().ok());
  EXPECT_EQ(resumed->state_hash(), trainer->state_hash());
}

TEST(Lane, LateWorkBeginsWhenItIsWaitedFor) {
  Lane late(Placement(torch::kCPU, true), LaneKind::kLate), at_once(Placement(), LaneKind::kInTurn);
  int done = 0;
  at_once.launch([&] { ++done; });
  EXPECT_EQ(done, 1);
  at_once.wait();
  late.launch([&] { done += 10; });
  EXPECT_EQ(done, 1);
  late.wait();
  late.wait();
  EXPECT_EQ(done, 11) << "once";
  int tries = 0;
  late.launch([&] {
    if (++tries == 1) throw std::bad_alloc();
  });
  EXPECT_THROW(late.wait(), std::bad_alloc);
  late.wait();
  EXPECT_EQ(tries, 2);
  late.launch([&] { done = 0; });
  late.abandon();
  late.wait();
  EXPECT_EQ(done, 11);
}

TEST(Lane, CommonSecondsOfTwoSpans) {
  const auto at = [](int seconds) { return TimeSpan::Time() + std::chrono::seconds(seconds); };
  EXPECT_EQ(common_seconds({at(1), at(5)}, {at(3), at(9)}), 2.0);
  EXPECT_EQ(common_seconds({at(3), at(9)}, {at(1), at(5)}), 2.0);
  EXPECT_EQ(common_seconds({at(1), at(9)}, {at(3), at(5)}), 2.0);
  EXPECT_EQ(common_seconds({at(1), at(3)}, {at(5), at(9)}), 0.0);
  EXPECT_EQ(common_seconds({at(1), at(3)}, {at(3), at(3)}), 0.0);
}

TEST(EnvRows, AreTheRowsOfTheirWhole) {
  CorridorEnv env(5, 0);
  env.reset();
  EnvRows rows(env, 2, 2);
  const EnvRows seen(static_cast<const task::VectorEnv&>(env), 4, 1);
  EXPECT_EQ(rows.spec().num_envs, 2);
  const float* all = env.observation("state").as<float>();
  const base::TensorView part = rows.observation("state");
  EXPECT_EQ(part.as<float>(), all + 2 * CorridorEnv::kCells);
  EXPECT_EQ(part.shape[0], 2);
  EXPECT_EQ(part.shape[1], CorridorEnv::kCells);
  EXPECT_EQ(seen.observation("state").as<float>(), all + 4 * CorridorEnv::kCells);
  const std::vector<float> before(all, all + 5 * CorridorEnv::kCells);
  const std::vector<std::int32_t> right{1, 1};
  EXPECT_EQ(rows.step(right).reward.size(), 2u);
  for (int row = 0; row < 5; ++row) {
    const bool moved = !std::equal(all + row * CorridorEnv::kCells, all + (row + 1) * CorridorEnv::kCells,
                                   before.begin() + row * CorridorEnv::kCells);
    // At the right end it is where it was, on its way out.
    const bool at_end =
        before[static_cast<std::size_t>(row * CorridorEnv::kCells + CorridorEnv::kCells - 1)] > 0.5f;
    EXPECT_EQ(moved, (row == 2 || row == 3) && !at_end) << row;
  }
}

}  // namespace
}  // namespace inknav::learn
