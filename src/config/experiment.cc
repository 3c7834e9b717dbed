// SPDX-License-Identifier: MIT
#include "config/experiment.h"

#include <utility>

#include "base/contains.h"
#include "config/habitat_names.h"

namespace inknav::config {
namespace {

void describe_run(ExperimentConfig& c, FieldVisitor& v) {
  v.field({.key = "SEED", .doc = "of all randomness", .low = 0, .high = 9007199254740992.0}, c.seed);
  v.field({.key = "BASE_TASK_CONFIG_PATH",
           .doc = "task file that fills TASK_CONFIG; \"\": TASK_CONFIG stands in this file",
           .shapes_result = false},
          c.base_task_config_path);
  v.field({.key = "USE_DIFFUSION_POLICY", .doc = "diffusion policy instead of PPO"}, c.use_diffusion_policy);
  v.field(
      {.key = "VARY_DRAWINGS",
       .doc =
           "how far each training episode's drawing is varied: stretched, bent, bolder, gaps, stray strokes",
       .low = 0,
       .high = 1},
      c.vary_drawings);
  v.field({.key = "NUM_PROCESSES", .doc = "environments over all ranks, or auto", .low = 1, .high = 1e6},
          c.num_processes);
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
  v.field({.key = "NETWORK_INTERFACE",
           .doc = "over which ranks of several machines meet, eth0; \"\": loopback, or GLOO_SOCKET_IFNAME",
           .shapes_result = false},
          c.network_interface);
  v.field({.key = "MEETING_SECONDS",
           .doc = "for all ranks to come; then those that came end with 7",
           .low = 1,
           .high = 86400,
           .shapes_result = false},
          c.meeting_seconds);
  v.field({.key = "PEER_SECONDS",
           .doc = "a rank that is silent for so long is lost; a step may also take 5 times the median update",
           .low = 2,
           .high = 86400,
           .shapes_result = false},
          c.peer_seconds);
  v.field({.key = "GPU_IDS",
           .doc = "\"0,2\" or [0, 2]: exactly these",
           .low = 0,
           .high = 1024,
           .shapes_result = false},
          c.gpu_ids);
  v.field({.key = "NUM_GPUS",
           .doc = "devices 0..N-1; 0: the CPU; auto: all",
           .low = 0,
           .high = 1024,
           .shapes_result = false},
          c.num_gpus);
  v.field({.key = "DEBUG", .doc = "every update with all its figures in train.log", .shapes_result = false},
          c.debug);
}

void describe_policy(ExperimentConfig& c, FieldVisitor& v) {
  v.list({.key = "SENSORS", .doc = "cameras that the policy may look through"}, c.sensors,
         {"RGB_SENSOR", "DEPTH_SENSOR"});
  v.field({.key = "EXTRA_RGB", .doc = "the policy looks at rgb; needs RGB_SENSOR"}, c.extra_rgb);
  v.field({.key = "EXTRA_DEPTH", .doc = "the policy looks at depth, where SENSORS has DEPTH_SENSOR"},
          c.extra_depth);
  v.field({.key = "SLAM", .doc = "the policy gets the explored map; with a drawing it always does"}, c.slam);
  v.field({.key = "USE_VAE", .doc = "lineage: drawing through an auto-encoder"}, c.use_vae);
  v.field({.key = "USE_POINTNAV", .doc = "baseline: true goal vector instead of the drawing"},
          c.use_pointnav);
  v.field({.key = "PREDICT_GOAL", .doc = "trains the policy to say where the goal is"}, c.predict_goal);
  v.field({.key = "USE_EXPERT_ACTIONS",
           .doc = "eval: the expert acts instead of a policy, the upper bound",
           .shapes_result = false},
          c.use_expert_actions);
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
  v.list({.key = "VISUALIZATION_OPTION",
          .doc = "shown beside drawing and camera in videos; [] leaves it out",
          .shapes_result = false},
         c.visualization_option, {"top_down_map"});
  v.field({.key = "TEST_EPISODE_COUNT",
           .doc = "episodes of EVAL.SPLIT walked at each checkpoint of a training; 0: none",
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
  v.field(
      {.key = "DIFFUSION_DATA_DIR",
       .doc = "demonstrations to learn from as well, in RL.DIFFUSION.demo_share of the updates: A[,B...]; "
              "\"\": none",
       .shapes_result = false},
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
  v.field({.key = "REWARD_MEASURE", .doc = "Habitat's tasks: added to each step's reward"}, c.reward_measure);
  v.field({.key = "SUCCESS_MEASURE", .doc = "Habitat's tasks: other than 0 earns SUCCESS_REWARD"},
          c.success_measure);
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
  v.field({.key = "CONTROL_SPLITS",
           .doc = "those of SPLIT whose CONTROLS are walked; \"\": all",
           .shapes_result = false},
          c.control_splits);
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

namespace {

using base::contains;

/// Whether what the policy is to see is there to be seen.
void check_observations(const ExperimentConfig& c, Problems& problems) {
  const std::vector<std::string>& task_sensors = c.task_config.task.sensors;
  const SimulatorConfig& simulator = c.task_config.simulator;
  if (c.extra_rgb && !c.has_camera("RGB_SENSOR")) {
    problems.push_back(
        {"EXTRA_RGB", "= True, but SENSORS has no RGB_SENSOR; add it there or set EXTRA_RGB False"});
  }
  const CameraConfig& rgb = simulator.rgb_sensor;
  const DepthCameraConfig& depth = simulator.depth_sensor;
  if (c.extra_rgb && (rgb.width != depth.width || rgb.height != depth.height || rgb.hfov != depth.hfov ||
                      rgb.position != depth.position || rgb.orientation != depth.orientation)) {
    problems.push_back({"TASK_CONFIG.SIMULATOR.RGB_SENSOR",
                        "differs from DEPTH_SENSOR in WIDTH, HEIGHT, HFOV, POSITION or ORIENTATION, but one "
                        "camera sees both in one pass; give both the same values"});
  }
  for (const auto& [name, camera] : {std::pair{"rgb", "RGB_SENSOR"}, std::pair{"depth", "DEPTH_SENSOR"}}) {
    if (contains(task_sensors, name) && !c.has_camera(camera)) {
      problems.push_back({"TASK_CONFIG.TASK.SENSORS", std::string("names ") + name + ", but SENSORS has no " +
                                                          camera + "; add it there"});
    }
  }
  if (c.reads_drawing() && !contains(task_sensors, "handwriting_instr")) {
    problems.push_back({"TASK_CONFIG.TASK.SENSORS",
                        "has no handwriting_instr, the drawing that GOAL_SENSOR_UUID names; add it, or set "
                        "USE_POINTNAV True for the baseline without a drawing"});
  }
  if (!c.is_habitat_task() && c.is_pointnav() && (c.slam || contains(task_sensors, "slam"))) {
    problems.push_back({"SLAM",
                        "= True does not go with USE_POINTNAV: the baseline without a drawing has no "
                        "network that reads the explored map; leave SLAM (and slam in "
                        "TASK_CONFIG.TASK.SENSORS) out"});
  }
}

}  // namespace

bool ExperimentConfig::is_habitat_task() const { return find_habitat_task(task_config.task.type) != nullptr; }

bool ExperimentConfig::is_pointnav() const {
  if (is_habitat_task()) return goal_field().starts_with("pointgoal");
  const std::string& goal = task_config.task.goal_sensor_uuid;
  return use_pointnav || goal == "pointgoal" || goal == "pointgoal_with_gps_compass";
}

std::string ExperimentConfig::goal_field() const {
  if (!is_habitat_task()) return is_pointnav() ? "pointgoal" : "";
  const TaskSettings& task = task_config.task;
  if (task.type == "ObjectNav-v1") return "objectgoal_one_hot";
  if (task.type != "Nav-v0") return {};
  for (const char* sensor : {"pointgoal_with_gps_compass", "pointgoal"}) {
    if (contains(task.sensors, sensor)) return sensor;
  }
  return {};
}

bool ExperimentConfig::has_camera(std::string_view sensor) const { return contains(sensors, sensor); }

Problems without_effect(const ExperimentConfig& config) {
  Problems notes = without_effect_on_task(config);
  if (config.slam && !config.is_pointnav()) {
    notes.push_back({"SLAM",
                     "= True adds nothing: with a drawing the policy always reads its explored map, in "
                     "the crops of MODEL.CROP_CELLS"});
  }
  if (!config.use_diffusion_policy && !config.diffusion_data_dir.empty()) {
    notes.push_back({"DIFFUSION_DATA_DIR", "adds nothing: PPO does not learn from demonstrations"});
  }
  return notes;
}

Problems ExperimentConfig::validate() const {
  Problems problems;
  if (num_processes && num_ranks && *num_processes % *num_ranks != 0) {
    problems.push_back(
        {"NUM_PROCESSES", "= " + std::to_string(*num_processes) +
                              " is not a multiple of NUM_RANKS = " + std::to_string(*num_ranks) + "; use " +
                              std::to_string((*num_processes + *num_ranks - 1) / *num_ranks * *num_ranks)});
  }
  check_habitat(*this, problems);
  check_observations(*this, problems);
  if (use_vae) {
    problems.push_back({"USE_VAE", "= True is not supported: the drawing is read directly; leave it False"});
  }
  if (continuous) {
    problems.push_back({"CONTINUOUS", "belongs to the lineage's audio simulator; leave it False"});
  }
  return problems;
}

}  // namespace inknav::config
