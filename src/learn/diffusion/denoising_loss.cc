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

DenoisingDraw DenoisingLoss::draw(std::int64_t count, const base::PhiloxKey& key,
                                  double part_of_batch) const {
  torch::Generator generator = generator_of(key);
  const auto wanted = std::max<std::int64_t>(std::llround(part_of_batch * static_cast<double>(rows_)), 1);
  const std::int64_t rows = std::min(wanted, count);
  DenoisingDraw draw;
  draw.index = torch::randperm(count, generator, torch::kInt64).narrow(0, 0, rows);
  draw.noise = torch::randn({rows, settings_.horizon, settings_.point_size}, generator);
  if (is_flow(settings_)) {
    draw.signal = torch::rand({rows, 1, 1}, generator);
    draw.share = 1.0f - draw.signal;
    draw.time = draw.signal.flatten() * settings_.noise.num_train_timesteps;  // flow_network_time
  } else {
    const Tensor level =
        torch::randint(0, settings_.noise.num_train_timesteps, {rows}, generator, torch::kInt64);
    draw.signal = signal_.index_select(0, level).view({rows, 1, 1});
    draw.share = noise_.index_select(0, level).view({rows, 1, 1});
    draw.time = level.to(torch::kFloat32);
  }
  return draw;
}

Tensor DenoisingLoss::operator()(ConditionalUnet1d& denoiser, const Tensor& condition, const Tensor& plans,
                                 const DenoisingDraw& draw) const {
  const Tensor clean = plans.index_select(0, draw.index).view(draw.noise.sizes());
  const Tensor noised = draw.signal * clean + draw.share * draw.noise;
  Tensor target;
  if (is_flow(settings_)) {
    target = clean - draw.noise;
  } else if (settings_.noise.prediction_type == PredictionType::kEpsilon) {
    target = draw.noise;
  } else if (settings_.noise.prediction_type == PredictionType::kSample) {
    target = clean;
  } else {
    target = draw.signal * draw.noise - draw.share * clean;  // kV
  }
  const Tensor output = denoiser->forward(noised, draw.time, condition.index_select(0, draw.index));
  return coef_ * (output.to(torch::kFloat32) - target).square().mean();
}

Tensor DenoisingLoss::operator()(ConditionalUnet1d& denoiser, const Tensor& condition, const Tensor& plans,
                                 const base::PhiloxKey& key) const {
  DenoisingDraw drawn = draw(plans.size(0), key);
  for (Tensor* part : {&drawn.index, &drawn.noise, &drawn.signal, &drawn.share, &drawn.time}) {
    *part = part->to(plans.device());
  }
  return (*this)(denoiser, condition, plans, drawn);
}

}  // namespace inknav::learn
