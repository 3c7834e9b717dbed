// SPDX-License-Identifier: MIT
#pragma once
// RL.DIFFUSION: the diffusion policy's network, noise schedule and training. Defaults are the lineage's.

#include <cstdint>

#include "config/field.h"

namespace inknav::config {

enum class BetaSchedule : std::uint8_t { kLinear, kScaledLinear, kSquaredCosine };
enum class PredictionType : std::uint8_t { kEpsilon, kSample, kVPrediction };

struct DiffusionConfig {
  int horizon = 16;              // actions in a predicted chunk; a multiple of 4 (two halvings in the U-Net)
  int n_action_steps = 4;        // actions carried out before the next decision
  int n_obs_steps = 3;           // observations that condition a decision
  int obs_dim = 512;             // features of one observation
  int action_dim = 4;            // STOP, forward, left, right
  int hidden_size = 256;         // base width of the denoiser
  int num_inference_steps = 20;  // denoising steps when acting, at most num_train_timesteps
  bool obs_as_global_cond = true;  // condition by FiLM; else observations are part of the trajectory
  double lr = 1e-4;                // AdamW step size, before RL.LR_SCALING
  double weight_decay = 1e-4;
  bool use_linear_lr_decay = true;
  int num_train_timesteps = 1000;  // noise levels in training
  double beta_start = 1e-4;        // variance of the first level
  double beta_end = 0.02;          // variance of the last level
  BetaSchedule beta_schedule = BetaSchedule::kLinear;
  PredictionType prediction_type = PredictionType::kEpsilon;
  int batch_size = 32;   // samples an optimiser step, over all ranks
  int num_workers = 4;   // threads that read demonstrations; 0 reads on the training thread
  int context_size = 5;  // past observations a sample may look at, never future ones
  bool use_transformer_encoder = true;
  int mha_num_attention_heads = 4;
  int mha_num_attention_layers = 2;
  int mha_ff_dim_factor = 4;  // feed-forward width as a multiple of obs_dim
  bool use_goal_predictor = true;
  int goal_predictor_k_rows = 5;  // goal cells, rows
  int goal_predictor_k_cols = 5;  // goal cells, columns
  int goal_predictor_n_rays = 8;  // directions for goals outside the cells

  Problems validate() const;
};

void describe(DiffusionConfig& config, FieldVisitor& visitor);

}  // namespace inknav::config
