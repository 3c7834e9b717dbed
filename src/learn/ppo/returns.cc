// SPDX-License-Identifier: MIT
#include "learn/ppo/returns.h"

namespace inknav::learn {

void compute_returns(const ReturnSettings& settings, const ReturnArrays& arrays) {
  const std::int64_t n = arrays.num_envs;
  for (std::int64_t env = 0; env < n; ++env) {
    const std::int64_t last = arrays.num_steps * n + env;
    float advantage = 0.0f;
    float future = arrays.values[last];
    for (std::int64_t t = arrays.num_steps - 1; t >= 0; --t) {
      const std::int64_t i = t * n + env;
      const bool done = arrays.done[i] > 0.5f;
      const float next_value = done ? arrays.bootstrap[i] : arrays.values[i + n];
      if (settings.use_gae) {
        const float delta = arrays.rewards[i] + settings.gamma * next_value - arrays.values[i];
        advantage = delta + (done ? 0.0f : settings.gamma * settings.tau * advantage);
        arrays.advantages[i] = advantage;
        arrays.returns[i] = advantage + arrays.values[i];
      } else {
        future = arrays.rewards[i] + settings.gamma * (done ? arrays.bootstrap[i] : future);
        arrays.returns[i] = future;
        arrays.advantages[i] = future - arrays.values[i];
      }
    }
  }
}

}  // namespace inknav::learn
