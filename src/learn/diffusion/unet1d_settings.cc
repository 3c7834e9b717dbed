// SPDX-License-Identifier: MIT
#include "learn/diffusion/unet1d_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace inknav::learn {

base::Status Unet1dSettings::validate() const {
  const auto refuse = [](const std::string& text) {
    return base::Error{base::ErrorCode::kUsage, "RL.DIFFUSION." + text};
  };
  const auto within = [](int value, int low, int high) { return value >= low && value <= high; };
  if (!within(num_levels(), 1, 6)) {
    return refuse(fmt::format("down_dims has {} levels, 1 to 6 are possible; 3 are usual", num_levels()));
  }
  for (const int width : down_dims) {
    if (!within(width, kNumGroups, 4096) || width % kNumGroups != 0) {
      return refuse(fmt::format("down_dims holds {}, which is not a multiple of {} from {} to 4096; use {}",
                                width, kNumGroups, kNumGroups,
                                std::clamp((width + kNumGroups - 1) / kNumGroups * kNumGroups, 8, 4096)));
    }
  }
  const int step = 1 << (num_levels() - 1);
  if (!within(horizon, 1, 1024) || horizon % step != 0) {
    return refuse(
        fmt::format("horizon = {} is not a multiple of {} from {} to 1024, as the {} halvings of {} levels "
                    "need; use {}",
                    horizon, step, step, num_levels() - 1, num_levels(),
                    std::clamp((horizon + step - 1) / step * step, step, 1024)));
  }
  if (!within(kernel_size, 1, 15) || kernel_size % 2 == 0) {
    return refuse(fmt::format("kernel_size = {} is not odd and from 1 to 15; 5 is usual", kernel_size));
  }
  if (!within(time_dim, 4, 4096) || time_dim % 2 != 0) {
    return refuse(fmt::format("time_dim = {} is not even and from 4 to 4096; 128 is usual", time_dim));
  }
  if (!within(action_dim, 1, 64)) {
    return refuse(fmt::format("action_dim = {} is not within 1 and 64", action_dim));
  }
  if (!within(cond_dim, 1, 16384)) {
    return refuse(fmt::format("obs_dim = {} is not within 1 and 16384", cond_dim));
  }
  return base::ok_status();
}

std::vector<double> time_embedding(double time, int dim) {
  INKNAV_CHECK(dim >= 4 && dim % 2 == 0, dim);
  const int half = dim / 2;
  std::vector<double> result(static_cast<std::size_t>(dim));
  for (int i = 0; i < half; ++i) {
    const double angle = time * std::exp(-i * std::log(10000.0) / (half - 1));
    result[static_cast<std::size_t>(i)] = std::sin(angle);
    result[static_cast<std::size_t>(half + i)] = std::cos(angle);
  }
  return result;
}

}  // namespace inknav::learn
