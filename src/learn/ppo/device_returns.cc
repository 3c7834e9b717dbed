// SPDX-License-Identifier: MIT
#include "learn/ppo/device_returns.h"

namespace inknav::learn {

using torch::Tensor;

void compute_device_returns(const ReturnSettings& settings, Rollout& rollout) {
  torch::NoGradGuard no_grad;
  const std::int64_t steps = rollout.num_steps();
  const Tensor &rewards = rollout.records.rewards, &values = rollout.values;
  const Tensor done = rollout.records.done.gt(0.5f);
  const Tensor zero = torch::zeros({}, values.options());
  const float decay = settings.gamma * settings.tau;  // rounded as compute_returns rounds it
  Tensor advantage = torch::zeros_like(values[0]), future = values[steps];
  for (std::int64_t t = steps - 1; t >= 0; --t) {
    Tensor out_returns = rollout.returns[t], out_advantages = rollout.advantages[t];
    if (settings.use_gae) {
      const Tensor next = torch::where(done[t], rollout.bootstrap[t], values[t + 1]);
      const Tensor delta = rewards[t] + next * settings.gamma - values[t];
      advantage = delta + torch::where(done[t], zero, advantage * decay);
      out_advantages.copy_(advantage);
      out_returns.copy_(advantage + values[t]);
    } else {
      future = rewards[t] + torch::where(done[t], rollout.bootstrap[t], future) * settings.gamma;
      out_returns.copy_(future);
      out_advantages.copy_(future - values[t]);
    }
  }
}

}  // namespace inknav::learn
