// SPDX-License-Identifier: MIT
#pragma once
// Returns and advantages of a rollout.
//
// The value after step t is V(t + 1) where the episode goes on, the bootstrap (value of the final
// observation) where it ended by time-out, and 0 where it ended by itself. Law: with tau = 1, GAE returns
// equal the discounted returns (test).

#include <cstdint>
#include <span>

namespace inknav::learn {

struct ReturnSettings {
  float gamma = 0.99f;
  float tau = 0.95f;
  bool use_gae = true;
};

/// All arrays row-major [num_steps, num_envs], values [num_steps + 1, num_envs].
struct ReturnArrays {
  std::int64_t num_steps = 0;
  std::int64_t num_envs = 0;
  const float* rewards = nullptr;
  const float* values = nullptr;
  const float* done = nullptr;
  const float* bootstrap = nullptr;
  float* returns = nullptr;
  float* advantages = nullptr;
};

void compute_returns(const ReturnSettings& settings, const ReturnArrays& arrays);

}  // namespace inknav::learn
