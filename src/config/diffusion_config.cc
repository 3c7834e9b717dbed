// SPDX-License-Identifier: MIT
#include "config/diffusion_config.h"

#include <string>

namespace inknav::config {

void describe(DiffusionConfig& c, FieldVisitor& v) {
  v.field(
      {.key = "horizon", .doc = "waypoints of a plan, 0.25 m apart; a multiple of 4", .low = 4, .high = 1024},
      c.horizon);
  v.field(
      {.key = "n_action_steps", .doc = "actions carried out before the next plan", .low = 1, .high = 1024},
      c.n_action_steps);
  v.field({.key = "n_obs_steps",
           .doc = "observations that condition a plan without the transformer",
           .low = 1,
           .high = 64},
          c.n_obs_steps);
  v.field({.key = "obs_dim", .doc = "features of one observation", .low = 1, .high = 16384}, c.obs_dim);
  v.field(
      {.key = "action_dim", .doc = "numbers a waypoint: 2 increment, 4 and its heading", .low = 2, .high = 4},
      c.action_dim);
  v.field({.key = "hidden_size",
           .doc = "channels of the denoiser's lowest level, a multiple of 32",
           .low = 32,
           .high = 16384},
          c.hidden_size);
  v.field({.key = "num_inference_steps", .doc = "denoising steps when acting", .low = 1, .high = 100000},
          c.num_inference_steps);
  v.field({.key = "obs_as_global_cond", .doc = "condition by FiLM; only True is supported"},
          c.obs_as_global_cond);
  v.field({.key = "lr", .doc = "AdamW step size, before RL.LR_SCALING", .low = 0, .high = 1}, c.lr);
  v.field({.key = "weight_decay", .doc = "decoupled weight decay", .low = 0, .high = 1}, c.weight_decay);
  v.field({.key = "use_linear_lr_decay", .doc = "lr falls to 0 over training"}, c.use_linear_lr_decay);
  v.field({.key = "num_train_timesteps", .doc = "noise levels in training", .low = 1, .high = 100000},
          c.num_train_timesteps);
  v.field({.key = "beta_start", .doc = "variance of the first level", .low = 0, .high = 1}, c.beta_start);
  v.field({.key = "beta_end", .doc = "variance of the last level", .low = 0, .high = 1}, c.beta_end);
  v.choice({.key = "beta_schedule", .doc = "course of the variance between them"}, c.beta_schedule,
           {"linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"});
  v.choice({.key = "prediction_type", .doc = "what the network predicts"}, c.prediction_type,
           {"epsilon", "sample", "v_prediction"});
  v.field(
      {.key = "batch_size", .doc = "plans an optimiser step denoises, over all ranks", .low = 1, .high = 1e6},
      c.batch_size);
  v.field({.key = "num_workers",
           .doc = "threads a rank that read demonstrations ahead; 0: the training's own",
           .low = 0,
           .high = 1024,
           .shapes_result = false},
          c.num_workers);
  v.field({.key = "context_size", .doc = "observations the transformer attends to", .low = 1, .high = 1024},
          c.context_size);
  v.field({.key = "use_transformer_encoder", .doc = "attention over the context; else a plain stack"},
          c.use_transformer_encoder);
  v.field({.key = "mha_num_attention_heads", .doc = "heads of that attention", .low = 1, .high = 256},
          c.mha_num_attention_heads);
  v.field({.key = "mha_num_attention_layers", .doc = "its layers", .low = 1, .high = 64},
          c.mha_num_attention_layers);
  v.field({.key = "mha_ff_dim_factor", .doc = "feed-forward width over obs_dim", .low = 1, .high = 64},
          c.mha_ff_dim_factor);
  v.field({.key = "use_goal_predictor", .doc = "predicts the goal as a cell or a direction"},
          c.use_goal_predictor);
  v.field({.key = "goal_predictor_k_rows", .doc = "goal cells, rows", .low = 1, .high = 256},
          c.goal_predictor_k_rows);
  v.field({.key = "goal_predictor_k_cols", .doc = "goal cells, columns", .low = 1, .high = 256},
          c.goal_predictor_k_cols);
  v.field({.key = "goal_predictor_n_rays",
           .doc = "directions for goals outside the cells",
           .low = 1,
           .high = 360},
          c.goal_predictor_n_rays);
  v.choice({.key = "sampler", .doc = "how a plan is drawn from noise"}, c.sampler, {"ddpm", "ddim", "flow"});
  v.choice({.key = "timestep_spacing", .doc = "which noise levels the sampler visits"}, c.timestep_spacing,
           {"leading", "trailing", "linspace"});
  v.field({.key = "num_candidates",
           .doc = "plans drawn at once in an evaluation, of which the best is followed",
           .low = 1,
           .high = 256},
          c.num_candidates);
  v.field({.key = "warm_start",
           .doc = "part of the noise levels passed over when the last plan is refined; 0: from noise",
           .low = 0,
           .high = 0.95},
          c.warm_start);
  v.field({.key = "diffusion_coef", .doc = "weight of the denoising loss", .low = 0, .high = 1e3},
          c.diffusion_coef);
  v.field({.key = "demo_share",
           .doc = "part of the updates that learn from DIFFUSION_DATA_DIR, where it names any",
           .low = 0,
           .high = 1},
          c.demo_share);
  v.field({.key = "ema_power", .doc = "averaging of weights: 1 - (1 + k)^-power", .low = 0.1, .high = 2},
          c.ema_power);
  v.field({.key = "ema_max", .doc = "at most this", .low = 0, .high = 1}, c.ema_max);
}

Problems DiffusionConfig::validate() const {
  Problems problems;
  if (horizon % 4 != 0) {
    problems.push_back({"horizon", "= " + std::to_string(horizon) + " must be a multiple of 4; use " +
                                       std::to_string((horizon + 3) / 4 * 4)});
  }
  if (n_action_steps > horizon) {
    problems.push_back({"n_action_steps", "= " + std::to_string(n_action_steps) +
                                              " does not fit: a plan has horizon = " +
                                              std::to_string(horizon) + " waypoints; use at most that"});
  }
  if (action_dim == 3)
    problems.push_back({"action_dim", "= 3; a waypoint has 2 numbers, or 4 with its heading"});
  if (hidden_size % 32 != 0) {
    problems.push_back({"hidden_size", "= " + std::to_string(hidden_size) +
                                           " must be a multiple of 32; use " +
                                           std::to_string((hidden_size + 31) / 32 * 32)});
  }
  if (!obs_as_global_cond) {
    problems.push_back({"obs_as_global_cond",
                        "= False; plans of waypoints hold no observations to condition by, "
                        "leave it True"});
  }
  if (sampler != Sampler::kFlow && timestep_spacing == TimestepSpacing::kLeading &&
      num_inference_steps == 1) {
    problems.push_back({"num_inference_steps",
                        "= 1 with timestep_spacing leading visits the last noise level only "
                        "and returns the noise; use trailing, or more steps"});
  }
  if (num_inference_steps > num_train_timesteps) {
    problems.push_back({"num_inference_steps", "= " + std::to_string(num_inference_steps) +
                                                   " is more than num_train_timesteps; use at most " +
                                                   std::to_string(num_train_timesteps)});
  }
  if (!(beta_start < beta_end)) {
    problems.push_back({"beta_end", "must be greater than beta_start; the usual pair is 1e-4 and 0.02"});
  }
  if (use_transformer_encoder && obs_dim % mha_num_attention_heads != 0) {
    problems.push_back(
        {"mha_num_attention_heads", "= " + std::to_string(mha_num_attention_heads) +
                                        " does not divide obs_dim = " + std::to_string(obs_dim)});
  }
  return problems;
}

}  // namespace inknav::config
