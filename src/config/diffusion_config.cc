// SPDX-License-Identifier: MIT
#include "config/diffusion_config.h"

#include <string>

namespace inknav::config {

void describe(DiffusionConfig& c, FieldVisitor& v) {
  v.field({.key = "horizon", .doc = "actions in a predicted chunk; a multiple of 4", .low = 4, .high = 1024},
          c.horizon);
  v.field({.key = "n_action_steps",
           .doc = "actions carried out before the next decision",
           .low = 1,
           .high = 1024},
          c.n_action_steps);
  v.field({.key = "n_obs_steps", .doc = "observations that condition a decision", .low = 1, .high = 64},
          c.n_obs_steps);
  v.field({.key = "obs_dim", .doc = "features of one observation", .low = 1, .high = 16384}, c.obs_dim);
  v.field({.key = "action_dim", .doc = "STOP, forward, left, right", .low = 1, .high = 64}, c.action_dim);
  v.field({.key = "hidden_size", .doc = "base width of the denoiser", .low = 8, .high = 16384},
          c.hidden_size);
  v.field({.key = "num_inference_steps", .doc = "denoising steps when acting", .low = 1, .high = 100000},
          c.num_inference_steps);
  v.field({.key = "obs_as_global_cond", .doc = "condition by FiLM; else by the trajectory"},
          c.obs_as_global_cond);
  v.field({.key = "lr", .doc = "AdamW step size, before RL.LR_SCALING", .low = 0, .high = 1}, c.lr);
  v.field({.key = "weight_decay", .doc = "decoupled weight decay", .low = 0, .high = 1}, c.weight_decay);
  v.field({.key = "use_linear_lr_decay", .doc = "lr falls to 0 over training"}, c.use_linear_lr_decay);
  v.field({.key = "num_train_timesteps", .doc = "noise levels in training", .low = 1, .high = 100000},
          c.num_train_timesteps);
  v.field({.key = "beta_start", .doc = "variance of the first level", .low = 0, .high = 1}, c.beta_start);
  v.field({.key = "beta_end", .doc = "variance of the last level", .low = 0, .high = 1}, c.beta_end);
  v.choice({.key = "beta_schedule", .doc = "course of the variance between them"}, c.beta_schedule,
           {"linear", "scaled_linear", "squaredcos_cap_v2"});
  v.choice({.key = "prediction_type", .doc = "what the network predicts"}, c.prediction_type,
           {"epsilon", "sample", "v_prediction"});
  v.field({.key = "batch_size", .doc = "samples an optimiser step, over all ranks", .low = 1, .high = 1e6},
          c.batch_size);
  v.field({.key = "num_workers",
           .doc = "threads that read demonstrations; 0: the training thread",
           .low = 0,
           .high = 1024,
           .shapes_result = false},
          c.num_workers);
  v.field({.key = "context_size", .doc = "past observations a sample may look at", .low = 1, .high = 1024},
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
}

Problems DiffusionConfig::validate() const {
  Problems problems;
  if (horizon % 4 != 0) {
    problems.push_back({"horizon", "= " + std::to_string(horizon) + " must be a multiple of 4; use " +
                                       std::to_string((horizon + 3) / 4 * 4)});
  }
  if (n_action_steps + n_obs_steps - 1 > horizon) {
    problems.push_back(
        {"n_action_steps", "= " + std::to_string(n_action_steps) + " does not fit: n_obs_steps - 1 + " +
                               "n_action_steps must be at most horizon = " + std::to_string(horizon) +
                               "; use at most " + std::to_string(horizon - n_obs_steps + 1)});
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
