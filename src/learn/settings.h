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
#include "learn/diffusion/noise_schedule.h"
#include "learn/diffusion/sampler.h"
#include "learn/diffusion/unet1d_settings.h"

namespace inknav::learn {

enum class Backbone : std::uint8_t { kNone, kSmallCnn, kSeResNet9, kResNet18 };
/// What remembers: a recurrent core, or a window of the last observations (networks/context_core.h).
enum class Recurrence : std::uint8_t { kNone, kGru, kLstm, kTransformer, kStack };

/// How the drawing is read (spec/sketch.md, "Reading").
struct ReadingSettings {
  bool enabled = false;  // false: the policy never sees the drawing
  int crop_cells = 48;   // side of a crop, multiple of 4
  float metres_per_cell = 0.15f;
  int channels = 32;          // width of the network that sees both crops
  float belief_gain = 0.3f;   // part of the predicted correction that is applied each step
  int hypotheses = 0;         // of the registration of seen walls with drawn ones; 0: none
  int drawing_size = 128;     // S of the drawing planes
  int grid_size = 512;        // G of the occupancy map
  float grid_cell = 0.1f;     // metres
  int drawing_features = 16;  // size of the embedding of the whole drawing, 0 = none
};

/// The way ahead as a plan drawn by diffusion (spec/diffusion.md 3).
struct DiffusionSettings {
  bool enabled = false;
  int horizon = 16;  // waypoints of a plan, kWaypointSpacing apart; a multiple of 4
  int point_size =
      2;            // numbers a waypoint: increment (right, forward); 4: and the unit vector of its heading
  int width = 256;  // channels of the U-Net's lowest level, a multiple of 32; half and a quarter of it above
  NoiseScheduleSettings noise;
  SamplerSettings sampling;
  int n_action_steps = 4;  // steps between two plans
  int num_candidates = 1;  // plans drawn at once, one of them is followed
  float warm_start =
      0.0f;           // part of the noise levels passed over when the last plan is refined; 0: from noise
  int goal_rows = 0;  // cells of the goal predictor over the crop, 0: no goal predictor
  int goal_cols = 0;
  int goal_rays = 0;  // directions of goals outside the cells
};

/// Shape of the denoiser of such a policy with a condition of `condition_size` numbers.
Unet1dSettings denoiser_settings(const DiffusionSettings& settings, int condition_size);

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
  int context_window = 5;  // observations that kTransformer and kStack see, the present one included
  int attention_heads = 4;
  int attention_layers = 2;
  int attention_ff_factor = 4;
  ReadingSettings reading;
  DiffusionSettings diffusion;
  bool decode_waypoint = false;    // logits from the waypoint's bearing, with hysteresis (needs 4 actions)
  float turn_angle = 0.17453293f;  // radians a turn action makes
  bool predict_goal = false;

  std::string to_json() const;
  static base::Result<PolicySettings> from_json(std::string_view text, std::string_view name);
};

/// AdamW, or LAMB (You et al. 2020), whose steps are scaled layer by layer for large batches.
enum class Optimizer : std::uint8_t { kAdam, kLamb };
/// Numbers that the networks compute in; the weights, the losses and the optimiser are f32 always. kAuto:
/// bf16 on a GPU, f32 on the CPU.
enum class Precision : std::uint8_t { kAuto, kFp32, kBf16 };

/// RL.PPO; meaning and defaults in spec/cli-config.md.
struct PpoSettings {
  float clip_param = 0.2f;
  int ppo_epoch = 4;
  int num_mini_batch = 16;
  float value_loss_coef = 0.5f;
  float entropy_coef = 0.01f;
  Optimizer optimizer = Optimizer::kAdam;
  float lr = 7e-4f;
  float eps = 1e-5f;
  float max_grad_norm = 0.5f;
  int num_steps = 5;
  double sync_frac = 0.0;  // of ranks that are done before the others cut their rollouts; 0 = never
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
  bool overlap_sums = true;          // of the ranks' gradients with the backward pass; the bits are the same
};

/// What training of a diffusion policy has beside imitation.
struct DiffusionTraining {
  int batch_size = 32;      // plans an optimiser step denoises, over all ranks
  float coef = 1.0f;        // weight of the denoising loss
  double demo_share = 0.0;  // part of the updates that learn from recorded walks, where there are any
  double ema_power = 0.75;  // of EmaSettings
  double ema_max = 0.9999;
};

/// Where the learner computes (learn/placement.h).
struct ComputeSettings {
  int gpu = -1;         // index among the visible devices; -1: the CPU
  bool staged = false;  // the CPU by the way of a GPU, through buffers of its own: for tests
  bool graphs = false;  // work of fixed shape is recorded once and replayed; without a GPU: for tests
  Precision precision = Precision::kAuto;
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
