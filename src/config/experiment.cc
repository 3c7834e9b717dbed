// SPDX-License-Identifier: MIT
#include "config/experiment.h"

namespace inknav::config {
namespace {

void describe_run(ExperimentConfig& c, FieldVisitor& v) {
  v.field({.key = "SEED", .doc = "of all randomness", .low = 0, .high = 9007199254740992.0}, c.seed);
  v.field({.key = "BASE_TASK_CONFIG_PATH",
           .doc = "task file that fills TASK_CONFIG; \"\": TASK_CONFIG stands in this file",
           .shapes_result = false},
          c.base_task_config_path);
  v.field({.key = "USE_DIFFUSION_POLICY", .doc = "diffusion policy instead of PPO"}, c.use_diffusion_policy);
  v.field({.key = "NUM_PROCESSES", .doc = "environments over all ranks, or auto", .low = 1, .high = 1e6},
          c.num_processes);
  v.field({.key = "USE_VECENV", .doc = "accepted; environments are always arrays", .shapes_result = false},
          c.use_vecenv);
  v.field({.key = "USE_SYNC_VECENV", .doc = "step on the calling thread", .shapes_result = false},
          c.use_sync_vecenv);
  v.field({.key = "NUM_UPDATES", .doc = "rollouts with their updates", .low = 1, .high = 1e12},
          c.num_updates);
  v.field({.key = "LOG_INTERVAL", .doc = "updates", .low = 1, .high = 1e9, .shapes_result = false},
          c.log_interval);
  v.field({.key = "CHECKPOINT_INTERVAL", .doc = "updates", .low = 1, .high = 1e9, .shapes_result = false},
          c.checkpoint_interval);
  v.field({.key = "NUM_RANKS",
           .doc = "CPU ranks; auto: one a core, at most NUM_PROCESSES",
           .low = 1,
           .high = 1024},
          c.num_ranks);
  v.field({.key = "NUM_THREADS",
           .doc = "simulation threads a rank; auto: cores / ranks",
           .low = 1,
           .high = 4096,
           .shapes_result = false},
          c.num_threads);
  v.field({.key = "GPU_IDS",
           .doc = "\"0,2\" or [0, 2]: exactly these",
           .low = 0,
           .high = 1024,
           .shapes_result = false},
          c.gpu_ids);
  v.field(
      {.key = "NUM_GPUS", .doc = "devices 0..N-1; auto: all", .low = 0, .high = 1024, .shapes_result = false},
      c.num_gpus);
  v.field({.key = "SIMULATOR_GPU_ID",
           .doc = "of a single-GPU run",
           .low = 0,
           .high = 1024,
           .shapes_result = false},
          c.simulator_gpu_id);
  v.field(
      {.key = "TORCH_GPU_ID", .doc = "of a single-GPU run", .low = 0, .high = 1024, .shapes_result = false},
      c.torch_gpu_id);
  v.field({.key = "DEBUG", .doc = "more in the log", .shapes_result = false}, c.debug);
}

void describe_policy(ExperimentConfig& c, FieldVisitor& v) {
  v.list({.key = "SENSORS", .doc = "cameras to simulate"}, c.sensors, {"RGB_SENSOR", "DEPTH_SENSOR"});
  v.field({.key = "EXTRA_RGB", .doc = "the policy gets rgb"}, c.extra_rgb);
  v.field({.key = "EXTRA_DEPTH", .doc = "the policy gets depth"}, c.extra_depth);
  v.field({.key = "SLAM", .doc = "the policy gets the explored map as a picture"}, c.slam);
  v.field({.key = "USE_VAE", .doc = "lineage: drawing through an auto-encoder"}, c.use_vae);
  v.field({.key = "USE_POINTNAV", .doc = "baseline: true goal vector instead of the drawing"},
          c.use_pointnav);
  v.field({.key = "PREDICT_GOAL", .doc = "trains the policy to say where the goal is"}, c.predict_goal);
  v.field({.key = "USE_EXPERT_ACTIONS", .doc = "the expert acts"}, c.use_expert_actions);
  v.field({.key = "CONTINUOUS", .doc = "lineage: must stay False"}, c.continuous);
}

void describe_output(ExperimentConfig& c, FieldVisitor& v) {
  v.field({.key = "DISPLAY_RESOLUTION",
           .doc = "pixels of video tiles",
           .low = 16,
           .high = 4096,
           .shapes_result = false},
          c.display_resolution);
  v.list({.key = "VIDEO_OPTION", .doc = "where videos go; [] makes none", .shapes_result = false},
         c.video_option, {"disk", "tensorboard"});
  v.list({.key = "VISUALIZATION_OPTION", .doc = "what is shown beside the camera", .shapes_result = false},
         c.visualization_option, {"top_down_map"});
  v.field({.key = "TEST_EPISODE_COUNT",
           .doc = "episodes of the quick evaluation",
           .low = 0,
           .high = 1e9,
           .shapes_result = false},
          c.test_episode_count);
  v.field({.key = "USE_LAST_CKPT", .doc = "eval: only the newest checkpoint", .shapes_result = false},
          c.use_last_ckpt);
  v.field({.key = "KEEP_LAST_CHECKPOINTS",
           .doc = "besides best and final",
           .low = 1,
           .high = 1e6,
           .shapes_result = false},
          c.keep_last_checkpoints);
  v.field({.key = "KEEP_EVERY_CHECKPOINT",
           .doc = "keep each so many-th for good; 0: none",
           .low = 0,
           .high = 1e6,
           .shapes_result = false},
          c.keep_every_checkpoint);
  v.field({.key = "DIFFUSION_DATA_DIR", .doc = "demonstrations", .shapes_result = false},
          c.diffusion_data_dir);
  v.field({.key = "TENSORBOARD_DIR", .doc = "\"\": <model-dir>/tb", .shapes_result = false},
          c.tensorboard_dir);
  v.field({.key = "CHECKPOINT_FOLDER", .doc = "\"\": <model-dir>/data", .shapes_result = false},
          c.checkpoint_folder);
  v.field({.key = "EVAL_CKPT_PATH_DIR", .doc = "a checkpoint or a folder of them", .shapes_result = false},
          c.eval_ckpt_path_dir);
  v.field({.key = "VIDEO_DIR", .doc = "\"\": <model-dir>/video_dir", .shapes_result = false}, c.video_dir);
  v.field({.key = "LOG_FILE", .doc = "\"\": <model-dir>/train.log", .shapes_result = false}, c.log_file);
  v.field({.key = "CACHE_DIR", .doc = "scenes, navmeshes, BVHs; safe to delete", .shapes_result = false},
          c.cache_dir);
}

}  // namespace

void describe(RlConfig& c, FieldVisitor& v) {
  v.field({.key = "SUCCESS_REWARD", .doc = "on STOP within the success distance", .low = -1e4, .high = 1e4},
          c.success_reward);
  v.field({.key = "SLACK_REWARD", .doc = "each step, with WITH_TIME_PENALTY", .low = -100, .high = 100},
          c.slack_reward);
  v.field({.key = "WITH_TIME_PENALTY", .doc = "adds SLACK_REWARD"}, c.with_time_penalty);
  v.field({.key = "WITH_DISTANCE_REWARD", .doc = "rewards progress along the drawn route"},
          c.with_distance_reward);
  v.field({.key = "DISTANCE_REWARD_SCALE", .doc = "reward a metre of that progress", .low = 0, .high = 1e4},
          c.distance_reward_scale);
  v.field({.key = "TIME_DIFF", .doc = "lineage: must stay False"}, c.time_diff);
  v.choice(
      {.key = "LR_SCALING",
       .doc = "growth of learning rates with the ranks; NUM_PROCESSES is a total, so none keeps the result"},
      c.lr_scaling, {"none", "sqrt", "linear"});
  v.section({.key = "PPO", .doc = "proximal policy optimisation"}, c.ppo);
  v.section({.key = "DIFFUSION", .doc = "diffusion policy"}, c.diffusion);
}

Problems RlConfig::validate() const {
  Problems problems;
  if (time_diff) problems.push_back({"TIME_DIFF", "= True is not supported; leave it False"});
  return problems;
}

void describe(EvalConfig& c, FieldVisitor& v) {
  v.field({.key = "SPLIT", .doc = "split that is walked", .shapes_result = false}, c.split);
  v.field(
      {.key = "USE_CKPT_CONFIG", .doc = "network and task come from the checkpoint", .shapes_result = false},
      c.use_ckpt_config);
  v.field({.key = "EPISODES",
           .doc = "a track; 0: all of the split",
           .low = 0,
           .high = 1e9,
           .shapes_result = false},
          c.episodes);
  v.list({.key = "CONTROLS", .doc = "tracks beside the plain one", .shapes_result = false}, c.controls,
         {"wrong_drawing", "no_drawing", "dead_reckoning", "perfect_registration"});
  v.field({.key = "VIDEO_EPISODES",
           .doc = "with a video, failures first",
           .low = 0,
           .high = 1e4,
           .shapes_result = false},
          c.video_episodes);
}

void describe(ExperimentConfig& c, FieldVisitor& v) {
  describe_run(c, v);
  describe_policy(c, v);
  describe_output(c, v);
  v.section({.key = "RL", .doc = "reward and learners"}, c.rl);
  v.section({.key = "MODEL", .doc = "network of the PPO policy"}, c.model);
  v.section({.key = "EVAL", .doc = "evaluation"}, c.eval);
  v.section({.key = "TASK_CONFIG", .doc = "the task; see BASE_TASK_CONFIG_PATH"}, c.task_config);
}

Problems ExperimentConfig::validate() const {
  Problems problems;
  if (num_processes && num_ranks && *num_processes % *num_ranks != 0) {
    problems.push_back(
        {"NUM_PROCESSES", "= " + std::to_string(*num_processes) +
                              " is not a multiple of NUM_RANKS = " + std::to_string(*num_ranks) + "; use " +
                              std::to_string((*num_processes + *num_ranks - 1) / *num_ranks * *num_ranks)});
  }
  if (use_vae) {
    problems.push_back({"USE_VAE", "= True is not supported: the drawing is read directly; leave it False"});
  }
  if (continuous) {
    problems.push_back({"CONTINUOUS", "belongs to the lineage's audio simulator; leave it False"});
  }
  return problems;
}

}  // namespace inknav::config
