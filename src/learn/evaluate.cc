// SPDX-License-Identifier: MIT
#include "learn/evaluate.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/check.h"
#include "learn/policy_runner.h"

namespace inknav::learn {
namespace {

/// What is gathered of the episode that an environment is in.
struct Running {
  std::vector<TraceStep> trace;
  double error_sum = 0.0;
  std::int64_t error_count = 0;
  float last_error = -1.0f;
};

/// `agent` is null when the expert acts.
void note_step(const Agent* agent, const task::NavigationEnv& env, int i, std::int32_t action, bool record,
               Running& running) {
  const AgentThought thought = agent != nullptr ? agent->thought(i) : AgentThought{};
  Belief truth;
  float error = -1.0f;
  if (agent != nullptr && agent->settings().reading.enabled && PolicyRunner::truth_of(env, i, &truth)) {
    error = position_error(thought.belief, truth);
    running.error_sum += error;
    ++running.error_count;
  }
  running.last_error = error;
  if (!record) return;
  running.trace.push_back(
      {env.episode_view(i).pose_world_agent, action, thought.belief, error, thought.waypoint_body});
}

EpisodeOutcome outcome_of(const task::EpisodeResult& episode, Running& running) {
  EpisodeOutcome outcome;
  outcome.episode = episode.episode;
  outcome.steps = episode.steps;
  outcome.reward = episode.reward;
  outcome.measures = episode.measures;
  outcome.final_belief_error = running.last_error;
  if (running.error_count > 0) {
    outcome.mean_belief_error =
        static_cast<float>(running.error_sum / static_cast<double>(running.error_count));
  }
  outcome.trace = std::move(running.trace);
  running = {};
  return outcome;
}

}  // namespace

std::size_t EvaluationResult::index_of(std::string_view measure) const {
  const auto found = std::find(measure_names.begin(), measure_names.end(), measure);
  INKNAV_CHECK(found != measure_names.end(), measure);
  return static_cast<std::size_t>(found - measure_names.begin());
}

double EvaluationResult::mean(std::string_view measure) const {
  const std::size_t index = index_of(measure);
  double sum = 0.0;
  for (const EpisodeOutcome& episode : episodes) sum += episode.measures[index];
  return episodes.empty() ? 0.0 : sum / static_cast<double>(episodes.size());
}

namespace {

std::span<const std::int32_t> expert_actions(const task::NavigationEnv& env) {
  return {env.observation("expert_action").as<std::int32_t>(), static_cast<std::size_t>(env.spec().num_envs)};
}

EvaluationResult run_episodes(Agent* agent, task::NavigationEnv& env, const EvaluationOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  EvaluationResult result;
  result.measure_names = env.measure_names();
  const int num_envs = env.spec().num_envs;
  const auto total = static_cast<std::int64_t>(env.episodes().size());
  std::vector<Running> running(static_cast<std::size_t>(num_envs));
  std::vector<std::int64_t> active;
  double loss_sum = 0.0;
  std::int64_t decisions = 0;
  env.reset();
  if (agent != nullptr) agent->attach(env);
  while (!env.exhausted()) {
    const std::span<const std::int32_t> actions = agent != nullptr ? agent->act(env) : expert_actions(env);
    active.clear();
    for (int i = 0; i < num_envs; ++i) {
      if (!env.episode_view(i).active) continue;
      active.push_back(i);
      note_step(agent, env, i, actions[static_cast<std::size_t>(i)], options.record_traces,
                running[static_cast<std::size_t>(i)]);
      ++result.frames;
    }
    if (agent != nullptr && options.plan_losses) {
      if (const auto loss = agent->plan_loss(env, active)) {
        loss_sum += *loss * static_cast<double>(active.size());
        decisions += static_cast<std::int64_t>(active.size());
      }
    }
    const task::StepResult& step = env.step(actions);
    for (const task::EpisodeResult& episode : env.finished()) {
      result.episodes.push_back(outcome_of(episode, running[static_cast<std::size_t>(episode.environment)]));
      const base::Aabb& bounds = env.episode_view(episode.environment).nav_mesh->bounds();
      result.episodes.back().home_size = std::hypot(bounds.max.x - bounds.min.x, bounds.max.z - bounds.min.z);
    }
    if (agent != nullptr) agent->observe_step(env, step);
    env.reset_done();
    if (agent != nullptr) agent->observe_reset(env);
    if (options.on_progress &&
        !options.on_progress(static_cast<std::int64_t>(result.episodes.size()), total)) {
      result.stopped_early = true;
      break;
    }
  }
  if (decisions > 0) result.plan_loss = loss_sum / static_cast<double>(decisions);
  std::sort(result.episodes.begin(), result.episodes.end(),
            [](const EpisodeOutcome& a, const EpisodeOutcome& b) { return a.episode < b.episode; });
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

base::Error misfit(const std::string& key, const std::string& wanted, const std::string& found) {
  return {base::ErrorCode::kUsage, key + ": the checkpoint's policy was trained with " + wanted +
                                       ", the configuration gives " + found +
                                       "; leave the key out (EVAL.USE_CKPT_CONFIG True takes the "
                                       "checkpoint's) or use another checkpoint"};
}

std::string size_text(std::int64_t width, std::int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

EvaluationResult evaluate(Agent& agent, task::NavigationEnv& env, const EvaluationOptions& options) {
  return run_episodes(&agent, env, options);
}

EvaluationResult evaluate_expert(task::NavigationEnv& env, const EvaluationOptions& options) {
  return run_episodes(nullptr, env, options);
}

base::Status check_fits(const PolicySettings& policy, const task::NavigationEnvSettings& settings) {
  if (policy.reading.enabled) {
    if (policy.reading.drawing_size != settings.drawing_size) {
      return misfit("TASK_CONFIG.TASK.DRAWING_SIZE", std::to_string(policy.reading.drawing_size),
                    std::to_string(settings.drawing_size));
    }
    const auto& mapper = settings.simulator.mapper;
    if (policy.reading.grid_size != mapper.grid_size) {
      return misfit("TASK_CONFIG.SIMULATOR.MAP_CELLS", std::to_string(policy.reading.grid_size),
                    std::to_string(mapper.grid_size));
    }
    if (policy.reading.grid_cell != mapper.cell_size) {
      return misfit("TASK_CONFIG.SIMULATOR.GRID_SIZE", std::to_string(policy.reading.grid_cell),
                    std::to_string(mapper.cell_size));
    }
  }
  if (policy.backbone == Backbone::kNone) return base::ok_status();
  const auto& camera = settings.simulator.sensors.camera;
  if (policy.image_width != camera.width || policy.image_height != camera.height) {
    return misfit("TASK_CONFIG.SIMULATOR.DEPTH_SENSOR",
                  "pictures of " + size_text(policy.image_width, policy.image_height),
                  size_text(camera.width, camera.height));
  }
  if (policy.image_channels >= 3 && !settings.simulator.sensors.rgb) {
    return misfit("EXTRA_RGB", "colour pictures", "none");
  }
  return base::ok_status();
}

}  // namespace inknav::learn
