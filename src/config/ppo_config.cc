// SPDX-License-Identifier: MIT
#include "config/ppo_config.h"

namespace inknav::config {

void describe(PpoConfig& c, FieldVisitor& v) {
  v.field(
      {.key = "clip_param", .doc = "the ratio is clipped to [1 - clip, 1 + clip]", .low = 1e-3, .high = 1},
      c.clip_param);
  v.field({.key = "ppo_epoch", .doc = "passes over a rollout", .low = 1, .high = 1000}, c.ppo_epoch);
  v.field({.key = "num_mini_batch",
           .doc = "minibatches a pass; must divide the environments of a rank",
           .low = 1,
           .high = 1e6},
          c.num_mini_batch);
  v.field({.key = "value_loss_coef", .doc = "weight of the value loss", .low = 0, .high = 1e3},
          c.value_loss_coef);
  v.field({.key = "entropy_coef", .doc = "weight of the entropy bonus", .low = 0, .high = 10},
          c.entropy_coef);
  v.field({.key = "lr", .doc = "AdamW step size, before RL.LR_SCALING", .low = 0, .high = 1}, c.lr);
  v.field({.key = "eps", .doc = "AdamW epsilon", .low = 1e-12, .high = 1}, c.eps);
  v.field({.key = "max_grad_norm", .doc = "global gradient norm; 0 does not clip", .low = 0, .high = 1e6},
          c.max_grad_norm);
  v.field({.key = "num_steps", .doc = "steps an environment in a rollout", .low = 1, .high = 65536},
          c.num_steps);
  v.field(
      {.key = "sync_frac",
       .doc =
           "once this share of the ranks has its rollout the others cut theirs; 0: never, for results that "
           "do not depend on timing; DD-PPO: 0.6",
       .low = 0,
       .high = 1},
      c.sync_frac);
  v.choice(
      {.key = "use_double_buffered_sampler",
       .doc = "half of a rank's environments are simulated while the network is at work on the other half; "
              "auto: on a GPU"},
      c.use_double_buffered_sampler, {"auto", "True", "False"});
  v.field({.key = "hidden_size", .doc = "recurrent state", .low = 1, .high = 16384}, c.hidden_size);
  v.field({.key = "use_gae", .doc = "generalised advantage estimation; else plain returns"}, c.use_gae);
  v.field({.key = "use_linear_lr_decay", .doc = "lr falls to 0 over NUM_UPDATES"}, c.use_linear_lr_decay);
  v.field({.key = "use_linear_clip_decay", .doc = "clip_param falls to 0 over NUM_UPDATES"},
          c.use_linear_clip_decay);
  v.field({.key = "gamma", .doc = "discount a step", .low = 0, .high = 1}, c.gamma);
  v.field({.key = "tau", .doc = "lambda of the advantage estimate", .low = 0, .high = 1}, c.tau);
  v.field({.key = "reward_window_size",
           .doc = "episodes in the running means of the log",
           .low = 1,
           .high = 1e6,
           .shapes_result = false},
          c.reward_window_size);
  v.field(
      {.key = "expert_reward_coef", .doc = "reward when the action is the expert's", .low = 0, .high = 1e3},
      c.expert_reward_coef);
  v.field({.key = "use_behavior_cloning", .doc = "adds the cross entropy to the expert's action"},
          c.use_behavior_cloning);
  v.field({.key = "behavior_cloning_coef", .doc = "its weight", .low = 0, .high = 1e3},
          c.behavior_cloning_coef);
  v.field({.key = "weight_decay", .doc = "decoupled weight decay", .low = 0, .high = 1}, c.weight_decay);
  v.field({.key = "goal_pred_lr", .doc = "step size of the goal prediction head", .low = 0, .high = 1},
          c.goal_pred_lr);
  v.field({.key = "normalize_advantage", .doc = "to mean 0, deviation 1 in a rollout"},
          c.normalize_advantage);
  v.field({.key = "use_clipped_value_loss", .doc = "clips the value's change like the ratio"},
          c.use_clipped_value_loss);
  v.choice({.key = "optimizer", .doc = "adam (AdamW) or, for large batches, lamb"}, c.optimizer,
           {"adam", "lamb"});
  v.choice({.key = "precision",
            .doc = "of the networks' products, also of a diffusion policy; auto: bf16 on a GPU"},
           c.precision, {"auto", "fp32", "bf16"});
  v.field({.key = "overlap_sums",
           .doc = "several ranks: gradients are summed while the backward pass goes on; False: after it",
           .shapes_result = false},
          c.overlap_sums);
  v.choice({.key = "rnn_type", .doc = "recurrent core"}, c.rnn_type, {"none", "GRU", "LSTM"});
  v.field({.key = "imitation_updates",
           .doc = "the first so many updates train only the imitation losses",
           .low = 0,
           .high = 1e9},
          c.imitation_updates);
  v.field({.key = "expert_mix_start",
           .doc = "probability of the expert's action in rollouts at update 0",
           .low = 0,
           .high = 1},
          c.expert_mix_start);
  v.field(
      {.key = "expert_mix_end", .doc = "and from expert_mix_updates on; linear between", .low = 0, .high = 1},
      c.expert_mix_end);
  v.field({.key = "expert_mix_updates", .doc = "updates of that fall", .low = 0, .high = 1e9},
          c.expert_mix_updates);
  v.field({.key = "correction_coef",
           .doc = "weight of the belief correction's supervision (exact drawings only)",
           .low = 0,
           .high = 1e3},
          c.correction_coef);
  v.field({.key = "waypoint_coef", .doc = "weight of the expert's waypoint", .low = 0, .high = 1e3},
          c.waypoint_coef);
  v.field(
      {.key = "goal_pred_coef", .doc = "weight of goal prediction when PREDICT_GOAL", .low = 0, .high = 1e3},
      c.goal_pred_coef);
  v.field({.key = "decode_waypoint", .doc = "actions by the waypoint's bearing, with hysteresis"},
          c.decode_waypoint);
  v.field({.key = "stop_execution",
           .doc = "imitation: part of the expert's STOPs that are carried out",
           .low = 0,
           .high = 1},
          c.stop_execution);
  v.field({.key = "stop_label_distance",
           .doc = "metres of route left at which STOP is the label",
           .low = 0,
           .high = 10},
          c.stop_label_distance);
  v.field({.key = "belief_reset_start",
           .doc = "chance a step that the belief becomes truth plus noise, at update 0",
           .low = 0,
           .high = 1},
          c.belief_reset_start);
  v.field({.key = "belief_reset_end", .doc = "and from half of imitation_updates on", .low = 0, .high = 1},
          c.belief_reset_end);
  v.field({.key = "belief_noise_position", .doc = "deviation of that noise, metres", .low = 0, .high = 10},
          c.belief_noise_position);
  v.field({.key = "belief_noise_heading", .doc = "deviation of that noise, radians", .low = 0, .high = 3.2},
          c.belief_noise_heading);
  v.field(
      {.key = "belief_noise_log_scale", .doc = "deviation of that noise, ln of scale", .low = 0, .high = 3},
      c.belief_noise_log_scale);
}

Problems PpoConfig::validate() const {
  Problems problems;
  if (use_behavior_cloning && behavior_cloning_coef == 0.0) {
    problems.push_back({"use_behavior_cloning",
                        "is True but behavior_cloning_coef is 0, so nothing is cloned; set the coefficient "
                        "(0.5 is a start) or use_behavior_cloning False"});
  }
  return problems;
}

}  // namespace inknav::config
