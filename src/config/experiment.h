// SPDX-License-Identifier: MIT
#pragma once
// ExperimentConfig: everything an experiment file can say, as plain aggregates with in-class defaults.
// Filled by config/load.h; inner code never sees YAML. The key of a member is in experiment.cc.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diffusion_config.h"
#include "config/model_config.h"
#include "config/ppo_config.h"
#include "config/task_config.h"

namespace inknav::config {

/// RL: the reward, and the learners below it.
struct RlConfig {
  double success_reward = 10.0;  // on STOP within the success distance
  double slack_reward = -0.01;   // each step, when with_time_penalty
  bool with_time_penalty = true;
  bool with_distance_reward = true;
  double distance_reward_scale = 3.0;  // reward per metre of progress along the drawn route
  std::string reward_measure = "distance_to_goal_reward";  // Habitat's tasks: added each step
  std::string success_measure = "spl";  // Habitat's tasks: other than 0 earns success_reward
  bool time_diff = false;               // lineage: a reward on wall time; only False is supported
  /// How learning rates grow with the number of ranks. none is right when NUM_PROCESSES (a total) is kept:
  /// the batch of an update is then the same for any number of ranks, and so is the result.
  LearningRateScaling lr_scaling = LearningRateScaling::kNone;
  PpoConfig ppo;
  DiffusionConfig diffusion;

  Problems validate() const;
};

struct EvalConfig {
  std::string split = "val";
  bool use_ckpt_config = true;  // network and task settings come from the checkpoint
  std::int64_t episodes = 0;    // episodes per track; 0 = all of the split
  std::vector<std::string> controls{"wrong_drawing", "no_drawing"};  // tracks run beside the plain one
  std::string control_splits;  // those of SPLIT whose controls are run, comma separated; empty = all
  int video_episodes = 4;      // episodes with a video in the report, failures first

  Problems validate() const { return {}; }
};

struct ExperimentConfig {
  std::int64_t seed = 0;
  std::string base_task_config_path = "configs/hwnav_base.yaml";  // "": TASK_CONFIG stands in this file
  bool use_diffusion_policy = false;
  double vary_drawings = 0.0;            // InkNav's own: of each training episode, 0 not, 1 fully
  std::optional<int> num_processes = 8;  // environments over all ranks; nullopt = auto
  bool use_sync_vecenv = false;          // step on the calling thread
  std::int64_t num_updates = 10000;
  std::int64_t log_interval = 10;         // updates
  std::int64_t checkpoint_interval = 50;  // updates
  std::vector<std::string> sensors{"RGB_SENSOR", "DEPTH_SENSOR"};
  bool extra_rgb = false;     // the policy looks at rgb; needs RGB_SENSOR in sensors
  bool extra_depth = true;    // the policy looks at depth, where DEPTH_SENSOR is in sensors
  bool slam = false;          // the policy gets the explored map; with a drawing it always does
  bool use_vae = false;       // lineage: drawing through an auto-encoder; only False is supported
  bool use_pointnav = false;  // baseline: the true goal vector instead of the drawing
  bool predict_goal = true;
  int display_resolution = 128;  // pixels of video tiles
  bool debug = false;            // every update with all its figures in train.log
  bool continuous = false;       // lineage: continuous audio; only False is supported
  std::vector<std::string> video_option{"disk", "tensorboard"};
  std::vector<std::string> visualization_option{"top_down_map"};
  std::int64_t test_episode_count = 2;  // episodes of EVAL.SPLIT walked at each checkpoint; 0 = none
  bool use_last_ckpt = false;           // eval: only the newest checkpoint
  bool use_expert_actions = false;      // eval: the expert acts instead of a policy, the upper bound
  std::optional<std::vector<int>> gpu_ids;
  std::optional<int> num_gpus;     // nullopt = auto: all that are visible
  std::string diffusion_data_dir;  // demonstrations of the diffusion learner
  std::string tensorboard_dir;     // "" in these paths: derived from the model directory
  std::string checkpoint_folder;
  std::string eval_ckpt_path_dir;
  std::string video_dir;
  std::string log_file;

  // InkNav's own.
  std::optional<int> num_ranks;          // CPU ranks; nullopt = auto: one a core, at most NUM_PROCESSES
  std::optional<int> num_threads;        // simulation threads a rank; nullopt = auto: cores / ranks
  std::string network_interface;         // over which ranks of several machines meet; "" = loopback only
  double meeting_seconds = 120.0;        // for all ranks to come
  double peer_seconds = 30.0;            // a rank that is silent for so long is lost
  std::string cache_dir = "data/cache";  // scenes, navmeshes and BVHs by content; safe to delete
  int keep_last_checkpoints = 3;         // besides best and final
  int keep_every_checkpoint = 0;         // keep each so many-th for good; 0 = none

  RlConfig rl;
  ModelConfig model;
  EvalConfig eval;
  TaskConfig task_config;

  /// Whether the policy is told the true goal vector (TASK.TYPE Nav-v0; USE_POINTNAV, or a GOAL_SENSOR_UUID
  /// of that kind) instead of reading the drawing.
  bool is_pointnav() const;
  bool is_habitat_task() const;  // TASK.TYPE is one of Habitat's
  bool reads_drawing() const { return !is_pointnav() && !is_habitat_task(); }
  /// The environment's field of plain numbers that tells a policy the goal; "": none that a network here
  /// reads.
  std::string goal_field() const;
  bool has_camera(std::string_view sensor) const;  // "RGB_SENSOR", "DEPTH_SENSOR" in SENSORS

  Problems validate() const;
};

/// Settings that are accepted but change nothing, with the reason, for the log.
Problems without_effect(const ExperimentConfig& config);

void describe(RlConfig& config, FieldVisitor& visitor);
void describe(EvalConfig& config, FieldVisitor& visitor);
void describe(ExperimentConfig& config, FieldVisitor& visitor);

}  // namespace inknav::config
