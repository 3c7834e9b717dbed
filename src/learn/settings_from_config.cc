// SPDX-License-Identifier: MIT
#include "learn/settings_from_config.h"

#include <algorithm>

#include "base/geometry.h"
#include "config/load.h"
#include "learn/policy_runner.h"

namespace inknav::learn {
namespace {

Backbone backbone_of(config::Backbone backbone) {
  switch (backbone) {
    case config::Backbone::kSeResNet9:
      return Backbone::kSeResNet9;
    case config::Backbone::kResNet18:
      return Backbone::kResNet18;
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

NoiseScheduleSettings noise_settings(const config::DiffusionConfig& from) {
  NoiseScheduleSettings to;
  to.num_train_timesteps = from.num_train_timesteps;
  to.beta_start = from.beta_start;
  to.beta_end = from.beta_end;
  // The enumerators stand in the same order on both sides (test).
  to.beta_schedule = static_cast<BetaSchedule>(from.beta_schedule);
  to.prediction_type = static_cast<PredictionType>(from.prediction_type);
  to.spacing = static_cast<TimestepSpacing>(from.timestep_spacing);
  return to;
}

SamplerKind sampler_of(config::Sampler sampler) {
  switch (sampler) {
    case config::Sampler::kDdpm:
      return SamplerKind::kDdpm;
    case config::Sampler::kDdim:
      return SamplerKind::kDdim;
    case config::Sampler::kFlow:
      return SamplerKind::kFlowEuler;
  }
  return SamplerKind::kDdim;
}

DiffusionSettings diffusion_settings(const config::DiffusionConfig& from) {
  DiffusionSettings to;
  to.enabled = true;
  to.horizon = from.horizon;
  to.point_size = from.action_dim;
  to.width = from.hidden_size;
  to.noise = noise_settings(from);
  to.sampling = {sampler_of(from.sampler), from.num_inference_steps};
  to.n_action_steps = from.n_action_steps;
  to.num_candidates = from.num_candidates;
  to.warm_start = f(from.warm_start);
  if (from.use_goal_predictor) {
    to.goal_rows = from.goal_predictor_k_rows;
    to.goal_cols = from.goal_predictor_k_cols;
    to.goal_rays = from.goal_predictor_n_rays;
  }
  return to;
}

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
  to.optimizer = from.optimizer == config::OptimizerChoice::kLamb ? Optimizer::kLamb : Optimizer::kAdam;
  to.eps = f(from.eps);
  to.max_grad_norm = f(from.max_grad_norm);
  to.num_steps = from.num_steps;
  to.sync_frac = from.sync_frac;
  to.overlap_sums = from.overlap_sums;
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
  const bool plain_reader = config.reads_drawing() && config.rl.ppo.rnn_type == config::RnnType::kNone;
  for (const char* name : {"gps", "compass"}) {
    const std::vector<std::string>& sensors = config.task_config.task.sensors;
    const bool wanted = std::find(sensors.begin(), sensors.end(), name) != sensors.end();
    if (wanted && !plain_reader) settings.number_fields.push_back(name);
  }
  if (const std::string goal = config.goal_field(); !goal.empty()) settings.number_fields.push_back(goal);
  settings.backbone = backbone_of(config.model.backbone);
  settings.use_depth = config.extra_depth && config.has_camera("DEPTH_SENSOR") && env.simulator.sensors.depth;
  settings.use_rgb = config.extra_rgb && env.simulator.sensors.rgb;
  if (!settings.use_depth && !settings.use_rgb) settings.backbone = Backbone::kNone;
  settings.base_planes = config.model.base_planes;
  settings.recurrence = recurrence_of(config.rl.ppo.rnn_type);
  settings.hidden_size = config.rl.ppo.hidden_size;
  settings.turn_angle = env.simulator.motion.turn_angle_deg * base::kPi / 180.0f;
  settings.predict_goal = config.predict_goal;
  settings.decode_waypoint = config.rl.ppo.decode_waypoint;
  settings.reading.enabled = config.reads_drawing();
  settings.reading.crop_cells = config.model.crop_cells;
  settings.reading.metres_per_cell = f(config.model.crop_metres_per_cell);
  settings.reading.channels = config.model.reading_channels;
  settings.reading.belief_gain = f(config.model.belief_gain);
  settings.reading.hypotheses = config.model.belief_hypotheses;
  settings.reading.grid_cell = env.simulator.mapper.cell_size;
  settings.reading.drawing_features = config.model.drawing_embedding;
  if (config.use_diffusion_policy) {
    const config::DiffusionConfig& diffusion = config.rl.diffusion;
    settings.diffusion = diffusion_settings(diffusion);
    settings.decode_waypoint = true;
    settings.hidden_size = diffusion.obs_dim;
    settings.recurrence = diffusion.use_transformer_encoder ? Recurrence::kTransformer : Recurrence::kStack;
    settings.context_window =
        diffusion.use_transformer_encoder ? diffusion.context_size : diffusion.n_obs_steps;
    settings.attention_heads = diffusion.mha_num_attention_heads;
    settings.attention_layers = diffusion.mha_num_attention_layers;
    settings.attention_ff_factor = diffusion.mha_ff_dim_factor;
  }
  complete_settings(settings, spec);
  return settings;
}

/// A diffusion policy is taught by the expert alone, all through its run.
void set_diffusion_training(const config::ExperimentConfig& config, int world_size,
                            TrainerSettings& settings) {
  const config::DiffusionConfig& from = config.rl.diffusion;
  settings.ppo.lr = f(config::scaled_learning_rate(from.lr, config.rl.lr_scaling, world_size));
  settings.ppo.goal_prediction_lr = settings.ppo.lr;
  settings.ppo.weight_decay = f(from.weight_decay);
  settings.ppo.use_linear_lr_decay = from.use_linear_lr_decay;
  settings.ppo.value_loss_coef = 0.0f;
  config::PpoConfig teaching = config.rl.ppo;
  teaching.imitation_updates = static_cast<int>(config.num_updates);
  if (teaching.waypoint_coef == 0.0) teaching.waypoint_coef = 1.0;
  if (teaching.correction_coef == 0.0) teaching.correction_coef = 1.0;
  settings.imitation = imitation_settings(teaching);
  settings.diffusion.batch_size = from.batch_size;
  settings.diffusion.demo_share = from.demo_share;
  settings.diffusion.coef = f(from.diffusion_coef);
  settings.diffusion.ema_power = from.ema_power;
  settings.diffusion.ema_max = from.ema_max;
}

TrainerSettings trainer_settings(const config::ExperimentConfig& config, const task::EnvSpec& spec,
                                 const task::NavigationEnvSettings& env, int world_size) {
  TrainerSettings settings;
  settings.seed = static_cast<std::uint64_t>(config.seed);
  settings.num_updates = config.num_updates;
  // The enumerators stand in the same order on both sides (test).
  settings.compute.precision = static_cast<Precision>(config.rl.ppo.precision);
  settings.two_halves = static_cast<TwoHalves>(config.rl.ppo.use_double_buffered_sampler);
  settings.policy = policy_settings(config, spec, env);
  settings.ppo = ppo_settings(config, world_size);
  settings.imitation = imitation_settings(config.rl.ppo);
  if (config.use_diffusion_policy) set_diffusion_training(config, world_size, settings);
  return settings;
}

}  // namespace inknav::learn
