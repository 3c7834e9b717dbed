// SPDX-License-Identifier: MIT
#pragma once
// RL (reward) and RL.PPO settings. Key names are in ppo_config.cc and mean what the member says.
// Names and defaults are those of the lineage; members under "InkNav's own" have no counterpart there.

#include <cstdint>

#include "config/field.h"

namespace inknav::config {

enum class RnnType : std::uint8_t { kNone, kGru, kLstm };
/// Adam is AdamW; LAMB scales its steps layer by layer, for large batches.
enum class OptimizerChoice : std::uint8_t { kAdam, kLamb };
enum class PrecisionChoice : std::uint8_t { kAuto, kFp32, kBf16 };
/// kAuto: yes on a GPU.
enum class HalvesChoice : std::uint8_t { kAuto, kYes, kNo };
enum class LearningRateScaling : std::uint8_t { kNone, kSqrt, kLinear };

struct PpoConfig {
  double clip_param = 0.2;  // ratio is clipped to [1 - clip, 1 + clip]
  int ppo_epoch = 4;        // passes over a rollout
  int num_mini_batch = 16;  // per pass; must divide the environments of a rank (whole trajectories)
  double value_loss_coef = 0.5;
  double entropy_coef = 0.01;
  double lr = 7e-4;            // Adam step size, before RL.LR_SCALING
  double eps = 1e-5;           // Adam epsilon
  double max_grad_norm = 0.5;  // global norm; 0 does not clip
  int num_steps = 5;           // steps per environment in a rollout
  /// Straggler rule of DD-PPO: once this share of the ranks has its rollout, the others cut theirs, at a
  /// quarter of it at the earliest. 0 = off: with it results depend on timing.
  double sync_frac = 0.0;
  /// Half of the environments of a rank are simulated while the network is at work on the other half.
  HalvesChoice use_double_buffered_sampler = HalvesChoice::kAuto;
  int hidden_size = 512;               // recurrent state
  bool use_gae = true;                 // else plain discounted returns
  bool use_linear_lr_decay = false;    // lr falls to 0 over NUM_UPDATES
  bool use_linear_clip_decay = false;  // so does clip_param
  double gamma = 0.99;                 // discount a step
  double tau = 0.95;                   // GAE lambda
  int reward_window_size = 50;         // episodes in the running means of the log
  double expert_reward_coef = 0.1;     // reward when the action is the expert's
  bool use_behavior_cloning = false;
  double behavior_cloning_coef = 0.0;  // weight of the cross entropy to the expert's action
  double weight_decay = 1e-4;          // decoupled (AdamW)
  double goal_pred_lr = 7e-4;          // step size of the goal prediction head

  // InkNav's own.
  OptimizerChoice optimizer = OptimizerChoice::kAdam;
  PrecisionChoice precision = PrecisionChoice::kAuto;  // of the networks' products; auto: bf16 on a GPU only
  bool overlap_sums =
      true;  // of the ranks' gradients, while the backward pass goes on; the bits are the same
  bool normalize_advantage = false;  // to mean 0, deviation 1 in a rollout (over all ranks)
  RnnType rnn_type = RnnType::kGru;
  int imitation_updates = 0;      // the first so many updates train only the imitation losses
  double expert_mix_start = 0.0;  // probability that a rollout takes the expert's action, at update 0,
  double expert_mix_end = 0.0;    // and from expert_mix_updates on; linear between
  int expert_mix_updates = 0;
  double correction_coef = 0.0;  // weight of the belief correction's supervision (needs exact drawings)
  double waypoint_coef = 0.0;    // weight of the waypoint (bearing) supervision by the expert
  double goal_pred_coef = 0.1;   // weight of goal prediction when PREDICT_GOAL
  bool use_clipped_value_loss = true;
  bool decode_waypoint = false;      // actions by the waypoint's bearing with hysteresis, not by a classifier
  double stop_execution = 0.3;       // imitation: part of the expert's STOPs that are carried out
  double stop_label_distance = 0.5;  // metres of route left at which STOP is the label
  double belief_reset_start = 0.3;   // chance a step that the belief is set to truth plus noise, at update 0,
  double belief_reset_end = 0.02;    // and from half of imitation_updates on
  double belief_noise_position = 0.5;  // metres, one standard deviation of that noise
  double belief_noise_heading = 0.15;  // radians
  double belief_noise_log_scale = 0.12;

  Problems validate() const;
};

void describe(PpoConfig& config, FieldVisitor& visitor);

}  // namespace inknav::config
