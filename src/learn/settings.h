// SPDX-License-Identifier: MIT
#pragma once
// Settings of the learner: plain aggregates, filled from the configuration by learn/settings_from_config.
// They stop at constructors. Units are SI; angles in radians.
//
// PolicySettings is stored as JSON in every checkpoint, so that an evaluation rebuilds the network without
// the training configuration.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::learn {

enum class Backbone : std::uint8_t { kNone, kSmallCnn, kSeResNet9 };
enum class Recurrence : std::uint8_t { kNone, kGru, kLstm };

/// How the drawing is read (spec/sketch.md, "Reading").
struct ReadingSettings {
  bool enabled = false;  // false: the policy never sees the drawing
  int crop_cells = 48;   // side of a crop, multiple of 4
  float metres_per_cell = 0.15f;
  int channels = 32;          // width of the network that sees both crops
  float belief_gain = 0.3f;   // part of the predicted correction that is applied each step
  int drawing_size = 128;     // S of the drawing planes
  int grid_size = 512;        // G of the occupancy map
  float grid_cell = 0.1f;     // metres
  int drawing_features = 16;  // size of the embedding of the whole drawing, 0 = none
};

struct PolicySettings {
  int num_actions = 4;
  std::vector<std::string> number_fields;  // f32 fields of the environment that are read as plain numbers
  int vector_size = 0;  // plain numbers per observation, those of the drawing's reading included
  Backbone backbone = Backbone::kNone;
  bool use_depth = true;  // what the backbone sees, where the environment has it
  bool use_rgb = false;
  int image_height = 0;
  int image_width = 0;
  int image_channels = 0;  // 1 depth, 3 rgb, 4 both
  int base_planes = 32;    // of the visual backbone
  Recurrence recurrence = Recurrence::kGru;
  int hidden_size = 512;
  ReadingSettings reading;
  bool decode_waypoint = false;    // logits from the waypoint's bearing, with hysteresis (needs 4 actions)
  float turn_angle = 0.17453293f;  // radians a turn action makes
  bool predict_goal = false;

  std::string to_json() const;
  static base::Result<PolicySettings> from_json(std::string_view text, std::string_view name);
};

/// RL.PPO; meaning and defaults in spec/cli-config.md.
struct PpoSettings {
  float clip_param = 0.2f;
  int ppo_epoch = 4;
  int num_mini_batch = 16;
  float value_loss_coef = 0.5f;
  float entropy_coef = 0.01f;
  float lr = 7e-4f;
  float eps = 1e-5f;
  float max_grad_norm = 0.5f;
  int num_steps = 5;
  bool use_gae = true;
  bool use_linear_lr_decay = false;
  bool use_linear_clip_decay = false;
  bool use_clipped_value_loss = true;
  float gamma = 0.99f;
  float tau = 0.95f;
  int reward_window_size = 50;
  float weight_decay = 1e-4f;
  bool use_behavior_cloning = false;
  float behavior_cloning_coef = 0.0f;
  float goal_prediction_coef = 0.1f;
  float goal_prediction_lr = 7e-4f;
  bool normalize_advantage = false;  // to mean 0, deviation 1 over a rollout of all ranks
};

/// Imitation (DAgger) before and beside PPO, and the curriculum of the belief.
struct ImitationSettings {
  int updates = 0;                // the first updates are imitation only
  float expert_mix_start = 0.0f;  // part of the actions that are the expert's, at update 0 ...
  float expert_mix_end = 0.0f;    // ... falling linearly to this at update expert_mix_updates
  int expert_mix_updates = 0;
  float stop_execution = 0.3f;  // in imitation STOP is carried out only where it is right, and this often
  float stop_label_distance = 0.5f;  // metres still to walk at which STOP is the right answer
  float waypoint_coef = 0.0f;
  float correction_coef = 0.0f;
  float belief_reset_start =
      0.0f;                       // chance a step that the belief is set to truth plus noise, at update 0 ...
  float belief_reset_end = 0.0f;  // ... and from update belief_updates on
  int belief_updates = 0;
  float noise_position = 0.5f;  // metres, greatest standard deviation of that noise
  float noise_heading = 0.15f;  // radians
  float noise_log_scale = 0.12f;
};

}  // namespace inknav::learn
