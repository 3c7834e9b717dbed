// SPDX-License-Identifier: MIT
#include "learn/diffusion/denoiser_benchmark.h"

#include <fmt/format.h>

#include <memory>

#include "base/thread_pool.h"
#include "learn/diffusion/denoiser_weights.h"
#include "learn/diffusion/torch_denoiser.h"
#include "learn/networks/encoders.h"
#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

constexpr int kWarmUp = 3;  // a GPU's work is recorded at the second call

struct Inputs {
  std::vector<float> conditions, plans;
  std::vector<base::PhiloxKey> keys;
};

Inputs make_inputs(const Unet1dSettings& shape, int batch) {
  Inputs inputs;
  for (std::uint32_t b = 0; b < static_cast<std::uint32_t>(batch); ++b) {
    inputs.keys.push_back({1, b, 0, 0, base::Purpose::kBenchmark});
    base::PhiloxStream stream(inputs.keys.back());
    for (int i = 0; i < shape.cond_dim; ++i) inputs.conditions.push_back(stream.normal());
  }
  inputs.plans.resize(static_cast<std::size_t>(batch * shape.horizon * shape.action_dim));
  return inputs;
}

base::BenchmarkResult as_latency(const base::BenchmarkResult& rate, int batch) {
  const auto ms = [&](double value) { return 1e3 * batch / value; };
  return {rate.name + "/ms", ms(rate.median), ms(rate.max), ms(rate.min), "ms", {}, 0.0};
}

/// The same loop with the torch module as the model.
void run_eager(ConditionalUnet1d& net, const Sampler& sampler, Inputs& inputs, SamplerWorkspace& workspace) {
  torch::NoGradGuard no_grad;
  const Unet1dSettings& s = net->settings();
  const std::int64_t batch = std::ssize(inputs.keys);
  const torch::Tensor cond = torch::from_blob(inputs.conditions.data(), {batch, s.cond_dim});
  sampler.sample(
      {inputs.keys, {}}, inputs.plans, workspace,
      [&](std::span<const float>, int evaluation, std::span<float> output) {
        const torch::Tensor x = torch::from_blob(inputs.plans.data(), {batch, s.horizon, s.action_dim});
        const double time = sampler.times()[static_cast<std::size_t>(evaluation)];
        torch::from_blob(output.data(), x.sizes())
            .copy_(net(x, torch::full({batch}, time, torch::kFloat32), cond));
      });
}

}  // namespace

base::Result<std::vector<base::BenchmarkResult>> run_denoiser_benchmark(
    const DenoiserBenchmarkSettings& settings) {
  const auto refuse = [](const char* what, int value) {
    return base::Error{base::ErrorCode::kUsage,
                       fmt::format("bench infer: {} = {} is not at least 1", what, value)};
  };
  if (settings.threads < 1) return refuse("threads", settings.threads);
  if (settings.repetitions < 1) return refuse("repetitions", settings.repetitions);
  setup_torch();
  NoiseScheduleSettings levels;
  levels.num_train_timesteps = 100;
  levels.beta_schedule = BetaSchedule::kSquaredCosine;
  INKNAV_ASSIGN_OR_RETURN(const NoiseSchedule schedule, NoiseSchedule::make(levels));
  INKNAV_ASSIGN_OR_RETURN(const Sampler sampler,
                          Sampler::make(schedule, {SamplerKind::kDdim, settings.steps}));
  base::ThreadPool pool(settings.threads);
  const Placement placement = placement_of({.gpu = settings.gpu, .graphs = true});
  std::vector<base::BenchmarkResult> results;
  for (const int width : settings.widths) {
    Unet1dSettings shape;
    shape.down_dims = {width, 2 * width, 4 * width};
    INKNAV_RETURN_IF_ERROR(shape.validate());
    ConditionalUnet1d net(shape);
    initialize(*net, 1);
    FastDenoiser engine(shape, weights_of(net), sampler);
    std::unique_ptr<TorchDenoiser> gpu_engine;
    if (settings.gpu >= 0) {
      ConditionalUnet1d on_gpu(shape);
      initialize(*on_gpu, 1);
      on_gpu->to(placement.device());
      gpu_engine = std::make_unique<TorchDenoiser>(on_gpu, sampler, placement);
    }
    for (const int batch : settings.batches) {
      if (batch < 1) return refuse("batch", batch);
      Inputs inputs = make_inputs(shape, batch);
      SamplerWorkspace workspace;
      const std::string name =
          fmt::format("infer/denoiser/{}/batch{}", fmt::join(shape.down_dims, "-"), batch);
      const auto decide = [&] {
        if (settings.gpu < 0) {
          engine.sample({inputs.conditions, 1, {inputs.keys, {}}}, inputs.plans, &pool);
          return;
        }
        const torch::Tensor conditions = torch::from_blob(inputs.conditions.data(), {batch, shape.cond_dim});
        gpu_engine->sample(placement.up(conditions), 1, {inputs.keys, {}}, inputs.plans);
      };
      for (int i = 0; i < kWarmUp; ++i) decide();
      base::BenchmarkResult fast = base::measure(name, "decisions/s", batch, settings.repetitions, decide);
      const base::BenchmarkResult eager =
          base::measure(name + "/eager_torch", "decisions/s", batch, settings.repetitions,
                        [&] { run_eager(net, sampler, inputs, workspace); });
      base::compare(fast, eager);
      results.insert(results.end(), {fast, as_latency(fast, batch), eager, as_latency(eager, batch)});
    }
  }
  return results;
}

}  // namespace inknav::learn
