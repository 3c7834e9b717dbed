// SPDX-License-Identifier: MIT
#pragma once
// ExpertPlans: the expert's ways ahead as the numbers that the denoiser is taught.

#include <span>

#include "learn/settings.h"
#include "task/vector_env.h"

namespace inknav::learn {

/// `expert_path` of all environments -> numbers [N, horizon, point_size].
void write_expert_plans(const task::VectorEnv& env, const DiffusionSettings& settings,
                        std::span<float> numbers);

}  // namespace inknav::learn
