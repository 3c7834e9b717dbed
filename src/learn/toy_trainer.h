// SPDX-License-Identifier: MIT
#pragma once
// Set-ups of trainers that are small enough for tests: for the problems of learn/toy_env.h, for reading
// drawings in small homes (task/test_dataset.h), for plans. A test changes what it is about. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "learn/settings.h"
#include "learn/trainer.h"

namespace inknav::learn::testing {

/// For the toy environments, whose only field is "state".
inline TrainerSettings toy_settings(Recurrence recurrence) {
  TrainerSettings settings;
  settings.seed = 3;
  settings.num_updates = 1000;
  settings.policy.number_fields = {"state"};
  settings.policy.recurrence = recurrence;
  settings.policy.hidden_size = 32;
  settings.ppo.num_steps = 16;
  settings.ppo.num_mini_batch = 2;
  settings.ppo.ppo_epoch = 4;
  settings.ppo.lr = 3e-3f;
  settings.ppo.weight_decay = 0.0f;
  settings.ppo.normalize_advantage = true;
  settings.ppo.reward_window_size = 100;
  return settings;
}

/// Reads drawings and imitates the expert; sees no camera.
inline TrainerSettings toy_reading_settings(Recurrence recurrence) {
  TrainerSettings settings;
  PolicySettings& policy = settings.policy;
  policy.recurrence = recurrence;
  policy.context_window = 3;
  policy.attention_heads = 2;
  policy.hidden_size = 16;
  policy.reading.enabled = true;
  policy.reading.crop_cells = 16;
  policy.reading.channels = 8;
  policy.decode_waypoint = true;
  settings.ppo.num_steps = 8;
  settings.ppo.num_mini_batch = 2;
  settings.ppo.ppo_epoch = 2;
  settings.imitation.waypoint_coef = 1.0f;
  settings.imitation.correction_coef = 1.0f;
  return settings;
}

/// A small network for the camera's pictures, and odometry beside them.
inline void add_camera(TrainerSettings& settings) {
  settings.policy.number_fields = {"gps", "compass"};
  settings.policy.backbone = Backbone::kSmallCnn;
  settings.policy.base_planes = 4;
}

/// Three updates of imitation, in which the expert acts in part.
inline void follow_expert_first(TrainerSettings& settings) {
  settings.imitation.updates = 3;
  settings.imitation.expert_mix_start = 0.5f;
  settings.imitation.expert_mix_updates = 4;
}

/// Draws plans of 20 steps of noise, three of them when it walks.
inline void add_plans(TrainerSettings& settings) {
  DiffusionSettings& diffusion = settings.policy.diffusion;
  diffusion.enabled = true;
  diffusion.width = 32;
  diffusion.noise.num_train_timesteps = 20;
  diffusion.sampling.num_steps = 3;
  diffusion.goal_rows = diffusion.goal_cols = 3;
  diffusion.goal_rays = 4;
  settings.ppo.value_loss_coef = 0.0f;
  settings.imitation.updates = 1000;
  settings.diffusion.batch_size = 8;
}

/// What some updates came to.
struct TrainOutcome {
  bool failed = false;  // the last update had an error, and there was none after it
  std::vector<double> metrics;
  std::vector<bool> skipped;
  std::string hash;  // of the trainer's state at the end
  bool operator==(const TrainOutcome&) const = default;
};

inline TrainOutcome run_updates(Trainer& trainer, int updates) {
  TrainOutcome outcome;
  for (int i = 0; i < updates; ++i) {
    const auto report = trainer.update();
    if (!report.ok()) {
      outcome.failed = true;
      break;
    }
    outcome.skipped.push_back(report->skipped);
    for (const auto& [name, value] : report->metrics) outcome.metrics.push_back(value);
  }
  outcome.hash = trainer.state_hash().hex();
  return outcome;
}

/// -1e9 where the report has no such metric.
inline double metric(const UpdateReport& report, std::string_view name) {
  for (const auto& [key, value] : report.metrics) {
    if (key == name) return value;
  }
  return -1e9;
}

}  // namespace inknav::learn::testing
