// SPDX-License-Identifier: MIT
#include "learn/diffusion/denoising_loss.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

namespace inknav::learn {
namespace {

using torch::Tensor;

bool is_flow(const DiffusionSettings& settings) {
  return settings.sampling.kind == SamplerKind::kFlowEuler ||
         settings.sampling.kind == SamplerKind::kFlowHeun;
}

torch::Generator generator_of(const base::PhiloxKey& key) {
  base::PhiloxStream stream(key);
  const std::uint64_t high = stream.next_u32();
  return at::detail::createCPUGenerator((high << 32) | stream.next_u32());
}

}  // namespace

base::Result<DenoisingLoss> DenoisingLoss::make(const DiffusionSettings& settings, std::int64_t rows,
                                                float coef) {
  INKNAV_ASSIGN_OR_RETURN(const NoiseSchedule schedule, NoiseSchedule::make(settings.noise));
  return DenoisingLoss(settings, rows, coef, schedule);
}

DenoisingLoss::DenoisingLoss(const DiffusionSettings& settings, std::int64_t rows, float coef,
                             const NoiseSchedule& schedule)
    : settings_(settings), rows_(rows), coef_(coef) {
  std::vector<float> signal, noise;
  for (const double a : schedule.alpha_cumprod()) {
    signal.push_back(static_cast<float>(std::sqrt(a)));
    noise.push_back(static_cast<float>(std::sqrt(1.0 - a)));
  }
  signal_ = torch::tensor(signal);
  noise_ = torch::tensor(noise);
}

Tensor DenoisingLoss::operator()(ConditionalUnet1d& denoiser, const Tensor& condition, const Tensor& plans,
                                 const base::PhiloxKey& key, double part_of_batch) const {
  torch::Generator generator = generator_of(key);
  const auto wanted = std::max<std::int64_t>(std::llround(part_of_batch * static_cast<double>(rows_)), 1);
  const std::int64_t rows = std::min(wanted, plans.size(0));
  const Tensor index = torch::randperm(plans.size(0), generator, torch::kInt64).narrow(0, 0, rows);
  const Tensor clean = plans.index_select(0, index).view({rows, settings_.horizon, settings_.point_size});
  const Tensor noise = torch::randn(clean.sizes(), generator);
  Tensor noised, target, time;
  if (is_flow(settings_)) {
    const Tensor t = torch::rand({rows, 1, 1}, generator);
    noised = (1.0f - t) * noise + t * clean;
    target = clean - noise;
    time = t.flatten() * settings_.noise.num_train_timesteps;  // flow_network_time
  } else {
    const Tensor level =
        torch::randint(0, settings_.noise.num_train_timesteps, {rows}, generator, torch::kInt64);
    const Tensor signal = signal_.index_select(0, level).view({rows, 1, 1});
    const Tensor share = noise_.index_select(0, level).view({rows, 1, 1});
    noised = signal * clean + share * noise;
    switch (settings_.noise.prediction_type) {
      case PredictionType::kEpsilon:
        target = noise;
        break;
      case PredictionType::kSample:
        target = clean;
        break;
      case PredictionType::kV:
        target = signal * noise - share * clean;
        break;
    }
    time = level.to(torch::kFloat32);
  }
  const Tensor output = denoiser->forward(noised, time, condition.index_select(0, index));
  return coef_ * (output - target).square().mean();
}

}  // namespace inknav::learn
