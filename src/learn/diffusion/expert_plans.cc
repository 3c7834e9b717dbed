// SPDX-License-Identifier: MIT
#include "learn/diffusion/expert_plans.h"

#include "base/check.h"
#include "learn/diffusion/plan.h"

namespace inknav::learn {

void write_expert_plans(const task::VectorEnv& env, const DiffusionSettings& settings,
                        std::span<float> numbers) {
  const auto horizon = static_cast<std::size_t>(settings.horizon);
  const std::size_t size = horizon * static_cast<std::size_t>(settings.point_size);
  const auto count = static_cast<std::size_t>(env.spec().num_envs);
  INKNAV_CHECK(numbers.size() == count * size, numbers.size(), count, size);
  const auto* path = reinterpret_cast<const base::Vec2*>(env.observation("expert_path").as<float>());
  for (std::size_t n = 0; n < count; ++n)
    plan_to_numbers({path + n * horizon, horizon}, settings.point_size, numbers.subspan(n * size, size));
}

}  // namespace inknav::learn
