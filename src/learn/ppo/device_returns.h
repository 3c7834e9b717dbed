// SPDX-License-Identifier: MIT
#pragma once
// Returns and advantages of a rollout by operators on its device. Law: the same bits as compute_returns of
// ppo/returns.h on the CPU, as the operations and their order are the same (test).

#include "learn/ppo/returns.h"
#include "learn/ppo/rollout.h"

namespace inknav::learn {

/// Fills rollout.returns and rollout.advantages; the records must have gone up. A few small operators a step.
void compute_device_returns(const ReturnSettings& settings, Rollout& rollout);

}  // namespace inknav::learn
