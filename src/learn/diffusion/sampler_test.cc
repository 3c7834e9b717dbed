// SPDX-License-Identifier: MIT
// The whole loop over a batch: equals the schedule's own steps, rows do not know of each other, warm starts.
#include "learn/diffusion/sampler.h"

#include <gtest/gtest.h>

#include <cmath>

#include "learn/diffusion/flow.h"

namespace inknav::learn {
namespace {

constexpr std::size_t kRowSize = 16 * 2;

NoiseSchedule cosine_schedule(double eta = 0.0, bool clip = false) {
  NoiseScheduleSettings s;
  s.num_train_timesteps = 100;
  s.beta_schedule = BetaSchedule::kSquaredCosine;
  s.clip_sample = clip;
  s.eta = eta;
  return NoiseSchedule::make(s).value();
}

std::vector<base::PhiloxKey> keys(std::size_t rows) {
  std::vector<base::PhiloxKey> result;
  for (std::size_t b = 0; b < rows; ++b) {
    result.push_back({7, static_cast<std::uint32_t>(b), 3, 11, base::Purpose::kTest});
  }
  return result;
}

/// Exact prediction for data N(.2, .3^2): the noise at a level of the schedule, or the velocity at a flow
/// time.
struct GaussianModel {
  const NoiseSchedule& schedule;
  const Sampler& sampler;
  bool flow;
  double at(double x, int evaluation) const {
    const double time = sampler.times()[static_cast<std::size_t>(evaluation)];
    if (flow) {
      const double t = time / schedule.size();
      return .2 + (t * .09 - (1 - t)) / ((1 - t) * (1 - t) + t * t * .09) * (x - t * .2);
    }
    const double a = schedule.alpha_cumprod()[static_cast<std::size_t>(time)];
    return (x - std::sqrt(a) * .2) * std::sqrt(1.0 - a) / (a * .09 + 1.0 - a);
  }
  void operator()(std::span<const float> x, int evaluation, std::span<float> output) const {
    for (std::size_t i = 0; i < x.size(); ++i) output[i] = static_cast<float>(at(x[i], evaluation));
  }
};

std::vector<float> run(const NoiseSchedule& schedule, const SamplerSettings& settings, std::size_t rows) {
  const Sampler sampler = Sampler::make(schedule, settings).value();
  const bool flow = settings.kind == SamplerKind::kFlowEuler || settings.kind == SamplerKind::kFlowHeun;
  const std::vector<base::PhiloxKey> all = keys(rows);
  std::vector<float> x(rows * kRowSize);
  SamplerWorkspace workspace;
  sampler.sample({.keys = all, .previous = {}}, x, workspace, GaussianModel{schedule, sampler, flow});
  return x;
}

TEST(Sampler, EqualsTheScheduleStepByStep) {
  for (const double eta : {0.0, 1.0}) {
    const NoiseSchedule schedule = cosine_schedule(eta);
    for (const SamplerKind kind : {SamplerKind::kDdim, SamplerKind::kDdpm}) {
      const std::vector<float> found = run(schedule, {kind, 10}, 1);
      const Sampler sampler = Sampler::make(schedule, {kind, 10}).value();
      const GaussianModel model{schedule, sampler, false};
      base::PhiloxKey key = keys(1).front();
      key.purpose = base::Purpose::kDiffusionSampling;
      base::PhiloxStream noise(key);
      std::vector<double> x(kRowSize);
      for (double& value : x) value = noise.normal();
      const std::vector<int> steps = schedule.timesteps(10).value();
      for (int i = 0; i < 10; ++i) {
        const int t = steps[static_cast<std::size_t>(i)];
        for (double& value : x) {
          const bool ddpm = kind == SamplerKind::kDdpm;
          const bool noisy = ddpm ? t > 0 : schedule.ddim_rule(t, 10).noise() > 0.0;
          const double z = noisy ? noise.normal() : 0.0;
          const double output = model.at(value, i);
          value = ddpm ? schedule.ddpm_step(value, output, t, 10, z).x
                       : schedule.ddim_step(value, output, t, 10, z).x;
        }
      }
      // The loop stores f32 after each of ten steps; errors shrink on the way (the map contracts).
      for (std::size_t i = 0; i < kRowSize; ++i) EXPECT_NEAR(found[i], x[i], 2e-6);
    }
  }
}

TEST(Sampler, FlowEqualsTheSolvers) {
  const NoiseSchedule schedule = cosine_schedule();
  const auto velocity = [](double x, double t) {
    return .2 + (t * .09 - (1 - t)) / ((1 - t) * (1 - t) + t * t * .09) * (x - t * .2);
  };
  base::PhiloxKey key = keys(1).front();
  key.purpose = base::Purpose::kDiffusionSampling;
  base::PhiloxStream noise(key);
  const std::vector<float> euler = run(schedule, {SamplerKind::kFlowEuler, 10}, 1);
  const std::vector<float> heun = run(schedule, {SamplerKind::kFlowHeun, 4}, 1);
  for (std::size_t i = 0; i < kRowSize; ++i) {
    const double start = noise.normal();
    EXPECT_NEAR(euler[i], flow_euler(start, 10, velocity), 2e-6);
    EXPECT_NEAR(heun[i], flow_heun(start, 4, velocity), 2e-6);
  }
}

TEST(Sampler, RowsDoNotDependOnTheBatch) {
  const NoiseSchedule schedule = cosine_schedule(0.5);
  for (const SamplerKind kind :
       {SamplerKind::kDdim, SamplerKind::kDdpm, SamplerKind::kFlowEuler, SamplerKind::kFlowHeun}) {
    const std::vector<float> one = run(schedule, {kind, 5}, 1), nine = run(schedule, {kind, 5}, 9);
    for (std::size_t i = 0; i < kRowSize; ++i) EXPECT_EQ(one[i], nine[i]);
    EXPECT_NE(nine[0], nine[kRowSize]);
  }
}

TEST(Sampler, SpreadOfManyRowsIsTheOracles) {
  // x_T ~ N(0, 1) through ten leading DDIM steps: mean 0.193127, deviation 0.245798 (noise_schedule_test).
  // With 128,000 numbers the standard errors are 0.0007 and 0.0005; five of them are allowed.
  const std::vector<float> x = run(cosine_schedule(), {SamplerKind::kDdim, 10}, 4000);
  double sum = 0.0, squares = 0.0;
  for (const float value : x) {
    sum += value;
    squares += double{value} * value;
  }
  const double mean = sum / static_cast<double>(x.size());
  EXPECT_NEAR(mean, 0.193127416098741, 0.0035);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(x.size()) - mean * mean), 0.245798453335515, 0.0025);
}

TEST(Sampler, WarmStartBeginsWhereTheFractionSays) {
  const NoiseSchedule schedule = cosine_schedule();
  const Sampler ddim = Sampler::make(schedule, {SamplerKind::kDdim, 10}).value();  // 90 80 ... 0
  EXPECT_EQ(ddim.first_evaluation(1.0), 0);
  EXPECT_EQ(ddim.first_evaluation(0.4), 6);    // t = 30: 31 of 100 levels
  EXPECT_EQ(ddim.first_evaluation(0.41), 5);   // t = 40
  EXPECT_EQ(ddim.first_evaluation(0.001), 9);  // the last one, whatever the fraction
  const Sampler euler = Sampler::make(schedule, {SamplerKind::kFlowEuler, 10}).value();
  EXPECT_EQ(euler.first_evaluation(0.4), 6);
  const Sampler heun = Sampler::make(schedule, {SamplerKind::kFlowHeun, 10}).value();
  EXPECT_EQ(heun.first_evaluation(0.4), 12);
  EXPECT_EQ(heun.first_evaluation(0.01), 18);
  EXPECT_EQ(heun.num_evaluations(), 20);
}

TEST(Sampler, WarmStartNoisesThePreviousSample) {
  const NoiseSchedule schedule = cosine_schedule();
  const Sampler sampler = Sampler::make(schedule, {SamplerKind::kDdim, 10}).value();
  const std::vector<base::PhiloxKey> all = keys(2);
  std::vector<float> previous(2 * kRowSize, 0.25f), x(2 * kRowSize), first;
  SamplerWorkspace workspace;
  int calls = 0;
  sampler.sample({.keys = all, .previous = previous, .fraction = 0.4}, x, workspace,
                 [&](std::span<const float> input, int evaluation, std::span<float> output) {
                   if (calls++ == 0) {
                     EXPECT_EQ(evaluation, 6);
                     first.assign(input.begin(), input.end());
                   }
                   // A model that knows the previous sample to be the truth.
                   const double a = schedule.alpha_cumprod()[static_cast<std::size_t>(
                       sampler.times()[static_cast<std::size_t>(evaluation)])];
                   for (std::size_t i = 0; i < input.size(); ++i) {
                     output[i] = static_cast<float>((input[i] - std::sqrt(a) * .25) / std::sqrt(1.0 - a));
                   }
                 });
  EXPECT_EQ(calls, 4);
  base::PhiloxKey key = all[1];
  key.purpose = base::Purpose::kDiffusionSampling;
  base::PhiloxStream noise(key);
  EXPECT_NEAR(first[kRowSize], schedule.add_noise(.25, noise.normal(), 30), 1e-6);
  for (const float value : x) EXPECT_NEAR(value, 0.25f, 1e-5);
}

TEST(Sampler, ImpossibleStepCountsAreRefused) {
  const NoiseSchedule schedule = cosine_schedule();
  for (const auto& [kind, n, wanted] :
       {std::tuple{SamplerKind::kDdim, 101, "num_inference_steps = 101 is not within 1 and"},
        std::tuple{SamplerKind::kDdpm, 1, "visits only the cleanest level and returns the noise"},
        std::tuple{SamplerKind::kFlowEuler, 0, "num_inference_steps = 0 is not at least 1"}}) {
    const auto sampler = Sampler::make(schedule, {kind, n});
    ASSERT_FALSE(sampler.ok());
    EXPECT_EQ(sampler.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(sampler.error().message.find(wanted), std::string::npos) << sampler.error().message;
  }
  EXPECT_TRUE(Sampler::make(schedule, {SamplerKind::kFlowEuler, 1}).ok());
}

}  // namespace
}  // namespace inknav::learn
