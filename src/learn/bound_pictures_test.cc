// SPDX-License-Identifier: MIT
// Pictures that the renderer writes where the network reads them, with the CPU as the device: the bits of the
// direct way, and no picture among the bytes that go up.
#include "learn/bound_pictures.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "learn/experience.h"
#include "learn/toy_trainer.h"
#include "learn/trainer.h"
#include "task/test_dataset.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr int kEnvs = 4, kHeight = 8, kWidth = 12;

enum class Cameras : std::uint8_t { kDepth, kColour, kBoth };
constexpr Cameras kCameras[] = {Cameras::kDepth, Cameras::kColour, Cameras::kBoth};

class StagedPictures : public ::testing::Test {
 protected:
  /// No drawings and no map; episodes that run out of time, so that final observations are valued.
  std::unique_ptr<task::NavigationEnv> make_env(Cameras cameras, bool noisy = false) {
    task::NavigationEnvSettings settings = task::testing::small_env(kEnvs);
    settings.simulator.mapper.enabled = false;
    settings.simulator.sensors.rgb = cameras != Cameras::kDepth;
    if (noisy) settings.simulator.sensors.rgb_noise.model = sim::ColourNoise::kGaussian;
    settings.max_episode_steps = 3;
    return task::testing::make_env(settings, data_.dataset(), pool_);
  }

  static TrainerSettings make_settings(Cameras cameras, const task::EnvSpec& spec) {
    TrainerSettings settings = testing::toy_settings(Recurrence::kGru);
    PolicySettings& policy = settings.policy;
    testing::add_camera(settings);
    policy.use_depth = cameras != Cameras::kColour;
    policy.use_rgb = cameras != Cameras::kDepth;
    complete_settings(policy, spec);
    settings.ppo.num_steps = 8;
    settings.ppo.ppo_epoch = 2;
    return settings;
  }

  std::string trained(Cameras cameras, const ComputeSettings& compute) {
    const auto env = make_env(cameras);
    TrainerSettings settings = make_settings(cameras, env->spec());
    settings.compute = compute;
    const auto trainer = Trainer::create(settings, *env, nullptr, pool_);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(trainer->update().ok());
    return trainer->state_hash().hex();
  }

  task::testing::TestDataset data_{3};
  base::ThreadPool pool_{1};
};

TEST_F(StagedPictures, TrainToTheBitsOfTheDirectWay) {
  std::vector<std::string> hashes;
  for (const Cameras cameras : kCameras) {
    hashes.push_back(trained(cameras, {}));
    EXPECT_EQ(trained(cameras, {.staged = true}), hashes.back());
    EXPECT_EQ(trained(cameras, {.staged = true, .graphs = true}), hashes.back());
  }
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
}

TEST_F(StagedPictures, EachHalfReadsItsOwn) {
  const auto hash = [&](const ComputeSettings& compute, LaneKind lanes) {
    const auto env = make_env(Cameras::kBoth);
    TrainerSettings settings = make_settings(Cameras::kBoth, env->spec());
    settings.compute = compute;
    settings.two_halves = TwoHalves::kYes;
    settings.lanes = lanes;
    const auto trainer = Trainer::create(settings, *env, nullptr, pool_);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(trainer->update().ok());
    return trainer->state_hash().hex();
  };
  const std::string direct = hash({}, LaneKind::kInTurn);
  for (const LaneKind lanes : {LaneKind::kInTurn, LaneKind::kLate}) {
    EXPECT_EQ(hash({.staged = true}, lanes), direct);
    EXPECT_EQ(hash({.staged = true, .graphs = true}, lanes), direct);
  }
}

TEST_F(StagedPictures, ResumeLikeTheDirectWay) {
  std::vector<std::string> hashes;
  for (const bool staged : {false, true}) {
    const auto env = make_env(Cameras::kBoth);
    TrainerSettings settings = make_settings(Cameras::kBoth, env->spec());
    settings.compute.staged = staged;
    const auto trainer = Trainer::create(settings, *env, nullptr, pool_);
    ASSERT_TRUE(trainer->update().ok());
    const auto state = trainer->save_state();
    ASSERT_TRUE(state.ok());
    ASSERT_TRUE(trainer->update().ok());
    hashes.push_back(trainer->state_hash().hex());
    ASSERT_TRUE(trainer->restore_state(*state).ok());
    ASSERT_TRUE(trainer->update().ok());
    hashes.push_back(trainer->state_hash().hex());
  }
  for (const std::string& hash : hashes) EXPECT_EQ(hash, hashes.front());
}

/// One rollout of 8 steps, to look at.
struct Collected {
  bool bound = false;
  PolicyRunner::Uploaded up;
  Tensor images;  // [8 * N, H, W, C]
  Tensor bootstrap;
};

class StagedRollout : public StagedPictures {
 protected:
  Collected collect(Cameras cameras, bool noisy, const Placement& placement) {
    const auto env = make_env(cameras, noisy);
    const TrainerSettings settings = make_settings(cameras, env->spec());
    Experience experience("", {}, *env, make_network(settings, placement), {pool_, placement});
    Rollout rollout(settings.policy, 8, kEnvs, placement);
    PhaseTimes seconds;
    experience.start();
    experience.collector.collect(0, {}, rollout, seconds, [](const task::EpisodeResult&) {});
    const Minibatch batch = rollout.minibatch({0, 1, 2, 3});
    return {experience.pictures.image().defined(), experience.groups.front()->runner.uploaded(),
            batch.input.image.clone(), rollout.bootstrap.clone()};
  }
};

TEST_F(StagedRollout, NoPictureGoesUp) {
  const Placement direct, staged(torch::kCPU, true);
  for (const Cameras cameras : kCameras) {
    const Collected plain = collect(cameras, false, direct), bound = collect(cameras, false, staged);
    EXPECT_FALSE(plain.bound);
    EXPECT_TRUE(bound.bound);
    EXPECT_EQ(plain.up.images + plain.up.others, 0) << "one memory";
    EXPECT_EQ(bound.up.images, 0);
    // 9 observations: gps (2), compass (sine and cosine) and whether the episode goes on as f32, the action
    // as i64.
    EXPECT_EQ(bound.up.others, 9 * kEnvs * (4 * 4 + 4 + 8));
    EXPECT_TRUE(bound.images.equal(plain.images));
    EXPECT_GT(plain.images.std().item<float>(), 0.01f);
    EXPECT_TRUE(bound.bootstrap.equal(plain.bootstrap));
    EXPECT_GT(plain.bootstrap.count_nonzero().item<std::int64_t>(), 0) << "some ran out of time";
  }
}

TEST_F(StagedRollout, WhatTheHostMakesComesTheOldWay) {
  const Placement direct, staged(torch::kCPU, true);
  const Collected plain = collect(Cameras::kBoth, true, direct), sent = collect(Cameras::kBoth, true, staged);
  EXPECT_FALSE(sent.bound) << "colours with noise";
  const std::int64_t picture = kHeight * kWidth * 4 * 4;  // bytes
  // 9 observations of all, and the final ones of those that ran out of time.
  EXPECT_EQ(sent.up.images, (9 * kEnvs + sent.bootstrap.count_nonzero().item<std::int64_t>()) * picture);
  EXPECT_TRUE(sent.images.equal(plain.images));
  EXPECT_TRUE(sent.bootstrap.equal(plain.bootstrap));
}

TEST_F(StagedPictures, AreTakenBackAndTheFieldsAreThereAgain) {
  const Placement staged(torch::kCPU, true);
  const auto env = make_env(Cameras::kDepth), witness = make_env(Cameras::kDepth);
  const TrainerSettings settings = make_settings(Cameras::kDepth, env->spec());
  env->reset();
  witness->reset();
  Tensor seen;
  {
    const BoundPictures pictures(*env, settings.policy, staged);
    ASSERT_TRUE(pictures.image().defined());
    seen = pictures.image().clone();
  }
  const auto depth_of = [](const task::VectorEnv& from) {
    return torch::from_blob(from.observation("depth").data, {kEnvs, kHeight, kWidth, 1});
  };
  EXPECT_TRUE(seen.equal(depth_of(*witness)));
  EXPECT_TRUE(depth_of(*env).equal(depth_of(*witness)));
}

}  // namespace
}  // namespace inknav::learn
