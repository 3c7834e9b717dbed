// SPDX-License-Identifier: MIT
#include "learn/diffusion/noise_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/check.h"

namespace inknav::learn {
namespace {

constexpr double kSmallestVariance = 1e-20;
constexpr double kLargestCosineBeta = 0.999;

base::Error refuse(const std::string& text) { return {base::ErrorCode::kUsage, "RL.DIFFUSION." + text}; }

std::vector<double> squared_cosine_betas(int size) {
  const auto kept = [](double part) {
    const double c = std::cos((part + 0.008) / 1.008 * std::numbers::pi / 2.0);
    return c * c;
  };
  std::vector<double> betas;
  for (int i = 0; i < size; ++i) {
    const double ratio = kept(static_cast<double>(i + 1) / size) / kept(static_cast<double>(i) / size);
    betas.push_back(std::min(1.0 - ratio, kLargestCosineBeta));
  }
  return betas;
}

std::vector<double> interpolated_betas(const NoiseScheduleSettings& s) {
  // low + (high - low) * i / (T - 1); a single level holds `low`, as a linspace of one point.
  const auto along = [&](double low, double high, int i) {
    return s.num_train_timesteps == 1 ? low : low + (high - low) * i / (s.num_train_timesteps - 1);
  };
  std::vector<double> betas;
  for (int i = 0; i < s.num_train_timesteps; ++i) {
    switch (s.beta_schedule) {
      case BetaSchedule::kScaledLinear: {
        const double root = along(std::sqrt(s.beta_start), std::sqrt(s.beta_end), i);
        betas.push_back(root * root);
        break;
      }
      case BetaSchedule::kSigmoid:
        betas.push_back(s.beta_start + (s.beta_end - s.beta_start) / (1.0 + std::exp(-along(-6.0, 6.0, i))));
        break;
      default:
        betas.push_back(along(s.beta_start, s.beta_end, i));
    }
  }
  return betas;
}

std::vector<double> cumulative_product(const std::vector<double>& betas) {
  std::vector<double> result;
  double product = 1.0;
  for (const double beta : betas) result.push_back(product *= 1.0 - beta);
  return result;
}

/// Shifts and scales sqrt(a) so that its last value is 0 and its first stays.
void rescale_to_zero_snr(std::vector<double>& betas, std::vector<double>& alpha_cumprod) {
  const double first = std::sqrt(alpha_cumprod.front()), last = std::sqrt(alpha_cumprod.back());
  double before = 1.0;
  for (std::size_t i = 0; i < betas.size(); ++i) {
    const double root = (std::sqrt(alpha_cumprod[i]) - last) * first / (first - last);
    alpha_cumprod[i] = root * root;
    betas[i] = 1.0 - alpha_cumprod[i] / before;
    before = alpha_cumprod[i];
  }
}

}  // namespace

base::Status NoiseScheduleSettings::validate() const {
  if (num_train_timesteps < 1 || num_train_timesteps > 100000) {
    return refuse(fmt::format("num_train_timesteps = {} is not within 1 and 100000; 100 is usual",
                              num_train_timesteps));
  }
  if (beta_schedule != BetaSchedule::kSquaredCosine) {
    if (!(beta_start > 0.0 && beta_start < 1.0)) {
      return refuse(
          fmt::format("beta_start = {} is not above 0 and below 1: a level without noise cannot be "
                      "undone; the usual value is 1e-4",
                      beta_start));
    }
    if (!(beta_end > beta_start && beta_end < 1.0)) {
      return refuse(
          fmt::format("beta_end = {} is not above beta_start = {} and below 1; the usual pair is "
                      "1e-4 and 0.02",
                      beta_end, beta_start));
    }
  }
  if (!(clip_sample_range > 0.0) || !std::isfinite(clip_sample_range)) {
    return refuse(fmt::format("clip_sample_range = {} is not a positive number; use 1", clip_sample_range));
  }
  if (!(eta >= 0.0 && eta <= 1.0)) {
    return refuse(fmt::format("eta = {} is not within 0 (DDIM) and 1 (as noisy as DDPM)", eta));
  }
  if (steps_offset < 0 || steps_offset >= num_train_timesteps) {
    return refuse(fmt::format("steps_offset = {} is not within 0 and num_train_timesteps - 1 = {}; use 0",
                              steps_offset, num_train_timesteps - 1));
  }
  if (zero_snr && num_train_timesteps < 2) {
    return refuse("zero_snr needs num_train_timesteps of at least 2, found 1");
  }
  if (zero_snr && prediction_type == PredictionType::kEpsilon) {
    return refuse(
        "zero_snr = True contradicts prediction_type = epsilon: the last level is pure noise, from "
        "which epsilon says nothing of the sample; use v_prediction or sample");
  }
  return base::ok_status();
}

StepResult StepRule::apply(double x, double model_output, double z) const {
  const double x0 = std::clamp(x0_.of_x * x + x0_.of_output * model_output, -clip_, clip_);
  const double eps =
      eps_from_x0_ ? eps_of_x_ * x + eps_of_x0_ * x0 : eps_.of_x * x + eps_.of_output * model_output;
  double next = from_x_ * x + from_x0_ * x0 + from_eps_ * eps;
  if (noise_ > 0.0) next += noise_ * z;
  return {next, x0};
}

base::Result<NoiseSchedule> NoiseSchedule::make(const NoiseScheduleSettings& settings) {
  INKNAV_RETURN_IF_ERROR(settings.validate());
  return NoiseSchedule(settings);
}

NoiseSchedule::NoiseSchedule(const NoiseScheduleSettings& settings) : settings_(settings) {
  betas_ = settings.beta_schedule == BetaSchedule::kSquaredCosine
               ? squared_cosine_betas(settings.num_train_timesteps)
               : interpolated_betas(settings);
  alpha_cumprod_ = cumulative_product(betas_);
  if (settings.zero_snr) rescale_to_zero_snr(betas_, alpha_cumprod_);
}

base::Result<std::vector<int>> NoiseSchedule::timesteps(int n) const {
  const int size = this->size();
  if (n < 1 || n > size) {
    return refuse(
        fmt::format("num_inference_steps = {} is not within 1 and num_train_timesteps = {}; use at "
                    "most {}",
                    n, size, size));
  }
  if (n == 1 && size > 1 && settings_.spacing != TimestepSpacing::kTrailing) {
    return refuse(
        fmt::format("num_inference_steps = 1 with timestep_spacing = {} visits only the cleanest "
                    "level and returns the noise; use timestep_spacing = trailing or at least 2 steps",
                    settings_.spacing == TimestepSpacing::kLeading ? "leading" : "linspace"));
  }
  std::vector<int> result;
  for (int i = 0; i < n; ++i) {
    switch (settings_.spacing) {
      case TimestepSpacing::kLeading:
        result.push_back((n - 1 - i) * (size / n) + settings_.steps_offset);
        break;
      case TimestepSpacing::kTrailing:  // nearbyint rounds half to even
        result.push_back(static_cast<int>(std::nearbyint(size - i * (static_cast<double>(size) / n))) - 1);
        break;
      case TimestepSpacing::kLinspace:
        result.push_back(static_cast<int>(
            std::nearbyint(n == 1 ? 0.0 : (n - 1 - i) * (static_cast<double>(size - 1) / (n - 1)))));
        break;
    }
  }
  if (result.front() >= size) {
    return refuse(
        fmt::format("steps_offset = {} puts the first of {} levels at {}, beyond num_train_timesteps - "
                    "1 = {}; use at most {}",
                    settings_.steps_offset, n, result.front(), size - 1,
                    settings_.steps_offset - (result.front() - size + 1)));
  }
  return result;
}

double NoiseSchedule::alpha(int t) const {
  INKNAV_CHECK(t >= 0 && t < size(), t, size());
  return alpha_cumprod_[static_cast<std::size_t>(t)];
}

double NoiseSchedule::add_noise(double x0, double noise, int t) const {
  const double a = alpha(t);
  return std::sqrt(a) * x0 + std::sqrt(1.0 - a) * noise;
}

double NoiseSchedule::v_target(double x0, double noise, int t) const {
  const double a = alpha(t);
  return std::sqrt(a) * noise - std::sqrt(1.0 - a) * x0;
}

double NoiseSchedule::target(double x0, double noise, int t) const {
  switch (settings_.prediction_type) {
    case PredictionType::kEpsilon:
      return noise;
    case PredictionType::kSample:
      return x0;
    case PredictionType::kV:
      return v_target(x0, noise, t);
  }
  return noise;
}

double NoiseSchedule::x0_from_output(double x, double model_output, int t) const {
  const StepRule rule = prediction_rule(t);
  return rule.x0_.of_x * x + rule.x0_.of_output * model_output;
}

StepRule NoiseSchedule::prediction_rule(int t) const {
  const double a = alpha(t), signal = std::sqrt(a), noise = std::sqrt(1.0 - a);
  StepRule rule;
  switch (settings_.prediction_type) {
    case PredictionType::kEpsilon:
      rule.x0_ = {1.0 / signal, -noise / signal};
      rule.eps_ = {0.0, 1.0};
      break;
    case PredictionType::kSample:
      rule.x0_ = {0.0, 1.0};
      rule.eps_ = {1.0 / noise, -signal / noise};
      break;
    case PredictionType::kV:
      rule.x0_ = {signal, -noise};
      rule.eps_ = {noise, signal};
      break;
  }
  rule.clip_ = settings_.clip_sample ? settings_.clip_sample_range : std::numeric_limits<double>::infinity();
  return rule;
}

StepRule NoiseSchedule::ddim_rule(int t, int n) const {
  INKNAV_CHECK(n >= 1 && n <= size(), n, size());
  const int previous = t - size() / n;
  const double a = alpha(t);
  const double end = settings_.set_alpha_to_one ? 1.0 : alpha_cumprod_.front();
  const double a_previous = previous >= 0 ? alpha(previous) : end;
  const double variance = (1.0 - a_previous) / (1.0 - a) * (1.0 - a / a_previous);
  StepRule rule = prediction_rule(t);
  rule.eps_from_x0_ = settings_.use_clipped_model_output;
  rule.eps_of_x_ = 1.0 / std::sqrt(1.0 - a);
  rule.eps_of_x0_ = -std::sqrt(a) / std::sqrt(1.0 - a);
  rule.noise_ = settings_.eta * std::sqrt(std::max(variance, 0.0));
  rule.from_x0_ = std::sqrt(a_previous);
  rule.from_eps_ = std::sqrt(std::max(1.0 - a_previous - rule.noise_ * rule.noise_, 0.0));
  return rule;
}

double NoiseSchedule::ddpm_variance(int t, int n) const {
  INKNAV_CHECK(n >= 1 && n <= size(), n, size());
  const int previous = t - size() / n;
  const double a = alpha(t), a_previous = previous >= 0 ? alpha(previous) : 1.0;
  return std::max((1.0 - a_previous) / (1.0 - a) * (1.0 - a / a_previous), kSmallestVariance);
}

StepRule NoiseSchedule::ddpm_rule(int t, int n) const {
  const double variance = ddpm_variance(t, n);
  const int previous = t - size() / n;
  const double a = alpha(t), a_previous = previous >= 0 ? alpha(previous) : 1.0;
  const double now = a / a_previous;
  StepRule rule = prediction_rule(t);
  rule.from_x0_ = std::sqrt(a_previous) * (1.0 - now) / (1.0 - a);
  rule.from_x_ = std::sqrt(now) * (1.0 - a_previous) / (1.0 - a);
  if (t > 0) {
    rule.noise_ = settings_.variance == DdpmVariance::kFixedSmall ? std::sqrt(variance)
                                                                  : std::exp(0.5 * std::log(variance));
  }
  return rule;
}

StepResult NoiseSchedule::ddim_step(double x, double model_output, int t, int n, double z) const {
  return ddim_rule(t, n).apply(x, model_output, z);
}

StepResult NoiseSchedule::ddpm_step(double x, double model_output, int t, int n, double z) const {
  return ddpm_rule(t, n).apply(x, model_output, z);
}

}  // namespace inknav::learn
