// SPDX-License-Identifier: MIT
// Every configuration key does what it says: the table below names for each key another value and what must
// then change among the typed settings that reach a constructor. A key without a row fails the test, and so
// does one that is read by nobody. Keys whose effect is on files and commands are followed to it in
// config_effect_test.cc and elsewhere; their rows say where.
// docs/configuration.md is written from the same table: INKNAV_WRITE_DOCS=1 inknav_app_test
// --gtest_filter='ConfigKeys.*' renews it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "app/evaluation_cards.h"
#include "app/tiny_experiment.h"
#include "config/listing.h"
#include "config/load.h"
#include "learn/settings_from_config.h"
#include "run/device_choice.h"
#include "run/run_directory.h"
#include "task/env_from_config.h"

namespace inknav::app {
namespace {

using Config = config::ExperimentConfig;
using Observe = std::string (*)(const Config&);

task::NavigationEnvSettings env_of(const Config& c) { return task::env_settings(c, {0, 2, 2}); }

learn::TrainerSettings trainer_of(const Config& c) {
  const task::NavigationEnvSettings env = env_of(c);
  const auto side = [](int pixels) { return static_cast<std::int64_t>(pixels); };
  const std::int64_t grid = env.simulator.mapper.grid_size, drawing = env.drawing_size;
  const render::CameraSpec& camera = env.simulator.sensors.camera;
  task::EnvSpec spec;
  spec.num_envs = 2;
  spec.num_actions = 4;
  const auto add = [&](const char* name, std::vector<std::int64_t> shape) {
    spec.fields.push_back({name, base::DType::kF32, std::move(shape)});
  };
  add("gps", {2});
  add("compass", {1});
  add("pointgoal", {2});
  add("occupancy", {grid, grid});
  add("drawing_planes", {4, drawing, drawing});
  add("depth", {side(camera.height), side(camera.width)});
  if (env.simulator.sensors.rgb) add("rgb", {side(camera.height), side(camera.width), 3});
  return learn::trainer_settings(c, spec, env, /*world_size=*/4);
}

learn::PpoSettings ppo_of(const Config& c) { return trainer_of(c).ppo; }
learn::ImitationSettings imitation_of(const Config& c) { return trainer_of(c).imitation; }
learn::PolicySettings policy_of(const Config& c) { return trainer_of(c).policy; }
sim::SensorSettings sensors_of(const Config& c) { return env_of(c).simulator.sensors; }

template <typename Value>
std::string text(const Value& value) {
  return fmt::format("{}", value);
}
std::string text(const base::Vec3& v) { return fmt::format("{} {} {}", v.x, v.y, v.z); }

std::string plan(const Config& c) {
  const auto plan = run::plan_cpu(c.num_ranks, c.num_threads, c.num_processes, 8, 1);
  return plan.ok() ? fmt::format("{} {} {}", plan->num_ranks, plan->threads_per_rank, plan->envs_per_rank)
                   : plan.error().message;
}

/// "{split}" and "{version}" of the dataset's paths in the place where they are used.
std::string list_path(const Config& c) {
  const auto dataset = task::load_dataset(c, c.task_config.dataset.split);
  return dataset.ok() ? "" : dataset.error().message;
}

#define OBSERVE(expression) +[](const Config& c) { return text(expression); }

struct Row {
  const char* key;
  const char* value;   // another one than the default
  const char* reader;  // for docs/configuration.md
  Observe observe;     // null: `reader` names where the effect is; tested in config_effect_test.cc and others
  std::vector<std::string> with = {};  // other overrides that the key needs to matter
};

std::vector<Row> run_rows() {
  return {
      {"SEED", "7", "everything random", OBSERVE(env_of(c).seed + trainer_of(c).seed)},
      {"BASE_TASK_CONFIG_PATH", "configs/hwnav_base.yaml", "the loader", nullptr},
      {"USE_DIFFUSION_POLICY", "True", "train: which learner", nullptr},
      {"VARY_DRAWINGS", "0.5", "training drawings", OBSERVE(env_of(c).drawing_variation)},
      {"NUM_PROCESSES", "24", "environments over all ranks, and of eval", OBSERVE(plan(c))},
      {"NUM_RANKS", "2", "launch of ranks", OBSERVE(plan(c))},
      {"NUM_THREADS", "3", "simulation, rendering, maps", OBSERVE(plan(c)), {"NUM_RANKS", "1"}},
      {"USE_SYNC_VECENV", "True", "simulation", OBSERVE(task::step_threads(c, 8))},
      {"NETWORK_INTERFACE", "nosuch0", "meeting of ranks; refused where it is not there", nullptr},
      {"MEETING_SECONDS", "5", "meeting of ranks", nullptr},
      {"PEER_SECONDS", "5", "watch over ranks", nullptr},
      {"GPU_IDS", "[0, 1]", "choice of devices", nullptr},
      {"NUM_GPUS", "1", "choice of devices", nullptr},
      {"NUM_UPDATES", "33", "training", OBSERVE(trainer_of(c).num_updates)},
      {"LOG_INTERVAL", "1", "train.log", nullptr},
      {"CHECKPOINT_INTERVAL", "1", "checkpoints", nullptr},
      {"KEEP_LAST_CHECKPOINTS", "1", "checkpoints", nullptr},
      {"KEEP_EVERY_CHECKPOINT", "2", "checkpoints", nullptr},
      {"DEBUG", "True", "train.log", nullptr},
      {"TENSORBOARD_DIR", "elsewhere", "metrics", OBSERVE(run::run_paths(c, "m").tensorboard.string())},
      {"CHECKPOINT_FOLDER", "elsewhere", "checkpoints", OBSERVE(run::run_paths(c, "m").checkpoints.string())},
      {"VIDEO_DIR", "elsewhere", "eval", OBSERVE(run::run_paths(c, "m").videos.string())},
      {"LOG_FILE", "elsewhere", "train.log", OBSERVE(run::run_paths(c, "m").log_file.string())},
      {"EVAL_CKPT_PATH_DIR", "elsewhere", "eval: which checkpoints", nullptr},
      {"CACHE_DIR", "elsewhere", "scenes and navmeshes", OBSERVE(env_of(c).cache_dir->string())},
  };
}

std::vector<Row> policy_rows() {
  return {
      {"SENSORS", "[RGB_SENSOR]", "policy: pictures", OBSERVE(policy_of(c).use_depth)},
      {"EXTRA_RGB", "True", "policy: pictures", OBSERVE(policy_of(c).image_channels)},
      {"EXTRA_DEPTH", "False", "policy: pictures", OBSERVE(policy_of(c).use_depth)},
      {"SLAM", "True", "named as without effect, or refused with USE_POINTNAV", nullptr},
      {"USE_VAE", "True", "refused", nullptr},
      {"USE_POINTNAV", "True", "policy: goal vector instead of the drawing",
       OBSERVE(policy_of(c).reading.enabled)},
      {"PREDICT_GOAL", "False", "policy: goal head", OBSERVE(policy_of(c).predict_goal)},
      {"USE_EXPERT_ACTIONS", "True", "eval; refused by train", nullptr},
      {"CONTINUOUS", "True", "refused", nullptr},
      {"DISPLAY_RESOLUTION", "64", "eval: videos", nullptr},
      {"VIDEO_OPTION", "[]", "eval: videos", nullptr},
      {"VISUALIZATION_OPTION", "[]", "eval: videos", nullptr},
      {"TEST_EPISODE_COUNT", "0", "evaluation at checkpoints", nullptr},
      {"USE_LAST_CKPT", "True", "eval: which checkpoints", nullptr},
      {"RL.SUCCESS_REWARD", "3.0", "reward", OBSERVE(env_of(c).reward.success_reward)},
      {"RL.SLACK_REWARD", "-0.5", "reward", OBSERVE(env_of(c).reward.slack_reward)},
      {"RL.WITH_TIME_PENALTY", "False", "reward", OBSERVE(env_of(c).reward.with_time_penalty)},
      {"RL.WITH_DISTANCE_REWARD", "False", "reward", OBSERVE(env_of(c).reward.with_distance_reward)},
      {"RL.DISTANCE_REWARD_SCALE", "2.0", "reward", OBSERVE(env_of(c).reward.distance_reward_scale)},
      {"RL.TIME_DIFF", "True", "refused", nullptr},
      {"RL.LR_SCALING", "sqrt", "learning rates", OBSERVE(ppo_of(c).lr + ppo_of(c).goal_prediction_lr)},
      {"MODEL.BACKBONE", "small_cnn", "policy", OBSERVE(static_cast<int>(policy_of(c).backbone))},
      {"MODEL.BASE_PLANES", "8", "policy", OBSERVE(policy_of(c).base_planes)},
      {"MODEL.CROP_CELLS", "32", "policy: reading", OBSERVE(policy_of(c).reading.crop_cells)},
      {"MODEL.CROP_METRES_PER_CELL", "0.2", "policy: reading", OBSERVE(policy_of(c).reading.metres_per_cell)},
      {"MODEL.READING_CHANNELS", "16", "policy: reading", OBSERVE(policy_of(c).reading.channels)},
      {"MODEL.BELIEF_GAIN", "0.5", "policy: reading", OBSERVE(policy_of(c).reading.belief_gain)},
      {"MODEL.BELIEF_HYPOTHESES", "64", "policy: reading", OBSERVE(policy_of(c).reading.hypotheses)},
      {"MODEL.DRAWING_EMBEDDING", "32", "policy: reading", OBSERVE(policy_of(c).reading.drawing_features)},
      {"EVAL.SPLIT", "test", "eval", nullptr},
      {"EVAL.USE_CKPT_CONFIG", "False", "eval", nullptr},
      {"EVAL.EPISODES", "1", "eval", nullptr},
      {"EVAL.CONTROLS", "[]", "eval", nullptr},
      {"EVAL.CONTROL_SPLITS", "val", "eval", nullptr},
      {"EVAL.VIDEO_EPISODES", "0", "eval", nullptr},
  };
}

std::vector<Row> ppo_rows() {
  const std::vector<std::string> with_correction = {"RL.PPO.correction_coef", "1.0"};
  return {
      {"RL.PPO.clip_param", "0.1", "PPO loss", OBSERVE(ppo_of(c).clip_param)},
      {"RL.PPO.ppo_epoch", "2", "updates", OBSERVE(ppo_of(c).ppo_epoch)},
      {"RL.PPO.num_mini_batch", "8", "updates", OBSERVE(ppo_of(c).num_mini_batch)},
      {"RL.PPO.value_loss_coef", "0.1", "PPO loss", OBSERVE(ppo_of(c).value_loss_coef)},
      {"RL.PPO.entropy_coef", "0.1", "PPO loss", OBSERVE(ppo_of(c).entropy_coef)},
      {"RL.PPO.lr", "1e-3", "AdamW", OBSERVE(ppo_of(c).lr)},
      {"RL.PPO.eps", "1e-3", "AdamW", OBSERVE(ppo_of(c).eps)},
      {"RL.PPO.max_grad_norm", "2.0", "AdamW", OBSERVE(ppo_of(c).max_grad_norm)},
      {"RL.PPO.num_steps", "9", "rollouts", OBSERVE(ppo_of(c).num_steps)},
      {"RL.PPO.sync_frac", "0.6", "rollouts of several ranks", OBSERVE(ppo_of(c).sync_frac)},
      {"RL.PPO.use_double_buffered_sampler", "True", "rollouts",
       OBSERVE(static_cast<int>(trainer_of(c).two_halves))},
      {"RL.PPO.hidden_size", "32", "policy", OBSERVE(policy_of(c).hidden_size)},
      {"RL.PPO.use_gae", "False", "returns", OBSERVE(ppo_of(c).use_gae)},
      {"RL.PPO.use_linear_lr_decay", "True", "AdamW", OBSERVE(ppo_of(c).use_linear_lr_decay)},
      {"RL.PPO.use_linear_clip_decay", "True", "PPO loss", OBSERVE(ppo_of(c).use_linear_clip_decay)},
      {"RL.PPO.gamma", "0.9", "returns", OBSERVE(ppo_of(c).gamma)},
      {"RL.PPO.tau", "0.5", "returns", OBSERVE(ppo_of(c).tau)},
      {"RL.PPO.reward_window_size", "5", "metrics", OBSERVE(ppo_of(c).reward_window_size)},
      {"RL.PPO.expert_reward_coef", "0.7", "reward", OBSERVE(env_of(c).reward.expert_reward)},
      {"RL.PPO.use_behavior_cloning",
       "True",
       "imitation loss",
       OBSERVE(ppo_of(c).use_behavior_cloning),
       {"RL.PPO.behavior_cloning_coef", "1.0"}},
      {"RL.PPO.behavior_cloning_coef", "0.5", "imitation loss", OBSERVE(ppo_of(c).behavior_cloning_coef)},
      {"RL.PPO.weight_decay", "0.1", "AdamW", OBSERVE(ppo_of(c).weight_decay)},
      {"RL.PPO.goal_pred_lr", "1e-3", "AdamW of the goal head", OBSERVE(ppo_of(c).goal_prediction_lr)},
      {"RL.PPO.normalize_advantage", "True", "PPO loss", OBSERVE(ppo_of(c).normalize_advantage)},
      {"RL.PPO.use_clipped_value_loss", "False", "PPO loss", OBSERVE(ppo_of(c).use_clipped_value_loss)},
      {"RL.PPO.optimizer", "lamb", "optimiser", OBSERVE(static_cast<int>(ppo_of(c).optimizer))},
      {"RL.PPO.precision", "bf16", "networks", OBSERVE(static_cast<int>(trainer_of(c).compute.precision))},
      {"RL.PPO.overlap_sums", "False", "updates of several ranks", OBSERVE(ppo_of(c).overlap_sums)},
      {"RL.PPO.rnn_type", "LSTM", "policy", OBSERVE(static_cast<int>(policy_of(c).recurrence))},
      {"RL.PPO.imitation_updates", "5", "imitation", OBSERVE(imitation_of(c).updates)},
      {"RL.PPO.expert_mix_start", "0.5", "rollouts", OBSERVE(imitation_of(c).expert_mix_start)},
      {"RL.PPO.expert_mix_end", "0.5", "rollouts", OBSERVE(imitation_of(c).expert_mix_end)},
      {"RL.PPO.expert_mix_updates", "5", "rollouts", OBSERVE(imitation_of(c).expert_mix_updates)},
      {"RL.PPO.correction_coef", "0.5", "imitation loss", OBSERVE(imitation_of(c).correction_coef)},
      {"RL.PPO.waypoint_coef", "0.5", "imitation loss", OBSERVE(imitation_of(c).waypoint_coef)},
      {"RL.PPO.goal_pred_coef", "0.5", "goal loss", OBSERVE(ppo_of(c).goal_prediction_coef)},
      {"RL.PPO.decode_waypoint", "True", "policy", OBSERVE(policy_of(c).decode_waypoint)},
      {"RL.PPO.stop_execution", "0.5", "imitation", OBSERVE(imitation_of(c).stop_execution)},
      {"RL.PPO.stop_label_distance", "0.2", "imitation", OBSERVE(imitation_of(c).stop_label_distance)},
      {"RL.PPO.belief_reset_start", "0.5", "rollouts", OBSERVE(imitation_of(c).belief_reset_start),
       with_correction},
      {"RL.PPO.belief_reset_end", "0.5", "rollouts", OBSERVE(imitation_of(c).belief_reset_end),
       with_correction},
      {"RL.PPO.belief_noise_position", "0.1", "rollouts", OBSERVE(imitation_of(c).noise_position)},
      {"RL.PPO.belief_noise_heading", "0.1", "rollouts", OBSERVE(imitation_of(c).noise_heading)},
      {"RL.PPO.belief_noise_log_scale", "0.1", "rollouts", OBSERVE(imitation_of(c).noise_log_scale)},
  };
}

#define TASK "TASK_CONFIG."
#define SIMULATOR TASK "SIMULATOR."
std::vector<Row> task_rows() {
  const std::vector<std::string> noisy_motion = {SIMULATOR "ACTION_SPACE_CONFIG", "pyrobotnoisy"};
  return {
      {TASK "DATASET.TYPE", "HandWritingNav-v1", "which reader; must go with TASK.TYPE", nullptr},
      {TASK "DATASET.SPLIT", "test", "dataset", OBSERVE(list_path(c))},
      {TASK "DATASET.CONTENT_SCENES", "[rooms]", "dataset", nullptr},
      {TASK "DATASET.VERSION",
       "v2",
       "dataset",
       OBSERVE(list_path(c)),
       {TASK "DATASET.DATA_PATH", "no/{version}.json"}},
      {TASK "DATASET.SCENES_DIR", "elsewhere", "dataset", nullptr},
      {TASK "DATASET.DATA_PATH", "no/such.json", "dataset", OBSERVE(list_path(c))},
      {TASK "DATASET.SKETCH_DIR", "elsewhere", "dataset", nullptr},
      {TASK "DATASET.ROLES",
       "[follower]",
       "dataset of RxR",
       OBSERVE(list_path(c)),
       {TASK "DATASET.DATA_PATH", "no/{role}.json"}},
      {TASK "DATASET.LANGUAGES", "[en-US]", "dataset of RxR", nullptr},
      {TASK "DATASET.MISSING_DRAWINGS", "synthesize", "dataset", nullptr},
      {TASK "DATASET.SKETCH_STYLE", "L3", "drawings that are synthesised",
       OBSERVE(static_cast<int>(task::drawing_recipe(c, "train").level))},
      {TASK "TASK.SENSORS", "[handwriting_instr, gps]", "policy: numbers",
       OBSERVE(policy_of(c).number_fields.size())},
      {TASK "TASK.MEASUREMENTS", "[success]", "metrics, statistics, report", nullptr},
      {TASK "TASK.SUCCESS_DISTANCE", "0.5", "success, reward", OBSERVE(env_of(c).success_distance)},
      {TASK "TASK.GOAL_SENSOR_UUID", "pointgoal", "as USE_POINTNAV", OBSERVE(policy_of(c).reading.enabled)},
      {TASK "TASK.DRAWING_SIZE", "64", "drawings, policy", OBSERVE(policy_of(c).reading.drawing_size)},
      {TASK "ENVIRONMENT.MAX_EPISODE_STEPS", "9", "episodes", OBSERVE(env_of(c).max_episode_steps)},
      {SIMULATOR "SCENE_DATASET", "no.scene_dataset_config.json", "dataset", nullptr},
      {SIMULATOR "FORWARD_STEP_SIZE", "0.1", "motion", OBSERVE(env_of(c).simulator.motion.forward_step)},
      {SIMULATOR "TURN_ANGLE", "15", "motion, policy",
       OBSERVE(env_of(c).simulator.motion.turn_angle_deg + policy_of(c).turn_angle)},
      {SIMULATOR "GRID_SIZE", "0.2", "the agent's map", OBSERVE(env_of(c).simulator.mapper.cell_size)},
      {SIMULATOR "MAP_CELLS", "64", "the agent's map", OBSERVE(policy_of(c).reading.grid_size)},
      {SIMULATOR "ALLOW_SLIDING", "False", "motion", OBSERVE(env_of(c).simulator.motion.allow_sliding)},
      {SIMULATOR "RENDERER", "egl", "cameras", OBSERVE(static_cast<int>(env_of(c).simulator.backend))},
      {SIMULATOR "NO_SLIDE_RULE", "habitat_0.3.4", "motion",
       OBSERVE(static_cast<int>(env_of(c).simulator.motion.no_slide_rule))},
      {SIMULATOR "TILT_ANGLE", "30", "motion of tasks that look up and down",
       OBSERVE(env_of(c).simulator.motion.tilt_angle_deg)},
      {SIMULATOR "ACTION_SPACE_CONFIG", "pyrobotnoisy", "motion",
       OBSERVE(static_cast<int>(env_of(c).simulator.motion.noise.robot))},
      {SIMULATOR "NOISE_MODEL.ROBOT", "LoCoBot-Lite", "motion",
       OBSERVE(static_cast<int>(env_of(c).simulator.motion.noise.robot)), noisy_motion},
      {SIMULATOR "NOISE_MODEL.CONTROLLER", "Movebase", "motion",
       OBSERVE(static_cast<int>(env_of(c).simulator.motion.noise.controller)), noisy_motion},
      {SIMULATOR "NOISE_MODEL.NOISE_MULTIPLIER", "0.25", "motion",
       OBSERVE(env_of(c).simulator.motion.noise.multiplier), noisy_motion},
      {SIMULATOR "RGB_SENSOR.WIDTH", "32", "with EXTRA_RGB refused unless as DEPTH_SENSOR", nullptr},
      {SIMULATOR "RGB_SENSOR.HEIGHT", "32", "with EXTRA_RGB refused unless as DEPTH_SENSOR", nullptr},
      {SIMULATOR "RGB_SENSOR.HFOV", "60", "with EXTRA_RGB refused unless as DEPTH_SENSOR", nullptr},
      {SIMULATOR "RGB_SENSOR.POSITION", "[0, 1, 0]", "with EXTRA_RGB refused unless as DEPTH_SENSOR",
       nullptr},
      {SIMULATOR "RGB_SENSOR.ORIENTATION", "[0.5, 0, 0]", "with EXTRA_RGB refused unless as DEPTH_SENSOR",
       nullptr},
      {SIMULATOR "RGB_SENSOR.NOISE_MODEL", "SpeckleNoiseModel", "cameras",
       OBSERVE(static_cast<int>(sensors_of(c).rgb_noise.model))},
      {SIMULATOR "RGB_SENSOR.NOISE_MODEL_KWARGS.intensity_constant", "0.1", "cameras",
       OBSERVE(sensors_of(c).rgb_noise.intensity_constant)},
      {SIMULATOR "RGB_SENSOR.NOISE_MODEL_KWARGS.mean", "0.1", "cameras",
       OBSERVE(sensors_of(c).rgb_noise.mean)},
      {SIMULATOR "RGB_SENSOR.NOISE_MODEL_KWARGS.sigma", "0.1", "cameras",
       OBSERVE(sensors_of(c).rgb_noise.sigma)},
      {SIMULATOR "RGB_SENSOR.NOISE_MODEL_KWARGS.s_vs_p", "0.1", "cameras",
       OBSERVE(sensors_of(c).rgb_noise.s_vs_p)},
      {SIMULATOR "RGB_SENSOR.NOISE_MODEL_KWARGS.amount", "0.1", "cameras",
       OBSERVE(sensors_of(c).rgb_noise.amount)},
      {SIMULATOR "DEPTH_SENSOR.ORIENTATION", "[0.5, 0, 0]", "cameras",
       OBSERVE(sensors_of(c).camera_orientation)},
      {SIMULATOR "DEPTH_SENSOR.NOISE_MODEL",
       "RedwoodDepthNoiseModel",
       "cameras",
       OBSERVE(static_cast<int>(sensors_of(c).depth_noise.model)),
       {SIMULATOR "DEPTH_SENSOR.NOISE_MODEL_KWARGS.distortion_file", "no/table.npy"}},
      {SIMULATOR "DEPTH_SENSOR.NOISE_MODEL_KWARGS.noise_multiplier", "0.5", "cameras",
       OBSERVE(sensors_of(c).depth_noise.multiplier)},
      {SIMULATOR "DEPTH_SENSOR.NOISE_MODEL_KWARGS.distortion_file", "no/table.npy", "cameras",
       OBSERVE(sensors_of(c).depth_noise.distortion_file.string())},
      {SIMULATOR "DEPTH_SENSOR.WIDTH", "32", "cameras, policy", OBSERVE(policy_of(c).image_width)},
      {SIMULATOR "DEPTH_SENSOR.HEIGHT", "32", "cameras, policy", OBSERVE(policy_of(c).image_height)},
      {SIMULATOR "DEPTH_SENSOR.HFOV", "60", "cameras", OBSERVE(sensors_of(c).camera.hfov_deg)},
      {SIMULATOR "DEPTH_SENSOR.POSITION", "[0, 1, 0]", "cameras", OBSERVE(sensors_of(c).camera_position)},
      {SIMULATOR "DEPTH_SENSOR.MIN_DEPTH", "0.5", "cameras", OBSERVE(sensors_of(c).min_depth)},
      {SIMULATOR "DEPTH_SENSOR.MAX_DEPTH", "5", "cameras", OBSERVE(sensors_of(c).max_depth)},
      {SIMULATOR "DEPTH_SENSOR.NORMALIZE_DEPTH", "False", "cameras", OBSERVE(sensors_of(c).normalize_depth)},
      {SIMULATOR "AGENT_0.HEIGHT", "1.2", "navmesh", OBSERVE(env_of(c).nav.agent_height)},
      {SIMULATOR "AGENT_0.RADIUS", "0.2", "navmesh", OBSERVE(env_of(c).nav.agent_radius)},
      {TASK "DATA_GENERATION.MAX_EPISODES", "5", "generate episodes --exp-config", nullptr},
      {TASK "DATA_GENERATION.SPLIT_RATIO", "0.5", "generate episodes --exp-config", nullptr},
  };
}

/// A task of Habitat in which all its keys matter.
std::vector<std::string> habitat_task() {
  return {"EVAL.CONTROLS",          "[]",
          TASK "TASK.TYPE",         "Nav-v0",
          TASK "DATASET.TYPE",      "PointNav-v1",
          TASK "TASK.SENSORS",      "[pointgoal, pointgoal_with_gps_compass, gps, proximity]",
          TASK "TASK.MEASUREMENTS", "[distance_to_goal, success, spl, distance_to_goal_reward, ndtw]"};
}

const task::habitat::HabitatTaskSettings habitat_of(const Config& c) { return *env_of(c).habitat; }
HabitatMapSettings map_of(const Config& c) { return habitat_map_settings(c); }
sim::VelocitySettings velocity_of(const Config& c) { return env_of(c).simulator.motion.velocity; }

std::vector<Row> habitat_rows() {
  const std::vector<std::string> nav = habitat_task();
  std::vector<std::string> driving = nav;
  driving.insert(driving.end(), {TASK "TASK.POSSIBLE_ACTIONS", "[stop, velocity_control]"});
  const char* reader = "Habitat's tasks";
  const char* pictures = "eval: maps of Habitat's tasks";
#define MAP TASK "TASK.TOP_DOWN_MAP."
#define ITERATOR TASK "ENVIRONMENT.ITERATOR_OPTIONS."
#define VELOCITY TASK "TASK.ACTIONS.VELOCITY_CONTROL."
  return {
      {TASK "TASK.TYPE",
       "ImageNav-v1",
       "which task",
       OBSERVE(static_cast<int>(habitat_of(c).type)),
       {"EVAL.CONTROLS", "[]", TASK "TASK.TYPE", "Nav-v0", TASK "DATASET.TYPE", "PointNav-v1",
        TASK "TASK.SENSORS", "[imagegoal]", TASK "TASK.MEASUREMENTS",
        "[distance_to_goal, success, spl, distance_to_goal_reward]"}},
      {"RL.REWARD_MEASURE", "spl", reader, OBSERVE(static_cast<int>(habitat_of(c).reward.reward_measure)),
       nav},
      {"RL.SUCCESS_MEASURE", "success", reader,
       OBSERVE(static_cast<int>(habitat_of(c).reward.success_measure)), nav},
      {ITERATOR "SHUFFLE", "False", reader, OBSERVE(habitat_of(c).iterator.shuffle), nav},
      {ITERATOR "GROUP_BY_SCENE", "False", reader, OBSERVE(habitat_of(c).iterator.group_by_scene), nav},
      {ITERATOR "NUM_EPISODE_SAMPLE", "5", reader, OBSERVE(habitat_of(c).iterator.num_episode_sample), nav},
      {ITERATOR "MAX_SCENE_REPEAT_EPISODES", "5", reader,
       OBSERVE(habitat_of(c).iterator.max_scene_repeat_episodes), nav},
      {ITERATOR "MAX_SCENE_REPEAT_STEPS", "5", reader, OBSERVE(habitat_of(c).iterator.max_scene_repeat_steps),
       nav},
      {ITERATOR "STEP_REPETITION_RANGE", "0.5", reader, OBSERVE(habitat_of(c).iterator.step_repetition_range),
       nav},
      {TASK "TASK.POSSIBLE_ACTIONS", "[stop, turn_left]", reader, OBSERVE(habitat_of(c).actions.size()), nav},
      {VELOCITY "LIN_VEL_RANGE", "[0, 0.5]", reader, OBSERVE(velocity_of(c).max_linear), driving},
      {VELOCITY "ANG_VEL_RANGE", "[-30, 10]", reader, OBSERVE(velocity_of(c).min_angular_deg), driving},
      {VELOCITY "MIN_ABS_LIN_SPEED", "0.1", reader, OBSERVE(velocity_of(c).stop_linear), driving},
      {VELOCITY "MIN_ABS_ANG_SPEED", "2", reader, OBSERVE(velocity_of(c).stop_angular_deg), driving},
      {VELOCITY "TIME_STEP", "0.5", reader, OBSERVE(velocity_of(c).time_step), driving},
      {VELOCITY "VELOCITIES", "[[1, 0]]", reader, OBSERVE(habitat_of(c).actions.size()), driving},
      {TASK "TASK.END_ON_SUCCESS", "True", reader, OBSERVE(habitat_of(c).reward.end_on_success), nav},
      {TASK "TASK.DISTANCE_TO_GOAL.DISTANCE_TO", "VIEW_POINTS", reader,
       OBSERVE(static_cast<int>(habitat_of(c).distance_to)), nav},
      {TASK "TASK.GPS_SENSOR.DIMENSIONALITY", "3", reader, OBSERVE(habitat_of(c).gps_dimensions), nav},
      {TASK "TASK.POINTGOAL_SENSOR.GOAL_FORMAT", "CARTESIAN", reader, OBSERVE(habitat_of(c).pointgoal.polar),
       nav},
      {TASK "TASK.POINTGOAL_SENSOR.DIMENSIONALITY", "3", reader, OBSERVE(habitat_of(c).pointgoal.dimensions),
       nav},
      {TASK "TASK.POINTGOAL_WITH_GPS_COMPASS_SENSOR.GOAL_FORMAT", "CARTESIAN", reader,
       OBSERVE(habitat_of(c).pointgoal_with_gps_compass.polar), nav},
      {TASK "TASK.POINTGOAL_WITH_GPS_COMPASS_SENSOR.DIMENSIONALITY", "3", reader,
       OBSERVE(habitat_of(c).pointgoal_with_gps_compass.dimensions), nav},
      {TASK "TASK.PROXIMITY_SENSOR.MAX_DETECTION_RADIUS", "1", reader,
       OBSERVE(habitat_of(c).proximity_radius), nav},
      {MAP "MAP_RESOLUTION", "64", pictures, OBSERVE(map_of(c).map.map_resolution), nav},
      {MAP "DRAW_SOURCE", "False", pictures, OBSERVE(map_of(c).start), nav},
      {MAP "DRAW_BORDER", "False", pictures, OBSERVE(map_of(c).map.draw_border), nav},
      {MAP "DRAW_SHORTEST_PATH", "False", pictures, OBSERVE(map_of(c).shortest_path), nav},
      {MAP "DRAW_VIEW_POINTS", "False", pictures, OBSERVE(map_of(c).view_points), nav},
      {MAP "DRAW_GOAL_POSITIONS", "False", pictures, OBSERVE(map_of(c).goals), nav},
      {MAP "DRAW_GOAL_AABBS", "False", pictures, OBSERVE(map_of(c).boxes), nav},
      {MAP "FOG_OF_WAR.DRAW", "False", pictures, OBSERVE(map_of(c).map.fog_of_war), nav},
      {MAP "FOG_OF_WAR.VISIBILITY_DIST", "2.5", pictures, OBSERVE(map_of(c).map.visibility), nav},
      {MAP "FOG_OF_WAR.FOV", "60", pictures, OBSERVE(map_of(c).map.fov_deg), nav},
      {TASK "TASK.NDTW.FDTW", "False", reader, OBSERVE(habitat_of(c).fast_dtw), nav},
      {TASK "TASK.NDTW.SUCCESS_DISTANCE", "1", reader, OBSERVE(habitat_of(c).measure.ndtw_distance), nav},
  };
#undef ITERATOR
#undef VELOCITY
#undef MAP
}

std::vector<Row> all_rows() {
  std::vector<Row> rows = run_rows();
  for (const auto& more : {policy_rows(), ppo_rows(), task_rows(), habitat_rows()})
    rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

/// Keys of the diffusion learner, whose tests are beside it.
bool is_of_diffusion(const std::string& key) {
  return key.starts_with("RL.DIFFUSION.") || key == "DIFFUSION_DATA_DIR";
}

Config load(std::vector<std::string> overrides) {
  // A dataset that is not there, so that its path shows in the error.
  overrides.insert(overrides.begin(), {"TASK_CONFIG.DATASET.DATA_PATH", "no/{split}.json"});
  config::LoadRequest request;
  std::vector<std::string> unique;
  for (std::size_t i = 0; i < overrides.size(); i += 2) {
    const auto later =
        std::find(overrides.begin() + static_cast<std::ptrdiff_t>(i) + 2, overrides.end(), overrides[i]);
    if (later == overrides.end()) unique.insert(unique.end(), {overrides[i], overrides[i + 1]});
  }
  request.overrides = unique;
  const auto loaded = config::load_experiment(request);
  EXPECT_TRUE(loaded.ok()) << loaded.error().message;
  return loaded.ok() ? loaded->config : Config{};
}

TEST(ConfigKeys, EachChangesWhatItSays) {
  for (const Row& row : all_rows()) {
    if (row.observe == nullptr) continue;
    std::vector<std::string> overrides = row.with;
    const std::string before = row.observe(load(overrides));
    overrides.insert(overrides.end(), {row.key, row.value});
    EXPECT_NE(row.observe(load(overrides)), before) << row.key << " is not read";
  }
}

TEST(ConfigKeys, EachHasARow) {
  std::map<std::string, int> rows;
  for (const Row& row : all_rows()) ++rows[row.key];
  for (const config::ListedKey& key : config::list_keys(Config{})) {
    if (key.section || is_of_diffusion(key.path)) continue;
    EXPECT_EQ(rows[key.path], 1) << key.path << ": add it to the table of this test with what it changes";
    rows.erase(key.path);
  }
  for (const auto& [key, count] : rows) EXPECT_EQ(count, 0) << key << " is no key any more";
}

TEST(ConfigKeys, WhatCannotBeDoneIsRefusedOrNamed) {
  const auto message = [](const std::vector<std::string>& overrides) {
    config::LoadRequest request;
    request.overrides = overrides;
    const auto loaded = config::load_experiment(request);
    if (!loaded.ok()) {
      EXPECT_EQ(loaded.error().code, base::ErrorCode::kUsage);
      return loaded.error().message;
    }
    return loaded->notices.empty() ? std::string() : loaded->notices.front();
  };
  const auto expect = [&](const std::vector<std::string>& overrides, const std::string& part) {
    EXPECT_NE(message(overrides).find(part), std::string::npos) << message(overrides);
  };
  expect({"USE_VAE", "True"}, "command line: USE_VAE = True is not supported");
  expect({"CONTINUOUS", "True"}, "leave it False");
  expect({"RL.TIME_DIFF", "True"}, "command line: RL.TIME_DIFF = True is not supported; leave it False");
  expect({"SLAM", "True"}, "command line: SLAM = True adds nothing");
  expect({"DIFFUSION_DATA_DIR", "somewhere"}, "command line: DIFFUSION_DATA_DIR adds nothing");
  expect({"SLAM", "True", "USE_POINTNAV", "True"}, "SLAM = True does not go with USE_POINTNAV");
  expect({"EXTRA_RGB", "True", "SENSORS", "[DEPTH_SENSOR]"},
         "EXTRA_RGB = True, but SENSORS has no RGB_SENSOR");
  for (const auto& [key, value] : {std::pair{"WIDTH", "32"},
                                   {"HEIGHT", "32"},
                                   {"HFOV", "60"},
                                   {"POSITION", "[0, 1, 0]"},
                                   {"ORIENTATION", "[0.5, 0, 0]"}}) {
    const std::string full = std::string(SIMULATOR "RGB_SENSOR.") + key;
    expect({"EXTRA_RGB", "True", full, value}, "RGB_SENSOR differs from DEPTH_SENSOR");
    EXPECT_EQ(message({full, value}), "") << "not used, so not refused";
  }
  expect({TASK "TASK.SENSORS", "[gps]"}, "has no handwriting_instr");
  expect({TASK "TASK.SENSORS", "[handwriting_instr, rgb]", "SENSORS", "[DEPTH_SENSOR]"},
         "names rgb, but SENSORS");
  expect({SIMULATOR "DEPTH_SENSOR.NOISE_MODEL", "RedwoodDepthNoiseModel"}, "needs its distortion table");
  expect({TASK "DATASET.TYPE", "R2R"}, "is not a dataset that can be read");
  expect({"USE_VECENV", "True"}, "USE_VECENV is ignored: environments are always stepped as arrays");
  expect({"SIMULATOR_GPU_ID", "1"}, "SIMULATOR_GPU_ID is ignored: devices are chosen by GPU_IDS");
  expect({"TORCH_GPU_ID", "1"}, "TORCH_GPU_ID is ignored");
  expect({TASK "TASK.TYPE", "VLN-v0"}, "DATASET.TYPE = HandWritingNav does not go with TASK.TYPE VLN-v0");
  expect({TASK "TASK.TYPE", "AudioNav"}, "is not a task that is known here");
}

/// docs/configuration.md as it should be.
std::string documentation() {
  std::map<std::string, std::string> readers;
  for (const Row& row : all_rows()) readers[row.key] = row.reader;
  std::string text =
      "# Configuration\n\n"
      "Every key, its default, what it means and who reads it. `inknav train --print-config` prints the same "
      "with "
      "the\nvalues of an experiment; `configs/` holds commented examples. A key that is not here is an error "
      "with "
      "the nearest\nname; keys of Habitat and SoundSpaces that have no meaning here are accepted and named "
      "once in "
      "the log.\n\nPrecedence, low to high: the defaults below, experiment files left to right, the task "
      "file of\n"
      "`BASE_TASK_CONFIG_PATH` (fills `TASK_CONFIG`), paths under `--model-dir`, `KEY VALUE` at the end of "
      "the "
      "command line.\nWritten by a test from the key tables in `src/config/`.\n";
  bool in_table = false;
  for (const config::ListedKey& key : config::list_keys(Config{})) {
    const std::size_t dot = key.path.rfind('.');
    if (key.section) {
      text += "\n## " + key.path + ": " + key.doc + "\n";
      in_table = false;
      continue;
    }
    if (!in_table) text += "\n| key | default | meaning | read by |\n| --- | --- | --- | --- |\n";
    in_table = true;
    const std::string meaning = key.doc + (key.range.empty() ? "" : " (" + key.range + ")");
    const std::string reader = is_of_diffusion(key.path) ? "diffusion policy" : readers[key.path];
    std::string escaped;
    for (const char c : meaning) {
      if (c == '|' || c == '<') escaped += '\\';
      escaped += c;
    }
    text += fmt::format("| `{}` | `{}` | {} | {} |\n",
                        dot == std::string::npos ? key.path : key.path.substr(dot + 1), key.value, escaped,
                        reader);
  }
  return text;
}

TEST(ConfigKeys, TheDocumentationIsTheTable) {
  constexpr const char* kFile = "docs/configuration.md";
  if (std::getenv("INKNAV_WRITE_DOCS") != nullptr) std::ofstream(kFile) << documentation();
  EXPECT_EQ(testing::read_text(kFile), documentation())
      << "run INKNAV_WRITE_DOCS=1 inknav_app_test --gtest_filter='ConfigKeys.*' in the repository's root";
}

}  // namespace
}  // namespace inknav::app
