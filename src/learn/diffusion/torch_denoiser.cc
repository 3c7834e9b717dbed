// SPDX-License-Identifier: MIT
#include "learn/diffusion/torch_denoiser.h"

#include <algorithm>

#include "base/check.h"

namespace inknav::learn {

using torch::Tensor;

TorchDenoiser::TorchDenoiser(const ConditionalUnet1d& network, const Sampler& sampler,
                             const Placement& placement)
    : network_(network), sampler_(sampler), placement_(placement), replay_(placement, "sampling of plans") {
  const bool flow = sampler.kind() == SamplerKind::kFlowEuler || sampler.kind() == SamplerKind::kFlowHeun;
  for (int i = 0; !flow && i < sampler.num_evaluations(); ++i) {
    noisy_ = noisy_ || sampler.rule(i).noise() > 0.0;
  }
  refresh();
}

void TorchDenoiser::refresh() {
  torch::NoGradGuard no_grad;
  const std::vector<float> times(sampler_.times().begin(), sampler_.times().end());
  const std::vector<Tensor> films = network_->films_of_times(placement_.up(torch::tensor(times)));
  if (time_films_.empty()) time_films_ = films;
  for (std::size_t i = 0; i < films.size(); ++i) time_films_[i].copy_(films[i]);
}

void TorchDenoiser::start(const SampleRequest& request, int first) {
  const Unet1dSettings& shape = network_->settings();
  const std::size_t rows = request.keys.size();
  const auto size = static_cast<std::size_t>(shape.horizon) * static_cast<std::size_t>(shape.action_dim);
  const auto evaluations = static_cast<std::size_t>(sampler_.num_evaluations());
  host_x_.resize(rows * size);
  host_noise_.assign(noisy_ ? evaluations * rows * size : 0, 0.0f);
  for (std::size_t b = 0; b < rows; ++b) {
    SampleRow row{std::span(host_x_).subspan(b * size, size), {}, base::PhiloxStream({})};
    if (request.previous.empty()) {
      sampler_.begin(request.keys[b], row);
    } else {
      sampler_.begin_from(request.keys[b], request.previous.subspan(b * size, size), first, row);
    }
    for (std::size_t e = static_cast<std::size_t>(first); noisy_ && e < evaluations; ++e) {
      if (sampler_.rule(static_cast<int>(e)).noise() <= 0.0) continue;
      for (std::size_t i = 0; i < size; ++i) host_noise_[(e * rows + b) * size + i] = row.noise.normal();
    }
  }
  const std::vector<std::int64_t> sizes{static_cast<std::int64_t>(rows), shape.horizon, shape.action_dim};
  x_.copy_(placement_.up(torch::from_blob(host_x_.data(), sizes)));
  if (noisy_) noise_.copy_(placement_.up(torch::from_blob(host_noise_.data(), noise_.sizes())));
}

Tensor TorchDenoiser::advanced(int evaluation, const Tensor& x, const Tensor& output) {
  const Tensor from = x.to(torch::kFloat64), out = output.to(torch::kFloat64);
  const double step = sampler_.flow_step();
  if (sampler_.kind() == SamplerKind::kFlowEuler) return (from + out * step).to(torch::kFloat32);
  if (sampler_.kind() == SamplerKind::kFlowHeun) {
    if (evaluation % 2 == 0) {
      heun_start_ = from;
      heun_velocity_ = out;
      return (from + out * step).to(torch::kFloat32);
    }
    return (heun_start_ + (heun_velocity_ + out) * (0.5 * step)).to(torch::kFloat32);
  }
  const StepRule& rule = sampler_.rule(evaluation);
  const StepRule::Numbers n = rule.numbers();
  const Tensor x0 = (from * n.x0_of_x + out * n.x0_of_output).clamp(-n.clip, n.clip);
  const Tensor eps = from * n.eps_of_x + (n.eps_from_x0 ? x0 : out) * n.eps_of_other;
  Tensor next = from * n.keep + x0 * n.from_x0 + eps * n.from_eps;
  if (rule.noise() > 0.0) next = next + noise_[evaluation].to(torch::kFloat64) * rule.noise();
  return next.to(torch::kFloat32);
}

void TorchDenoiser::loop(int first) {
  const std::vector<Tensor> of_conditions = network_->films_of_conditions(conditions_);
  Tensor x = x_;
  std::vector<Tensor> films(of_conditions.size());
  for (int evaluation = first; evaluation < sampler_.num_evaluations(); ++evaluation) {
    for (std::size_t i = 0; i < films.size(); ++i) films[i] = of_conditions[i] + time_films_[i][evaluation];
    x = advanced(evaluation, x, network_->forward_films(x, films));
  }
  result_.copy_(x);
}

void TorchDenoiser::sample(const Tensor& conditions, int samples_per_condition, const SampleRequest& request,
                           std::span<float> plans) {
  torch::NoGradGuard no_grad;
  const Unet1dSettings& shape = network_->settings();
  const auto rows = static_cast<std::int64_t>(request.keys.size());
  INKNAV_CHECK(rows == conditions.size(0) * samples_per_condition, rows, conditions.size(0));
  const int first = request.previous.empty() ? 0 : sampler_.first_evaluation(request.fraction);
  const bool same = x_.defined() && x_.size(0) == rows && recorded_first_ == first;
  if (!same) {
    const torch::TensorOptions where = placement_.on_device();
    conditions_ = torch::zeros({rows, shape.cond_dim}, where);
    x_ = torch::zeros({rows, shape.horizon, shape.action_dim}, where);
    result_ = torch::zeros_like(x_);
    if (noisy_) {
      noise_ = torch::zeros({sampler_.num_evaluations(), rows, shape.horizon, shape.action_dim}, where);
    }
    recorded_first_ = first;
    replay_.forget();
  }
  conditions_.copy_(conditions.repeat_interleave(samples_per_condition, 0));
  start(request, first);
  // Recording costs several runs: only a number of rows that comes again is worth it.
  if (same) {
    replay_.run([this, first] { loop(first); }, 1);
  } else {
    loop(first);
  }
  const Tensor host = result_.to(torch::kCPU).contiguous();
  INKNAV_CHECK(static_cast<std::int64_t>(plans.size()) == host.numel(), plans.size(), host.numel());
  std::copy_n(host.data_ptr<float>(), plans.size(), plans.begin());
}

}  // namespace inknav::learn
