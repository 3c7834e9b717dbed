// SPDX-License-Identifier: MIT
#pragma once
// RL.DIFFUSION: the diffusion policy's network, noise schedule and training. Defaults are the lineage's.

#include <cstdint>

#include "config/field.h"

namespace inknav::config {

enum class BetaSchedule : std::uint8_t { kLinear, kScaledLinear, kSquaredCosine, kSigmoid };
enum class PredictionType : std::uint8_t { kEpsilon, kSample, kVPrediction };
enum class TimestepSpacing : std::uint8_t { kLeading, kTrailing, kLinspace };
enum class Sampler : std::uint8_t { kDdpm, kDdim, kFlow };

struct DiffusionConfig {
  int horizon = 16;        // waypoints of a plan, 0.25 m apart; a multiple of 4 (two halvings in the U-Net)
  int n_action_steps = 4;  // actions carried out before the next plan
  int n_obs_steps = 3;     // observations that condition a plan, where use_transformer_encoder is False
  int obs_dim = 512;       // features of one observation
  int action_dim = 4;      // numbers a waypoint: increment (2), or increment and heading (4)
  int hidden_size = 256;   // channels of the denoiser's lowest level; half and a quarter above; 32k
  int num_inference_steps = 20;    // denoising steps when acting, at most num_train_timesteps
  bool obs_as_global_cond = true;  // condition by FiLM; only True is supported
  double lr = 1e-4;                // AdamW step size, before RL.LR_SCALING
  double weight_decay = 1e-4;
  bool use_linear_lr_decay = true;
  int num_train_timesteps = 1000;  // noise levels in training
  double beta_start = 1e-4;        // variance of the first level
  double beta_end = 0.02;          // variance of the last level
  BetaSchedule beta_schedule = BetaSchedule::kLinear;
  PredictionType prediction_type = PredictionType::kEpsilon;
  int batch_size = 32;   // plans an optimiser step denoises, over all ranks
  int num_workers = 4;   // threads that read demonstrations; 0 reads on the training thread
  int context_size = 5;  // observations attended to, the present one included, never future ones
  bool use_transformer_encoder = true;
  int mha_num_attention_heads = 4;
  int mha_num_attention_layers = 2;
  int mha_ff_dim_factor = 4;  // feed-forward width as a multiple of obs_dim
  bool use_goal_predictor = true;
  int goal_predictor_k_rows = 5;  // goal cells over the crop, rows
  int goal_predictor_k_cols = 5;  // goal cells, columns
  int goal_predictor_n_rays = 8;  // directions for goals outside the cells

  // InkNav's own.
  Sampler sampler = Sampler::kDdim;
  TimestepSpacing timestep_spacing = TimestepSpacing::kTrailing;  // leading shrinks the spread at few steps
  int num_candidates = 4;       // plans drawn at once in an evaluation, of which the best is followed
  double warm_start = 0.0;      // part of the noise levels passed over when the last plan is refined
  double diffusion_coef = 1.0;  // weight of the denoising loss
  double demo_share = 0.5;      // part of the updates that learn from DIFFUSION_DATA_DIR, if it names any
  double ema_power = 0.75;      // averaging of the weights that evaluations use: 1 - (1 + k)^-power ...
  double ema_max = 0.9999;      // ... at most this

  Problems validate() const;
};

void describe(DiffusionConfig& config, FieldVisitor& visitor);

}  // namespace inknav::config
