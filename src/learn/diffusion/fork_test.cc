// SPDX-License-Identifier: MIT
// A fork where both ways are right: half of the expert's plans go round the wall on the left, half on the
// right, from one and the same view. The samples must be both ways, and never their mean, which runs into the
// wall.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "learn/diffusion/denoiser_weights.h"
#include "learn/diffusion/denoising_loss.h"
#include "learn/diffusion/fast_denoiser.h"
#include "learn/diffusion/plan.h"
#include "learn/networks/encoders.h"
#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr int kHorizon = 16;
constexpr int kSteps = 500;
constexpr int kSamples = 400;

DiffusionSettings fork_settings(SamplerKind kind) {
  DiffusionSettings s;
  s.enabled = true;
  s.horizon = kHorizon;
  s.width = 64;
  s.noise.num_train_timesteps = 100;
  s.noise.beta_schedule = BetaSchedule::kSquaredCosine;
  s.noise.prediction_type = PredictionType::kSample;
  s.noise.spacing = TimestepSpacing::kTrailing;
  s.sampling = {kind, 8};
  return s;
}

/// Plans [2, H * 2]: 45 degrees to the left, 45 degrees to the right.
Tensor both_ways() {
  std::vector<float> numbers;
  for (const float side : {-1.0f, 1.0f}) {
    std::vector<base::Vec2> points;
    for (int i = 1; i <= kHorizon; ++i) {
      points.push_back(kWaypointSpacing * static_cast<float>(i) * std::sqrt(0.5f) * base::Vec2(side, 1.0f));
    }
    std::vector<float> one(2 * kHorizon);
    plan_to_numbers(points, 2, one);
    numbers.insert(numbers.end(), one.begin(), one.end());
  }
  return torch::tensor(numbers).view({2, 2 * kHorizon});
}

class Fork : public ::testing::TestWithParam<SamplerKind> {};

TEST_P(Fork, SamplesAreBothWaysAndNeverTheirMean) {
  setup_torch();
  const DiffusionSettings settings = fork_settings(GetParam());
  const Unet1dSettings shape = denoiser_settings(settings, 4);
  ConditionalUnet1d net(shape);
  initialize(*net, 7);
  net->reset_film_and_output();
  const DenoisingLoss loss = DenoisingLoss::make(settings, 64, 1.0f).value();
  torch::optim::Adam optimizer(net->parameters(), torch::optim::AdamOptions(2e-3));
  const Tensor plans = both_ways().repeat({32, 1});
  const Tensor view = torch::ones({64, 4});
  for (std::uint32_t step = 0; step < kSteps; ++step) {
    optimizer.zero_grad();
    loss(net, view, plans, {3, 0, 0, step, base::Purpose::kTest}).backward();
    optimizer.step();
  }

  const NoiseSchedule schedule = NoiseSchedule::make(settings.noise).value();
  FastDenoiser engine(shape, weights_of(net), Sampler::make(schedule, settings.sampling).value());
  const std::vector<float> condition(4, 1.0f);
  std::vector<base::PhiloxKey> keys;
  for (std::uint32_t i = 0; i < kSamples; ++i) keys.push_back({11, i, 0, 0, base::Purpose::kTest});
  DenoiseRequest request;
  request.conditions = condition;
  request.samples_per_condition = kSamples;
  request.sampling.keys = keys;
  std::vector<float> numbers(static_cast<std::size_t>(kSamples) * 2 * kHorizon);
  engine.sample(request, numbers);

  const float far = kWaypointSpacing * kHorizon * std::sqrt(0.5f);  // how far to the side both ways end
  int left = 0, right = 0, between = 0;
  for (std::size_t i = 0; i < kSamples; ++i) {
    std::vector<base::Vec2> points(kHorizon);
    plan_to_points({numbers.data() + i * 2 * kHorizon, 2 * kHorizon}, 2, points);
    const float side = points.back().x / far;
    (std::abs(side) < 0.5f ? between : side < 0.0f ? left : right) += 1;
  }
  std::printf("fork, sampler %d: left %.3f, right %.3f, between %.3f\n", static_cast<int>(GetParam()),
              left / static_cast<double>(kSamples), right / static_cast<double>(kSamples),
              between / static_cast<double>(kSamples));
  // Both ways are equally frequent in the data. A network trained for seconds has a bias of its own beside
  // the sampling error of 2.5 %.
  EXPECT_GT(left, kSamples * 3 / 10);
  EXPECT_GT(right, kSamples * 3 / 10);
  EXPECT_LE(between, kSamples / 50);
}

INSTANTIATE_TEST_SUITE_P(Samplers, Fork,
                         ::testing::Values(SamplerKind::kDdim, SamplerKind::kDdpm, SamplerKind::kFlowEuler));

}  // namespace
}  // namespace inknav::learn
