// SPDX-License-Identifier: MIT
// The inference engine against its slow twin, the torch module; batches and threads bit for bit; no
// allocation.
#include "learn/diffusion/fast_denoiser.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/allocation_count.h"
#include "learn/diffusion/denoiser_weights.h"
#include "learn/diffusion/random_unet.h"
#include "learn/networks/encoders.h"
#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

NoiseSchedule cosine_schedule(double eta = 0.0) {
  NoiseScheduleSettings s;
  s.num_train_timesteps = 100;
  s.beta_schedule = BetaSchedule::kSquaredCosine;
  s.eta = eta;
  return NoiseSchedule::make(s).value();
}

std::span<const float> floats(const Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

TEST(FastDenoiser, EqualsTheTorchModule) {
  setup_torch();
  torch::NoGradGuard no_grad;
  const std::vector<Unet1dSettings> shapes = {
      {.down_dims = {32, 64, 128}},
      {.down_dims = {32, 64, 128}, .film_scale = false},
      {.horizon = 8,
       .action_dim = 3,
       .cond_dim = 10,
       .down_dims = {24, 40},
       .kernel_size = 3,
       .time_dim = 16},
      {.horizon = 12, .action_dim = 4, .cond_dim = 7, .down_dims = {16, 8, 24}, .time_dim = 12},
      {.horizon = 4,
       .action_dim = 9,
       .cond_dim = 3,
       .down_dims = {8, 16, 32},
       .kernel_size = 1,
       .time_dim = 8},
      {.horizon = 5, .action_dim = 2, .cond_dim = 3, .down_dims = {16}, .kernel_size = 7, .time_dim = 8},
      {.horizon = 64, .action_dim = 2, .cond_dim = 33, .down_dims = {16, 16}, .time_dim = 8}};
  const NoiseSchedule schedule = cosine_schedule();
  const Sampler sampler = Sampler::make(schedule, {SamplerKind::kDdim, 10}).value();
  for (std::size_t shape = 0; shape < shapes.size(); ++shape) {
    SCOPED_TRACE(shape);
    const Unet1dSettings& s = shapes[shape];
    ConditionalUnet1d net = testing::random_unet(s);
    FastDenoiser engine(s, weights_of(net), sampler);
    const std::int64_t rows = 11;  // more than one group
    const Tensor x = torch::randn({rows, s.horizon, s.action_dim}), cond = torch::randn({rows, s.cond_dim});
    Tensor found = torch::empty_like(x);
    ConditionalUnet1d precise = testing::random_unet(s);
    precise->to(torch::kFloat64);
    for (const int evaluation : {0, 4, 9}) {
      engine.predict(floats(x), floats(cond), evaluation,
                     {found.data_ptr<float>(), static_cast<std::size_t>(found.numel())});
      const double time = sampler.times()[static_cast<std::size_t>(evaluation)];
      const Tensor wanted =
          precise(x.to(torch::kFloat64), torch::full({rows}, time), cond.to(torch::kFloat64));
      const Tensor single = net(x, torch::full({rows}, time, torch::kFloat32), cond);
      const double size = wanted.abs().max().item<double>();
      const double error = (found - wanted).abs().max().item<double>() / size;
      const double torch_error = (single - wanted).abs().max().item<double>() / size;
      // Both round f32 sums of up to 1,280 terms through about 25 layers; neither may be the worse by much.
      EXPECT_LT(error, 2e-5) << torch_error;
      EXPECT_LT(error, 5 * torch_error + 1e-6);
    }
  }
}

struct Batch {
  std::vector<float> conditions, previous;
  std::vector<base::PhiloxKey> keys;
};

Batch make_batch(const Unet1dSettings& s, std::size_t rows) {
  Batch batch;
  for (std::size_t b = 0; b < rows; ++b) {
    const auto row = static_cast<std::uint32_t>(b);
    base::PhiloxStream stream({1, row, 0, 0, base::Purpose::kTest});
    for (int i = 0; i < s.cond_dim; ++i) batch.conditions.push_back(stream.normal());
    for (int i = 0; i < s.horizon * s.action_dim; ++i) batch.previous.push_back(0.3f * stream.normal());
    batch.keys.push_back({5, row, 2, 3, base::Purpose::kTest});
  }
  return batch;
}

TEST(FastDenoiser, TheLoopEqualsTheSamplerOverTheTorchModule) {
  setup_torch();
  torch::NoGradGuard no_grad;
  const Unet1dSettings s{.cond_dim = 20, .down_dims = {16, 32}, .time_dim = 16};
  ConditionalUnet1d net = testing::random_unet(s);
  const NoiseSchedule schedule = cosine_schedule(0.5);
  const std::size_t rows = 9, size = rows * 32;
  const Batch batch = make_batch(s, rows);
  const Tensor cond = torch::from_blob(const_cast<float*>(batch.conditions.data()), {9, 20});
  for (const SamplerKind kind :
       {SamplerKind::kDdim, SamplerKind::kDdpm, SamplerKind::kFlowEuler, SamplerKind::kFlowHeun}) {
    for (const bool warm : {false, true}) {
      const Sampler sampler = Sampler::make(schedule, {kind, 5}).value();
      FastDenoiser engine(s, weights_of(net), sampler);
      SampleRequest sampling{.keys = batch.keys, .previous = {}, .fraction = 0.4};
      if (warm) sampling.previous = batch.previous;
      std::vector<float> found(size), wanted(size);
      engine.sample({batch.conditions, 1, sampling}, found);
      SamplerWorkspace workspace;
      sampler.sample(sampling, wanted, workspace,
                     [&](std::span<const float> x, int evaluation, std::span<float> output) {
                       const Tensor in = torch::from_blob(const_cast<float*>(x.data()), {9, 16, 2});
                       const double time = sampler.times()[static_cast<std::size_t>(evaluation)];
                       const Tensor out = net(in, torch::full({9}, time, torch::kFloat32), cond).contiguous();
                       std::copy_n(out.data_ptr<float>(), size, output.begin());
                     });
      // A random net magnifies a difference of 1e-6 a step by its own slope; clipping and five steps keep it
      // small.
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_NEAR(found[i], wanted[i], 2e-4 * std::max(1.0f, std::abs(wanted[i])));
      }
    }
  }
}

TEST(FastDenoiser, BitIdenticalForAnyBatchAndThreads) {
  const Unet1dSettings s{.cond_dim = 20, .down_dims = {32, 64, 128}, .time_dim = 16};
  const ConditionalUnet1d net = testing::random_unet(s);
  const Sampler sampler = Sampler::make(cosine_schedule(0.5), {SamplerKind::kDdim, 5}).value();
  FastDenoiser engine(s, weights_of(net), sampler);
  const std::size_t rows = 21, row_size = 32;
  const Batch batch = make_batch(s, rows);
  std::vector<float> all(rows * row_size);
  engine.sample({batch.conditions, 1, {batch.keys, {}}}, all);
  for (const int threads : {1, 2, 3, 5}) {
    base::ThreadPool pool(threads);
    std::vector<float> again(all.size());
    engine.sample({batch.conditions, 1, {batch.keys, {}}}, again, &pool);
    EXPECT_EQ(all, again) << threads;
  }
  for (std::size_t b = 0; b < rows; ++b) {
    std::vector<float> one(row_size);
    const auto conditions = std::span<const float>(batch.conditions).subspan(b * 20, 20);
    engine.sample({conditions, 1, {std::span<const base::PhiloxKey>(batch.keys).subspan(b, 1), {}}}, one);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(b * row_size)));
  }
  // Three samples of one condition are what they are with three copies of it.
  std::vector<float> repeated, shared(rows * row_size), copied(rows * row_size);
  for (std::size_t b = 0; b < rows; ++b) {
    repeated.insert(repeated.end(), batch.conditions.begin() + static_cast<std::ptrdiff_t>(b / 3 * 20),
                    batch.conditions.begin() + static_cast<std::ptrdiff_t>(b / 3 * 20 + 20));
  }
  const auto seven = std::span<const float>(batch.conditions).first(7 * 20);
  engine.sample({seven, 3, {batch.keys, {}}}, shared);
  engine.sample({repeated, 1, {batch.keys, {}}}, copied);
  EXPECT_EQ(shared, copied);
}

TEST(FastDenoiser, ADecisionAllocatesNothing) {
  const Unet1dSettings s{.cond_dim = 20, .down_dims = {16, 32}, .time_dim = 16};
  const ConditionalUnet1d net = testing::random_unet(s);
  base::ThreadPool pool(2);
  for (const SamplerKind kind : {SamplerKind::kDdim, SamplerKind::kFlowHeun}) {
    const Sampler sampler = Sampler::make(cosine_schedule(0.5), {kind, 5}).value();
    FastDenoiser engine(s, weights_of(net), sampler);
    const Batch batch = make_batch(s, 12);
    std::vector<float> plans(12 * 32);
    engine.sample({batch.conditions, 1, {batch.keys, batch.previous, 0.5}}, plans, &pool);
    const std::size_t before = base::testing::num_allocations();
    for (int i = 0; i < 3; ++i) {
      engine.sample({batch.conditions, 1, {batch.keys, batch.previous, 0.5}}, plans, &pool);
      engine.sample({std::span<const float>(batch.conditions).first(20), 12, {batch.keys, {}}}, plans);
    }
    EXPECT_EQ(base::testing::num_allocations(), before);
  }
}

}  // namespace
}  // namespace inknav::learn
