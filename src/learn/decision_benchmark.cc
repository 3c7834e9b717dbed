// SPDX-License-Identifier: MIT
#include "learn/decision_benchmark.h"

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/thread_pool.h"
#include "learn/agent.h"
#include "learn/placement.h"
#include "learn/policy_runner.h"
#include "learn/settings_from_config.h"
#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

constexpr int kWarmUp = 10;

/// Milliseconds of calls.
class Latencies {
 public:
  template <typename Call>
  void time(bool counts, const Call& call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    if (counts) values_.push_back(taken.count());
  }
  base::BenchmarkResult result(std::string name) const {
    return base::spread_of(std::move(name), "ms", values_);
  }

 private:
  std::vector<double> values_;
};

}  // namespace

std::vector<base::BenchmarkResult> run_decision_benchmark(const config::ExperimentConfig& config,
                                                          task::NavigationEnv& env, int decisions, int gpu) {
  INKNAV_CHECK(env.spec().num_envs == 1 && decisions >= 1, env.spec().num_envs, decisions);
  setup_torch();
  base::ThreadPool pool(1);
  const auto network =
      std::make_shared<PolicyNetwork>(policy_settings(config, env.spec(), env.settings()), 1);
  if (gpu >= 0) network->to(placement_of({.gpu = gpu}).device());
  const auto agent = Agent::create(network, kFirstPriorLogScale, {}, pool);
  env.reset();
  agent->attach(env);
  Latencies decision, belief;
  for (int i = 0; i < kWarmUp + decisions; ++i) {
    std::array<std::int32_t, 1> action{};
    decision.time(i >= kWarmUp, [&] { action[0] = agent->act(env)[0]; });
    if (action[0] == task::kStopAction) action[0] = task::kForwardAction;
    const task::StepResult& result = env.step(action);
    belief.time(i >= kWarmUp, [&] { agent->observe_step(env, result); });
    env.reset_done();
    agent->observe_reset(env);
  }
  return {decision.result("infer/decision/ms"), belief.result("infer/belief/ms")};
}

}  // namespace inknav::learn
