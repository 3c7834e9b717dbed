// SPDX-License-Identifier: MIT
#pragma once
// Evaluation: an agent walks every episode of an evaluation environment (shuffle == false) once.
//
// Greedy actions; the result does not depend on the number of environments or threads beyond float rounding
// of batched network layers. The drawing mode (own, wrong, none) is a setting of the environment.
// Cost: one network pass and one environment step per step of the longest queue of episodes.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "learn/agent.h"
#include "task/navigation_env.h"

namespace inknav::learn {

struct TraceStep {
  base::Pose pose_world_agent;     // before the action
  std::int32_t action = 0;         // nav::Action
  Belief belief;                   // used for this action
  float belief_error = -1.0f;      // metres between belief and truth, -1 where the truth is not known
  base::Vec2 waypoint_body{0.0f};  // (right, forward), metres
};

struct EpisodeOutcome {
  std::int64_t episode = 0;  // index into env.episodes()
  int steps = 0;
  float reward = 0.0f;
  std::vector<float> measures;       // in the order of env.measure_names()
  float final_belief_error = -1.0f;  // metres, -1 where the truth is not known
  float mean_belief_error = -1.0f;   // along the way, likewise
  float home_size = 0.0f;            // metres, diagonal of the home's walkable floor
  std::vector<TraceStep> trace;      // empty unless asked for
};

struct EvaluationOptions {
  bool record_traces = false;
  bool plan_losses = false;  // EvaluationResult::plan_loss is wanted
  /// Called after every step with the number of finished episodes; false stops the evaluation early.
  std::function<bool(std::int64_t finished, std::int64_t total)> on_progress;
};

struct EvaluationResult {
  std::vector<std::string> measure_names;
  std::vector<EpisodeOutcome> episodes;  // sorted by episode
  std::int64_t frames = 0;
  double seconds = 0.0;
  std::optional<double> plan_loss;  // of the denoiser on the expert's plans, mean over all decisions
  bool stopped_early = false;

  /// Of a measure in EpisodeOutcome::measures; an unknown name is a bug.
  std::size_t index_of(std::string_view measure) const;
  /// Mean of a measure over the episodes; no episode gives 0.
  double mean(std::string_view measure) const;
};

/// `env` must be fresh (before reset()) and the agent must fit it.
EvaluationResult evaluate(Agent& agent, task::NavigationEnv& env, const EvaluationOptions& options);
/// The same with the expert's actions: the upper bound of what the task allows. No beliefs.
EvaluationResult evaluate_expert(task::NavigationEnv& env, const EvaluationOptions& options);

/// Whether a policy of these settings can look at this environment; kUsage with the key that is at odds.
base::Status check_fits(const PolicySettings& policy, const task::NavigationEnvSettings& settings);

}  // namespace inknav::learn
