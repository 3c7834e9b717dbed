// SPDX-License-Identifier: MIT
#pragma once
// Agent: a trained policy acting in a VectorEnv of N environments. It holds what the policy remembers
// between steps: belief on the drawing, recurrent state, previous action.
//
//   auto agent = Agent::load(checkpoint, pool);          // or built from a live network by the trainer
//   env.reset(); agent->attach(env);                     // all environments begin an episode
//   loop:
//     auto actions = agent->act(env);                    // greedy (argmax), deterministic
//     env.step(actions);                                 // or others, which carried_out() is then told of
//     agent->observe_step(env, result);                  // odometry moves the belief
//     env.reset_done();
//     agent->observe_reset(env);                         // ended environments begin anew
//
// Threads: one caller; crops use the pool. libtorch runs with one intra-operator thread.
// Errors of load: kData with the checkpoint's name.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "base/geometry.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "learn/reading/belief.h"
#include "learn/settings.h"
#include "task/vector_env.h"

namespace inknav::learn {

class PolicyNetwork;

/// Where the belief comes from; all but kCorrected are controls.
enum class BeliefMode : std::uint8_t {
  kCorrected,      // started from the marks, moved by odometry, corrected by the policy
  kDeadReckoning,  // never corrected
  kPerfect,        // set to the truth at every step (upper bound); needs paper_truth
};

struct AgentOptions {
  BeliefMode belief_mode = BeliefMode::kCorrected;
  bool greedy = true;  // false: actions are sampled by philox(seed, environment, episode, step)
  std::uint64_t seed = 0;
  int gpu = -1;  // of load(): where the policy computes, after prepare_gpu(); -1: the CPU
};

/// What the policy said for one environment in the last act(); for reports and videos.
struct AgentThought {
  Belief belief;                   // the belief that was used
  base::Vec2 waypoint_body{0.0f};  // (right, forward), metres
  float value = 0.0f;
  std::array<float, 8> probabilities{};  // of the actions
};

/// What a checkpoint holds of a policy: its network (averaged weights where there are some) and the scale
/// that beliefs begin with.
struct LoadedPolicy {
  std::shared_ptr<PolicyNetwork> network;
  float prior_log_scale = 0.0f;
};
/// Errors: kData with the checkpoint's name.
base::Result<LoadedPolicy> load_policy(const std::filesystem::path& checkpoint);

class Agent {
 public:
  static base::Result<std::unique_ptr<Agent>> load(const std::filesystem::path& checkpoint,
                                                   const AgentOptions& options, base::ThreadPool& pool);
  static std::unique_ptr<Agent> create(std::shared_ptr<PolicyNetwork> network, float prior_log_scale,
                                       const AgentOptions& options, base::ThreadPool& pool);
  virtual ~Agent() = default;

  virtual void attach(const task::VectorEnv& env) = 0;
  virtual std::span<const std::int32_t> act(const task::VectorEnv& env) = 0;
  /// The likeliest motion (not STOP) of an environment in the last act().
  virtual std::int32_t best_motion(int environment) const = 0;
  /// Other actions than those of act() are carried out; between act() and observe_step().
  virtual void carried_out(std::span<const std::int32_t> actions) = 0;
  virtual void observe_step(const task::VectorEnv& env, const task::StepResult& result) = 0;
  virtual void observe_reset(const task::VectorEnv& env) = 0;

  virtual AgentThought thought(int environment) const = 0;
  /// After act(): how far the denoiser is from the expert's plans at the observation that was acted on, mean
  /// over `rows` (learn/diffusion/denoising_loss.h); nullopt where there is no such policy or no expert.
  virtual std::optional<double> plan_loss(const task::VectorEnv& env, std::span<const std::int64_t> rows) = 0;
  virtual const PolicySettings& settings() const = 0;
};

}  // namespace inknav::learn
