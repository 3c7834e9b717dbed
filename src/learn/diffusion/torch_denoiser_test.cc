// SPDX-License-Identifier: MIT
// The sampling loop for GPUs, on the CPU, against the CPU's own engine.
#include "learn/diffusion/torch_denoiser.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "learn/diffusion/denoiser_weights.h"
#include "learn/diffusion/fast_denoiser.h"
#include "learn/diffusion/random_unet.h"
#include "learn/networks/encoders.h"
#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

struct Case {
  SamplerKind kind;
  double eta;
  bool warm;
  bool graphs;
};

class TorchDenoiserCase : public ::testing::TestWithParam<Case> {};

// Tolerance: both round f32 sums of up to 1,280 terms, ten evaluations deep, in another order.
TEST_P(TorchDenoiserCase, EqualsFastDenoiser) {
  setup_torch();
  const Case c = GetParam();
  const Unet1dSettings shape{.down_dims = {32, 64, 128}};
  NoiseScheduleSettings noise;
  noise.num_train_timesteps = 100;
  noise.beta_schedule = BetaSchedule::kSquaredCosine;
  noise.eta = c.eta;
  const Sampler sampler = Sampler::make(NoiseSchedule::make(noise).value(), {c.kind, 10}).value();
  ConditionalUnet1d net = testing::random_unet(shape);
  FastDenoiser fast(shape, weights_of(net), sampler);
  TorchDenoiser slow(net, sampler, Placement(torch::kCPU, true, c.graphs));

  constexpr int kConditions = 2, kEach = 3;
  const auto size = static_cast<std::size_t>(shape.horizon * shape.action_dim);
  for (std::uint32_t call = 0; call < 4; ++call) {  // the third is recorded, the fourth replayed
    const Tensor conditions = torch::randn({kConditions, shape.cond_dim});
    std::vector<base::PhiloxKey> keys;
    std::vector<float> previous;
    for (std::uint32_t b = 0; b < kConditions * kEach; ++b) {
      keys.push_back({5, b, call, 3, base::Purpose::kTest});
      base::PhiloxStream stream({6, b, call, 3, base::Purpose::kTest});
      for (std::size_t i = 0; c.warm && i < size; ++i) previous.push_back(0.3f * stream.normal());
    }
    const SampleRequest request{keys, previous, c.warm ? 0.5 : 1.0};
    std::vector<float> wanted(keys.size() * size), found(keys.size() * size);
    fast.sample(
        {{conditions.data_ptr<float>(), static_cast<std::size_t>(conditions.numel())}, kEach, request},
        wanted);
    slow.sample(conditions, kEach, request, found);
    float largest = 0.0f, error = 0.0f;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      largest = std::max(largest, std::abs(wanted[i]));
      error = std::max(error, std::abs(wanted[i] - found[i]));
    }
    EXPECT_GT(largest, 0.1f);
    EXPECT_LT(error, 1e-3f * largest) << call;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TorchDenoiserCase,
                         ::testing::Values(Case{SamplerKind::kDdim, 0.0, false, false},
                                           Case{SamplerKind::kDdim, 0.5, false, true},
                                           Case{SamplerKind::kDdim, 0.0, true, true},
                                           Case{SamplerKind::kDdpm, 0.0, false, true},
                                           Case{SamplerKind::kFlowEuler, 0.0, true, true},
                                           Case{SamplerKind::kFlowHeun, 0.0, false, true}));

TEST(TorchDenoiser, FollowsTheWeights) {
  setup_torch();
  const Unet1dSettings shape{.cond_dim = 8, .down_dims = {16, 32}};
  NoiseScheduleSettings noise;
  noise.num_train_timesteps = 20;
  const Sampler sampler = Sampler::make(NoiseSchedule::make(noise).value(), {SamplerKind::kDdim, 4}).value();
  ConditionalUnet1d net = testing::random_unet(shape);
  TorchDenoiser slow(net, sampler, Placement(torch::kCPU, true));
  {
    torch::NoGradGuard no_grad;
    for (Tensor& parameter : net->parameters()) parameter.mul_(0.5);
  }
  slow.refresh();
  FastDenoiser fast(shape, weights_of(net), sampler);
  const Tensor condition = torch::randn({1, shape.cond_dim});
  const std::vector<base::PhiloxKey> keys{{5, 0, 0, 3, base::Purpose::kTest}};
  std::vector<float> wanted(static_cast<std::size_t>(shape.horizon * shape.action_dim)), found = wanted;
  fast.sample({{condition.data_ptr<float>(), static_cast<std::size_t>(condition.numel())}, 1, {keys, {}}},
              wanted);
  slow.sample(condition, 1, {keys, {}}, found);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-3f);
}

}  // namespace
}  // namespace inknav::learn
