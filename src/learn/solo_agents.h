// SPDX-License-Identifier: MIT
#pragma once
// SoloAgents: a trained policy walking along in N environments, with an agent of its own in each
// (task/student.h). Every network pass is made for one environment alone, because rounding in libtorch
// follows from the size of a batch and from the place in it, and because drawings are encoded and plans drawn
// in batches of whoever is due. So what it does in an environment depends on nothing but the episode there.
//
// Acts greedily, as an evaluation does; what a plan's noise is keyed by: seed, episode_index, step_index.
// Threads: one caller; the agents are spread over threads of their own, each with libtorch's switches.
// Memory: a repacked copy of the denoiser's weights an environment, besides what an Agent holds.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "learn/agent.h"
#include "learn/settings.h"
#include "task/student.h"

namespace inknav::learn {

class EnvRows;

class SoloAgents final : public task::Student {
 public:
  SoloAgents(LoadedPolicy policy, std::uint64_t seed, int num_threads);
  ~SoloAgents() override;

  void attach(const task::VectorEnv& env) override;
  std::span<const task::StudentChoice> act(const task::VectorEnv& env,
                                           std::span<const std::uint8_t> active) override;
  void observe_step(const task::VectorEnv& env, std::span<const std::int32_t> actions,
                    const task::StepResult& result) override;
  void observe_reset(const task::VectorEnv& env) override;

  const PolicySettings& settings() const;

 private:
  struct Solo {
    std::unique_ptr<base::ThreadPool> pool;  // of one thread: the one that runs it
    std::unique_ptr<Agent> agent;
    std::unique_ptr<EnvRows> row;
  };
  /// Calls body(k) for the environments that are active.
  template <typename Body>
  void for_each_active(Body&& body);

  LoadedPolicy policy_;
  std::uint64_t seed_;
  base::ThreadPool threads_;
  std::vector<Solo> solos_;
  std::vector<std::uint8_t> active_;
  std::vector<task::StudentChoice> choices_;
};

}  // namespace inknav::learn
