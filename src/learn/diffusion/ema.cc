// SPDX-License-Identifier: MIT
#include "learn/diffusion/ema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace inknav::learn {

base::Status EmaSettings::validate() const {
  const auto refuse = [](const std::string& text) {
    return base::Error{base::ErrorCode::kUsage, "RL.DIFFUSION.EMA." + text};
  };
  if (!(power > 0.0 && power <= 1.0)) {
    return refuse(fmt::format("power = {} is not above 0 and at most 1; 0.75 is usual", power));
  }
  if (!(inv_gamma > 0.0)) return refuse(fmt::format("inv_gamma = {} is not positive; use 1", inv_gamma));
  if (!(min_value >= 0.0 && min_value <= max_value && max_value < 1.0)) {
    return refuse(
        fmt::format("min_value = {} and max_value = {} are not in 0 <= min_value <= max_value < 1; use "
                    "0 and 0.9999",
                    min_value, max_value));
  }
  if (update_after < 0) return refuse(fmt::format("update_after = {} is negative; use 0", update_after));
  return base::ok_status();
}

double ema_decay(const EmaSettings& settings, std::int64_t call) {
  const std::int64_t step = std::max<std::int64_t>(0, call - settings.update_after - 1);
  if (step == 0) return 0.0;
  const double value = 1.0 - std::pow(1.0 + static_cast<double>(step) / settings.inv_gamma, -settings.power);
  return std::clamp(value, settings.min_value, settings.max_value);
}

Ema::Ema(const torch::Tensor& values, const EmaSettings& settings)
    : settings_(settings), values_(values.detach().clone()) {}

void Ema::update(const torch::Tensor& values, const torch::Tensor& skipped) {
  torch::NoGradGuard no_grad;
  const double decay = ema_decay(settings_, calls_);
  if (decay == 0.0) {
    values_.copy_(values);  // a skipped step has left them as they were
  } else if (skipped.defined()) {
    values_.lerp_(values, (1.0f - skipped) * (1.0 - decay));
  } else {
    values_.lerp_(values, 1.0 - decay);
  }
  ++calls_;
}

void Ema::restore(const torch::Tensor& values, std::int64_t calls) {
  torch::NoGradGuard no_grad;
  INKNAV_CHECK(values.sizes() == values_.sizes() && calls >= 0, values.numel(), values_.numel(), calls);
  values_.copy_(values);
  calls_ = calls;
}

}  // namespace inknav::learn
