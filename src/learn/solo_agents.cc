// SPDX-License-Identifier: MIT
#include "learn/solo_agents.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "learn/env_rows.h"
#include "learn/networks/policy_network.h"
#include "learn/torch_setup.h"

namespace inknav::learn {

SoloAgents::SoloAgents(LoadedPolicy policy, std::uint64_t seed, int num_threads)
    : policy_(std::move(policy)), seed_(seed), threads_(num_threads) {
  setup_torch();
}

SoloAgents::~SoloAgents() = default;

const PolicySettings& SoloAgents::settings() const { return policy_.network->settings(); }

template <typename Body>
void SoloAgents::for_each_active(Body&& body) {
  threads_.parallel_for(
      static_cast<std::int64_t>(solos_.size()), 1, [&](std::int64_t begin, std::int64_t end, int) {
        setup_torch_thread();
        for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) {
          if (active_[k] != 0) body(k);
        }
      });
}

void SoloAgents::attach(const task::VectorEnv& env) {
  const auto count = static_cast<std::size_t>(env.spec().num_envs);
  AgentOptions options;
  options.seed = seed_;
  while (solos_.size() < count) {
    Solo solo;
    solo.pool = std::make_unique<base::ThreadPool>(1);
    solo.agent = Agent::create(policy_.network, policy_.prior_log_scale, options, *solo.pool);
    solos_.push_back(std::move(solo));
  }
  solos_.resize(count);
  active_.assign(count, 1);
  choices_.assign(count, {});
  for_each_active([&](std::size_t k) {
    solos_[k].row = std::make_unique<EnvRows>(env, static_cast<int>(k), 1);
    solos_[k].agent->attach(*solos_[k].row);
  });
}

std::span<const task::StudentChoice> SoloAgents::act(const task::VectorEnv&,
                                                     std::span<const std::uint8_t> active) {
  INKNAV_CHECK(active.size() == solos_.size(), active.size(), solos_.size());
  std::copy(active.begin(), active.end(), active_.begin());
  for_each_active([&](std::size_t k) {
    Agent& agent = *solos_[k].agent;
    choices_[k].action = agent.act(*solos_[k].row)[0];
    choices_[k].motion = agent.best_motion(0);
  });
  return choices_;
}

void SoloAgents::observe_step(const task::VectorEnv&, std::span<const std::int32_t> actions,
                              const task::StepResult& result) {
  for_each_active([&](std::size_t k) {
    solos_[k].agent->carried_out(actions.subspan(k, 1));
    solos_[k].agent->observe_step(
        *solos_[k].row,
        {result.reward.subspan(k, 1), result.terminated.subspan(k, 1), result.truncated.subspan(k, 1)});
  });
}

void SoloAgents::observe_reset(const task::VectorEnv&) {
  for_each_active([&](std::size_t k) { solos_[k].agent->observe_reset(*solos_[k].row); });
}

}  // namespace inknav::learn
