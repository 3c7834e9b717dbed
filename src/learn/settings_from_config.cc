// SPDX-License-Identifier: MIT
#include "learn/settings_from_config.h"

#include "base/geometry.h"
#include "config/load.h"
#include "learn/policy_runner.h"

namespace inknav::learn {
namespace {

Backbone backbone_of(config::Backbone backbone) {
  switch (backbone) {
    case config::Backbone::kSeResNet9:
      return Backbone::kSeResNet9;
    case config::Backbone::kSmallCnn:
      return Backbone::kSmallCnn;
    case config::Backbone::kNone:
      return Backbone::kNone;
  }
  return Backbone::kNone;
}

Recurrence recurrence_of(config::RnnType type) {
  switch (type) {
    case config::RnnType::kNone:
      return Recurrence::kNone;
    case config::RnnType::kGru:
      return Recurrence::kGru;
    case config::RnnType::kLstm:
      return Recurrence::kLstm;
  }
  return Recurrence::kNone;
}

float f(double value) { return static_cast<float>(value); }

PpoSettings ppo_settings(const config::ExperimentConfig& config, int world_size) {
  const config::PpoConfig& from = config.rl.ppo;
  PpoSettings to;
  to.clip_param = f(from.clip_param);
  to.ppo_epoch = from.ppo_epoch;
  to.num_mini_batch = from.num_mini_batch;
  to.value_loss_coef = f(from.value_loss_coef);
  to.entropy_coef = f(from.entropy_coef);
  to.lr = f(config::scaled_learning_rate(from.lr, config.rl.lr_scaling, world_size));
  to.goal_prediction_lr =
      f(config::scaled_learning_rate(from.goal_pred_lr, config.rl.lr_scaling, world_size));
  to.eps = f(from.eps);
  to.max_grad_norm = f(from.max_grad_norm);
  to.num_steps = from.num_steps;
  to.use_gae = from.use_gae;
  to.use_linear_lr_decay = from.use_linear_lr_decay;
  to.use_linear_clip_decay = from.use_linear_clip_decay;
  to.use_clipped_value_loss = from.use_clipped_value_loss;
  to.gamma = f(from.gamma);
  to.tau = f(from.tau);
  to.reward_window_size = from.reward_window_size;
  to.weight_decay = f(from.weight_decay);
  to.use_behavior_cloning = from.use_behavior_cloning;
  to.behavior_cloning_coef = f(from.behavior_cloning_coef);
  to.goal_prediction_coef = f(from.goal_pred_coef);
  to.normalize_advantage = from.normalize_advantage;
  return to;
}

ImitationSettings imitation_settings(const config::PpoConfig& from) {
  ImitationSettings to;
  to.updates = from.imitation_updates;
  to.expert_mix_start = f(from.expert_mix_start);
  to.expert_mix_end = f(from.expert_mix_end);
  to.expert_mix_updates = from.expert_mix_updates;
  to.stop_execution = f(from.stop_execution);
  to.stop_label_distance = f(from.stop_label_distance);
  to.waypoint_coef = f(from.waypoint_coef);
  to.correction_coef = f(from.correction_coef);
  // The curriculum belongs to the supervision of the correction: without it beliefs are left alone.
  if (from.correction_coef > 0.0) {
    to.belief_reset_start = f(from.belief_reset_start);
    to.belief_reset_end = f(from.belief_reset_end);
    to.belief_updates = from.imitation_updates / 2;
  }
  to.noise_position = f(from.belief_noise_position);
  to.noise_heading = f(from.belief_noise_heading);
  to.noise_log_scale = f(from.belief_noise_log_scale);
  return to;
}

}  // namespace

PolicySettings policy_settings(const config::ExperimentConfig& config, const task::EnvSpec& spec,
                               const task::NavigationEnvSettings& env) {
  PolicySettings settings;
  // Without memory the pose in the start frame says nothing that belief and crops do not, and invites
  // learning the training homes by heart.
  const bool plain_reader = !config.use_pointnav && config.rl.ppo.rnn_type == config::RnnType::kNone;
  if (!plain_reader) settings.number_fields = {"gps", "compass"};
  if (config.use_pointnav) settings.number_fields.push_back("pointgoal");
  settings.backbone = backbone_of(config.model.backbone);
  settings.use_depth = config.extra_depth && env.simulator.sensors.depth;
  settings.use_rgb = config.extra_rgb && env.simulator.sensors.rgb;
  if (!settings.use_depth && !settings.use_rgb) settings.backbone = Backbone::kNone;
  settings.base_planes = config.model.base_planes;
  settings.recurrence = recurrence_of(config.rl.ppo.rnn_type);
  settings.hidden_size = config.rl.ppo.hidden_size;
  settings.turn_angle = env.simulator.motion.turn_angle_deg * base::kPi / 180.0f;
  settings.predict_goal = config.predict_goal;
  settings.decode_waypoint = config.rl.ppo.decode_waypoint;
  settings.reading.enabled = !config.use_pointnav;
  settings.reading.crop_cells = config.model.crop_cells;
  settings.reading.metres_per_cell = f(config.model.crop_metres_per_cell);
  settings.reading.channels = config.model.reading_channels;
  settings.reading.belief_gain = f(config.model.belief_gain);
  settings.reading.grid_cell = env.simulator.mapper.cell_size;
  settings.reading.drawing_features = config.model.drawing_embedding;
  complete_settings(settings, spec);
  return settings;
}

TrainerSettings trainer_settings(const config::ExperimentConfig& config, const task::EnvSpec& spec,
                                 const task::NavigationEnvSettings& env, int world_size) {
  TrainerSettings settings;
  settings.seed = static_cast<std::uint64_t>(config.seed);
  settings.num_updates = config.num_updates;
  settings.policy = policy_settings(config, spec, env);
  settings.ppo = ppo_settings(config, world_size);
  settings.imitation = imitation_settings(config.rl.ppo);
  return settings;
}

}  // namespace inknav::learn
