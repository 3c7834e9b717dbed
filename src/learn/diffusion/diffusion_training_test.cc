// SPDX-License-Identifier: MIT
// A diffusion policy through the same trainer as PPO: it learns, resumes bit for bit, and acts from a
// checkpoint.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "learn/agent.h"
#include "learn/diffusion/denoising_loss.h"
#include "learn/diffusion/planner.h"
#include "learn/networks/policy_network.h"
#include "learn/toy_homes.h"
#include "learn/toy_trainer.h"
#include "learn/trainer.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

TrainerSettings diffusion_trainer(Recurrence recurrence) {
  TrainerSettings settings = testing::toy_reading_settings(recurrence);
  testing::add_plans(settings);
  DiffusionSettings& diffusion = settings.policy.diffusion;
  diffusion.noise.beta_schedule = BetaSchedule::kSquaredCosine;
  diffusion.noise.spacing = TimestepSpacing::kTrailing;
  return settings;
}

class DiffusionTraining : public ::testing::Test {
 protected:
  struct Run {
    std::string hash;
    std::vector<double> metrics;
  };
  /// `before` updates, a checkpoint, everything built anew, `after` updates.
  Run run(const TrainerSettings& settings, int threads, int before, int after) {
    base::ThreadPool pool(threads);
    auto env = homes_.make_env(pool);
    auto trainer = Trainer::create(settings, *env, nullptr, pool);
    Run result;
    const auto go = [&](int updates) {
      for (int i = 0; i < updates; ++i) {
        auto report = trainer->update();
        ASSERT_TRUE(report.ok());
        for (const auto& [name, value] : report->metrics) result.metrics.push_back(value);
      }
    };
    go(before);
    if (after > 0) {
      const std::vector<NamedBytes> state = *trainer->save_state();
      trainer.reset();
      env = homes_.make_env(pool);
      trainer = Trainer::create(settings, *env, nullptr, pool);
      EXPECT_TRUE(trainer->restore_state(state).ok());
      go(after);
    }
    result.hash = trainer->state_hash().hex();
    return result;
  }

  testing::ToyHomes homes_;
};

TEST_F(DiffusionTraining, ResumeEqualsNeverHavingStoppedForAnyNumberOfThreads) {
  for (const Recurrence recurrence : {Recurrence::kTransformer, Recurrence::kStack}) {
    const TrainerSettings settings = diffusion_trainer(recurrence);
    const Run whole = run(settings, 1, 6, 0);
    const Run parts = run(settings, 2, 3, 3);
    EXPECT_EQ(whole.hash, parts.hash);
    EXPECT_EQ(whole.metrics, parts.metrics);
    for (const double value : whole.metrics) EXPECT_TRUE(std::isfinite(value));
  }
}

TEST_F(DiffusionTraining, ACheckpointWithoutTheAveragedWeightsIsRefused) {
  base::ThreadPool pool(1);
  auto env = homes_.make_env(pool);
  auto trainer = Trainer::create(diffusion_trainer(Recurrence::kStack), *env, nullptr, pool);
  ASSERT_TRUE(trainer->update().ok());
  std::vector<NamedBytes> state = *trainer->save_state();
  std::erase_if(state, [](const NamedBytes& entry) { return entry.name.rfind("ema/", 0) == 0; });
  const base::Status status = trainer->restore_state(state);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::ErrorCode::kData);
  EXPECT_NE(status.error().message.find("ema/"), std::string::npos) << status.error().message;
}

PolicySettings plan_policy(PredictionType type, SamplerKind kind) {
  PolicySettings policy = diffusion_trainer(Recurrence::kStack).policy;
  policy.diffusion.noise.prediction_type = type;
  policy.diffusion.sampling = {kind, 5};
  policy.vector_size = 4;
  policy.reading.enabled = false;
  return policy;
}

/// [rows, 32] the numbers of one bent way of 16 points.
Tensor bent_plans(std::int64_t rows, std::vector<base::Vec2>& way) {
  way.assign(16, base::Vec2(0.0f));
  for (std::size_t i = 0; i < 16; ++i) {
    const float angle = 0.1f * static_cast<float>(i);
    way[i] = (i > 0 ? way[i - 1] : base::Vec2(0.0f)) + 0.2f * base::Vec2(std::sin(angle), std::cos(angle));
  }
  std::vector<float> numbers(32);
  plan_to_numbers(way, 2, numbers);
  return torch::tensor(numbers).view({1, 32}).repeat({rows, 1});
}

/// A denoiser that says 0 (as it begins) has the mean square of what is asked for as its loss. Tolerance:
/// four standard errors of 2048 x 32 squares of normal numbers.
TEST(DenoisingLoss, AsksForWhatThePredictionTypeSays) {
  struct Case {
    PredictionType type;
    SamplerKind kind;
  };
  std::vector<base::Vec2> way;
  const Tensor plans = bent_plans(2048, way);
  const double square = plans.square().mean().item<double>();
  for (const Case c :
       {Case{PredictionType::kEpsilon, SamplerKind::kDdim}, Case{PredictionType::kSample, SamplerKind::kDdim},
        Case{PredictionType::kV, SamplerKind::kDdim},
        Case{PredictionType::kSample, SamplerKind::kFlowEuler}}) {
    const PolicySettings policy = plan_policy(c.type, c.kind);
    PolicyNetwork network(policy, 1);
    const auto loss = DenoisingLoss::make(policy.diffusion, 2048, 1.0f);
    ASSERT_TRUE(loss.ok());
    torch::NoGradGuard no_grad;
    const Tensor condition = torch::zeros({2048, network.condition_size()});
    const double value =
        (*loss)(network.denoiser(), condition, plans, {1, 0, 0, 0, base::Purpose::kTest}).item<double>();
    const NoiseSchedule schedule = *NoiseSchedule::make(policy.diffusion.noise);
    double kept = 0.0;
    for (const double a : schedule.alpha_cumprod()) kept += a / schedule.size();
    double expected = 1.0;  // noise
    if (c.kind == SamplerKind::kFlowEuler)
      expected = 1.0 + square;  // plan - noise
    else if (c.type == PredictionType::kSample)
      expected = square;  // plan
    else if (c.type == PredictionType::kV)
      expected = kept + (1.0 - kept) * square;  // a noise^2 + (1 - a) plan^2
    EXPECT_NEAR(value, expected, 0.03) << static_cast<int>(c.type) << " " << static_cast<int>(c.kind);
  }
}

TEST(DenoisingLoss, ADenoiserFittedToOnePlanGivesItBack) {
  const PolicySettings policy = plan_policy(PredictionType::kSample, SamplerKind::kDdim);
  PolicyNetwork network(policy, 1);
  const auto loss = DenoisingLoss::make(policy.diffusion, 16, 1.0f);
  ASSERT_TRUE(loss.ok());
  std::vector<base::Vec2> way;
  const Tensor plans = bent_plans(16, way);
  const Tensor condition = torch::zeros({16, network.condition_size()});
  torch::optim::Adam adam(network.denoiser()->parameters(), torch::optim::AdamOptions(1e-2));
  for (std::uint32_t step = 0; step < 80; ++step) {
    adam.zero_grad();
    (*loss)(network.denoiser(), condition, plans, {1, 0, 0, step, base::Purpose::kTest}).backward();
    adam.step();
  }
  base::ThreadPool pool(1);
  Planner planner(network, 1, pool);
  PlanRequest request;
  request.condition = condition.narrow(0, 0, 1);
  const Odometry pose;
  const base::PhiloxKey key{9, 0, 0, 0, base::Purpose::kTest};
  request.poses = {&pose, 1};
  request.keys = {&key, 1};
  Tensor waypoint = torch::empty({1, 2});
  planner.plan(request, waypoint);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_LT(glm::length(planner.points(0)[i] - way[i]), 0.3f) << i;
}

}  // namespace
}  // namespace inknav::learn
