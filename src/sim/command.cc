// SPDX-License-Identifier: MIT
#include "sim/command.h"

#include <algorithm>
#include <cmath>

namespace inknav::sim {

namespace {
float spread(float value, float low, float high) {
  const double part = (double{std::clamp(value, -1.0f, 1.0f)} + 1.0) / 2.0;
  return static_cast<float>(double{low} + part * (double{high} - double{low}));
}
}  // namespace

Velocity velocity_of(const VelocitySettings& settings, float linear, float angular) {
  return {spread(linear, settings.min_linear, settings.max_linear),
          spread(angular, settings.min_angular_deg, settings.max_angular_deg)};
}

bool is_velocity_stop(const VelocitySettings& settings, const Velocity& velocity) {
  if (!std::isfinite(velocity.linear) || !std::isfinite(velocity.angular_deg)) return true;
  return std::abs(velocity.linear) < settings.stop_linear &&
         std::abs(velocity.angular_deg) < settings.stop_angular_deg;
}

}  // namespace inknav::sim
