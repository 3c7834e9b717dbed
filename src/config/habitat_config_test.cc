// SPDX-License-Identifier: MIT
// Habitat's tasks in the configuration: the shipped files against the numbers of Habitat-Lab 0.3.3
// (spec/habitat.md 3, 6 and 8), and what is refused.
#include "config/habitat_config.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/habitat_names.h"
#include "config/listing.h"
#include "config/load.h"

namespace inknav::config {
namespace {

using Names = std::vector<std::string>;

ExperimentConfig shipped(const std::string& name) {
  const auto loaded = load_experiment({.files = {"configs/habitat/" + name + ".yaml"}});
  EXPECT_TRUE(loaded.ok()) << loaded.error().message;
  if (!loaded.ok()) return {};
  EXPECT_TRUE(loaded->notices.empty()) << name << ": " << loaded->notices.front();
  EXPECT_TRUE(check_mini_batches(*loaded, *loaded->config.num_processes).ok()) << name;
  return loaded->config;
}

/// What habitat-baselines has in common for all.
void expect_learner(const ExperimentConfig& c) {
  const PpoConfig& ppo = c.rl.ppo;
  EXPECT_EQ(ppo.clip_param, 0.2);
  EXPECT_EQ(ppo.value_loss_coef, 0.5);
  EXPECT_EQ(ppo.entropy_coef, 0.01);
  EXPECT_EQ(ppo.lr, 2.5e-4);
  EXPECT_EQ(ppo.eps, 1e-5);
  EXPECT_EQ(ppo.gamma, 0.99);
  EXPECT_EQ(ppo.tau, 0.95);
  EXPECT_EQ(ppo.hidden_size, 512);
  EXPECT_EQ(ppo.weight_decay, 0.0);
  EXPECT_TRUE(ppo.use_gae);
  EXPECT_FALSE(ppo.normalize_advantage);
  EXPECT_EQ(c.model.backbone, Backbone::kResNet18);
  EXPECT_EQ(c.model.base_planes, 32);
  EXPECT_EQ(c.rl.reward_measure, "distance_to_goal_reward");
  EXPECT_EQ(c.rl.success_measure, "spl");
  EXPECT_EQ(c.rl.success_reward, 2.5);
  EXPECT_EQ(c.task_config.simulator.forward_step_size, 0.25);
}

void expect_body(const ExperimentConfig& c, double height, double radius, bool sliding, double turn) {
  const SimulatorConfig& simulator = c.task_config.simulator;
  EXPECT_EQ(simulator.agent_0.height, height);
  EXPECT_EQ(simulator.agent_0.radius, radius);
  EXPECT_EQ(simulator.allow_sliding, sliding);
  EXPECT_EQ(simulator.turn_angle, turn);
}

void expect_camera(const ExperimentConfig& c, int width, int height, double hfov, double eye) {
  const DepthCameraConfig& depth = c.task_config.simulator.depth_sensor;
  EXPECT_EQ(depth.width, width);
  EXPECT_EQ(depth.height, height);
  EXPECT_EQ(depth.hfov, hfov);
  EXPECT_EQ(depth.position, (std::array<double, 3>{0.0, eye, 0.0}));
  EXPECT_TRUE(depth.normalize_depth);
  EXPECT_EQ(c.task_config.simulator.rgb_sensor.width, width);
}

void expect_depth(const ExperimentConfig& c, double nearest, double farthest) {
  EXPECT_EQ(c.task_config.simulator.depth_sensor.min_depth, nearest);
  EXPECT_EQ(c.task_config.simulator.depth_sensor.max_depth, farthest);
}

TEST(ShippedHabitatConfigs, PointNav) {
  for (const char* data : {"gibson", "hm3d", "mp3d"}) {
    const ExperimentConfig c = shipped(std::string("pointnav_") + data);
    expect_learner(c);
    expect_body(c, 1.5, 0.1, true, 10.0);
    expect_camera(c, 256, 256, 90.0, 1.25);
    expect_depth(c, 0.0, 10.0);
    const TaskSettings& task = c.task_config.task;
    EXPECT_EQ(task.type, "Nav-v0");
    EXPECT_EQ(task.success_distance, 0.2);
    EXPECT_TRUE(task.end_on_success);
    EXPECT_EQ(task.sensors, (Names{"pointgoal_with_gps_compass"}));
    EXPECT_EQ(task.measurements, (Names{"distance_to_goal", "success", "spl", "distance_to_goal_reward"}));
    EXPECT_EQ(task.possible_actions, (Names{"stop", "move_forward", "turn_left", "turn_right"}));
    EXPECT_EQ(c.task_config.environment.max_episode_steps, 500);
    EXPECT_EQ(c.rl.slack_reward, -0.01);
    EXPECT_EQ(c.task_config.dataset.type, "PointNav-v1");
    EXPECT_EQ(c.task_config.dataset.data_path,
              std::string("data/datasets/pointnav/") + data + "/v1/{split}/{split}.json.gz");
    EXPECT_EQ(c.rl.ppo.num_steps, 128);
    EXPECT_EQ(c.rl.ppo.ppo_epoch, 4);
    EXPECT_EQ(c.rl.ppo.num_mini_batch, 2);
    EXPECT_EQ(c.rl.ppo.max_grad_norm, 0.5);
    EXPECT_TRUE(c.rl.ppo.use_linear_lr_decay && c.rl.ppo.use_linear_clip_decay);
    EXPECT_EQ(c.rl.ppo.rnn_type, RnnType::kGru);
    EXPECT_EQ(c.rl.ppo.sync_frac, 0.0);
    EXPECT_EQ(c.num_processes, 6);
    EXPECT_NEAR(static_cast<double>(c.num_updates) * 6 * 128, 75e6, 6 * 128);
    EXPECT_TRUE(c.is_pointnav() && c.is_habitat_task() && !c.reads_drawing());
    EXPECT_EQ(c.goal_field(), "pointgoal_with_gps_compass");
  }
}

TEST(ShippedHabitatConfigs, DdppoPointNav) {
  const ExperimentConfig c = shipped("ddppo_pointnav");
  expect_learner(c);
  expect_body(c, 1.5, 0.1, true, 10.0);
  EXPECT_EQ(c.rl.ppo.num_steps, 128);
  EXPECT_EQ(c.rl.ppo.ppo_epoch, 2);
  EXPECT_EQ(c.rl.ppo.num_mini_batch, 2);
  EXPECT_EQ(c.rl.ppo.max_grad_norm, 0.2);
  EXPECT_FALSE(c.rl.ppo.use_linear_lr_decay || c.rl.ppo.use_linear_clip_decay);
  EXPECT_EQ(c.rl.ppo.rnn_type, RnnType::kLstm);
  EXPECT_EQ(c.rl.ppo.sync_frac, 0.6);
  EXPECT_EQ(c.num_processes, 4);
  EXPECT_NEAR(static_cast<double>(c.num_updates) * 4 * 128, 2.5e9, 4 * 128);
}

TEST(ShippedHabitatConfigs, ObjectNav) {
  for (const char* data : {"hm3d", "mp3d"}) {
    const ExperimentConfig c = shipped(std::string("objectnav_") + data);
    expect_learner(c);
    expect_body(c, 0.88, 0.18, false, 30.0);
    expect_camera(c, 640, 480, 79.0, 0.88);
    expect_depth(c, 0.5, 5.0);
    EXPECT_EQ(c.task_config.simulator.tilt_angle, 30.0);
    const TaskSettings& task = c.task_config.task;
    EXPECT_EQ(task.type, "ObjectNav-v1");
    EXPECT_EQ(task.success_distance, 0.1);
    EXPECT_EQ(task.distance_to_goal.distance_to, DistanceToChoice::kViewPoints);
    EXPECT_EQ(task.sensors, (Names{"objectgoal", "compass", "gps"}));
    EXPECT_EQ(task.measurements,
              (Names{"distance_to_goal", "success", "spl", "soft_spl", "distance_to_goal_reward"}));
    EXPECT_EQ(task.possible_actions,
              (Names{"stop", "move_forward", "turn_left", "turn_right", "look_up", "look_down"}));
    EXPECT_EQ(c.task_config.environment.max_episode_steps, 500);
    EXPECT_EQ(c.rl.slack_reward, -1e-3);
    EXPECT_EQ(c.rl.ppo.num_steps, 64);
    EXPECT_EQ(c.rl.ppo.ppo_epoch, 4);
    EXPECT_EQ(c.rl.ppo.max_grad_norm, 0.2);
    EXPECT_EQ(c.num_updates, 270000);
    EXPECT_EQ(c.num_processes, 4);
    EXPECT_EQ(c.goal_field(), "objectgoal_one_hot");
    EXPECT_FALSE(c.is_pointnav());
  }
}

TEST(ShippedHabitatConfigs, ImageNav) {
  const ExperimentConfig c = shipped("imagenav_gibson");
  expect_learner(c);
  expect_camera(c, 256, 256, 90.0, 1.25);
  EXPECT_TRUE(c.extra_rgb);
  EXPECT_EQ(c.task_config.task.sensors, (Names{"imagegoal"}));
  EXPECT_EQ(c.task_config.environment.max_episode_steps, 1000);
  EXPECT_EQ(c.rl.slack_reward, -1e-3);
  EXPECT_EQ(c.rl.ppo.num_steps, 64);
  EXPECT_EQ(c.rl.ppo.ppo_epoch, 2);
  EXPECT_NEAR(static_cast<double>(c.num_updates) * 4 * 64, 1e9, 4 * 64);
  EXPECT_EQ(c.goal_field(), "") << "no network here reads it";
}

TEST(ShippedHabitatConfigs, InstructionFollowing) {
  const Names measures = {"distance_to_goal",
                          "success",
                          "spl",
                          "distance_to_goal_reward",
                          "path_length",
                          "oracle_navigation_error",
                          "oracle_success",
                          "oracle_spl",
                          "steps_taken",
                          "collisions",
                          "ndtw",
                          "sdtw"};
  for (const char* name : {"vln_r2r", "rxr_vln"}) {
    const ExperimentConfig c = shipped(name);
    const TaskSettings& task = c.task_config.task;
    EXPECT_EQ(task.type, "VLN-v0");
    EXPECT_EQ(task.sensors, (Names{"instruction"}));
    EXPECT_EQ(task.measurements, measures);
    EXPECT_EQ(task.success_distance, 3.0);
    EXPECT_TRUE(task.ndtw.fdtw);
    EXPECT_EQ(task.ndtw.success_distance, 3.0);
    EXPECT_EQ(c.task_config.environment.max_episode_steps, 500);
    EXPECT_EQ(c.eval.split, "val_unseen");
  }
  expect_body(shipped("vln_r2r"), 1.5, 0.1, true, 15.0);
  expect_body(shipped("rxr_vln"), 0.88, 0.18, false, 30.0);
  expect_depth(shipped("rxr_vln"), 0.5, 5.0);
  EXPECT_EQ(shipped("vln_r2r").task_config.dataset.type, "R2RVLN-v1");
  EXPECT_EQ(shipped("rxr_vln").task_config.dataset.type, "RxR-VLN-CE-v1");
  EXPECT_EQ(shipped("rxr_vln").task_config.dataset.roles, (Names{"guide"}));
}

std::string refusal(const std::string& name, const std::vector<std::string>& words) {
  LoadRequest request;
  if (!name.empty()) request.files = {"configs/habitat/" + name + ".yaml"};
  request.overrides = words;
  const auto loaded = load_experiment(request);
  if (loaded.ok()) return "(accepted)";
  EXPECT_EQ(loaded.error().code, base::ErrorCode::kUsage);
  return loaded.error().message;
}

const std::string kVelocity = "TASK_CONFIG.TASK.ACTIONS.VELOCITY_CONTROL.";

/// "[[1, 0], [1, 0], ...]"
std::string pairs(int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) text += i == 0 ? "[1, 0]" : ", [1, 0]";
  return text + "]";
}

TEST(HabitatConfig, VelocityControlIsReadAndWrittenAndItsDefaultsAreHabitats) {
  const VelocityControlConfig defaults;
  EXPECT_EQ(defaults.lin_vel_range, (std::array<double, 2>{0.0, 0.25}));
  EXPECT_EQ(defaults.ang_vel_range, (std::array<double, 2>{-10.0, 10.0}));
  EXPECT_EQ(defaults.min_abs_lin_speed, 0.025);
  EXPECT_EQ(defaults.min_abs_ang_speed, 1.0);
  EXPECT_EQ(defaults.time_step, 1.0);
  const std::vector<std::array<double, 2>> wanted{{1.0, 0.0}, {-1.0, 0.5}};
  LoadRequest request;
  request.files = {"configs/habitat/pointnav_gibson.yaml"};
  request.overrides = {"TASK_CONFIG.TASK.POSSIBLE_ACTIONS", "[stop, velocity_control]",
                       kVelocity + "VELOCITIES", "[[1, 0], [-1, 0.5]]"};
  const auto loaded = load_experiment(request);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_TRUE(loaded->notices.empty());
  EXPECT_EQ(loaded->config.task_config.task.actions.velocity_control.velocities, wanted);
  const auto again = load_experiment_text(to_yaml(loaded->config, false), "printed.yaml");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->config.task_config.task.actions.velocity_control.velocities, wanted);
  // Sections of actions as configurations of Habitat 0.1 and 0.2 have them.
  const auto old = load_experiment_text(
      "BASE_TASK_CONFIG_PATH: ''\nTASK_CONFIG:\n  TASK:\n    ACTIONS:\n      STOP: {TYPE: StopAction}\n"
      "      VELOCITY_CONTROL: {TYPE: VelocityAction, TIME_STEP: 0.5}\n",
      "old.yaml");
  ASSERT_TRUE(old.ok()) << old.error().message;
  EXPECT_EQ(old->config.task_config.task.actions.velocity_control.time_step, 0.5);
}

TEST(HabitatConfig, WhatDoesNotGoTogetherIsRefusedWithTheRemedy) {
  struct Refusal {
    const char* file;
    std::vector<std::string> words;
    std::string part;
  };
  const std::string task = "TASK_CONFIG.TASK.";
  const std::vector<Refusal> cases = {
      {"pointnav_gibson", {task + "TYPE", "ObjectNav-v2"}, "did you mean ObjectNav-v1?"},
      {"pointnav_gibson", {task + "TYPE", "Frobnication"}, "use HandWritingNav, Nav-v0, ObjectNav-v1"},
      {"",
       {task + "TYPE", "Nav-v0"},
       "DATASET.TYPE = HandWritingNav does not go with TASK.TYPE Nav-v0; use "
       "PointNav-v1"},
      {"pointnav_gibson", {"TASK_CONFIG.DATASET.TYPE", "PointNavv1"}, "did you mean PointNav-v1?"},
      {"pointnav_gibson", {"TASK_CONFIG.DATASET.TYPE", "Rooms"}, "is not a dataset that can be read; use"},
      {"pointnav_gibson", {task + "MEASUREMENTS", "[distance_to_goal, succes]"}, "did you mean success?"},
      {"pointnav_gibson",
       {task + "MEASUREMENTS", "[success, distance_to_goal, spl, distance_to_goal_reward]"},
       "lists success but no distance_to_goal before it"},
      {"pointnav_gibson",
       {task + "MEASUREMENTS", "[distance_to_goal, success, spl]"},
       "RL.REWARD_MEASURE = distance_to_goal_reward is not in TASK_CONFIG.TASK.MEASUREMENTS"},
      {"pointnav_gibson", {"RL.SUCCESS_MEASURE", "top_down_map"}, "is a picture"},
      {"pointnav_gibson",
       {task + "SENSORS", "[pointgoal_with_gps_compas]"},
       "did you mean pointgoal_with_gps_compass?"},
      {"pointnav_gibson",
       {task + "SENSORS", "[gps]"},
       "has no pointgoal_with_gps_compass, which tells an agent"},
      {"pointnav_gibson",
       {task + "SENSORS", "[pointgoal, handwriting_instr]"},
       "names handwriting_instr, which is no sensor of this task"},
      {"pointnav_gibson",
       {task + "SENSORS", "[pointgoal, objectgoal]"},
       "which only TASK.TYPE ObjectNav-v1 has"},
      {"pointnav_gibson", {task + "POSSIBLE_ACTIONS", "[stop, move_forwrd]"}, "did you mean move_forward?"},
      {"pointnav_gibson", {task + "POSSIBLE_ACTIONS", "[move_forward, stop]"}, "must begin with stop"},
      {"pointnav_gibson", {task + "POSSIBLE_ACTIONS", "[stop, stop]"}, "names stop twice"},
      {"pointnav_gibson", {task + "POSSIBLE_ACTIONS", "[velocity_control]"}, "must begin with stop"},
      {"pointnav_gibson",
       {task + "POSSIBLE_ACTIONS", "[stop, velocity_controll]"},
       "did you mean velocity_control?"},
      {"pointnav_gibson",
       {task + "POSSIBLE_ACTIONS", "[stop, velocity_control]", kVelocity + "VELOCITIES", "[]"},
       "a policy chooses among numbered actions and ACTIONS.VELOCITY_CONTROL.VELOCITIES is empty"},
      {"pointnav_gibson", {kVelocity + "VELOCITIES", "[[1, 0], [2, 0]]"}, "is not a number from -1 to 1"},
      {"pointnav_gibson", {kVelocity + "VELOCITIES", "[1, 0]"}, "is not a list of pairs of numbers"},
      {"pointnav_gibson", {kVelocity + "VELOCITIES", "[[1, 0, 0]]"}, "is not a list of pairs of numbers"},
      {"pointnav_gibson", {kVelocity + "VELOCITIES", pairs(57)}, "has 57 pairs, more than the 56"},
      {"pointnav_gibson", {kVelocity + "ANG_VEL_RANGE", "[10, -10]"}, "must begin with the smaller number"},
      {"pointnav_gibson", {kVelocity + "TIME_STP", "1"}, "did you mean " + kVelocity + "TIME_STEP?"},
      {"pointnav_gibson", {"USE_DIFFUSION_POLICY", "True"}, "needs the drawn map's expert"},
      {"pointnav_gibson", {"RL.PPO.imitation_updates", "5"}, "needs the drawn map's expert"},
      {"pointnav_gibson", {"EVAL.CONTROLS", "[no_drawing]"}, "set EVAL.CONTROLS []"},
      {"objectnav_hm3d",
       {"RL.PPO.decode_waypoint", "True"},
       "TASK_CONFIG.TASK.POSSIBLE_ACTIONS lists others"},
      {"pointnav_gibson",
       {"RL.PPO.decode_waypoint", "True", task + "POSSIBLE_ACTIONS", "[stop, velocity_control]"},
       "RL.PPO.decode_waypoint = True decodes stop, move_forward"},
  };
  for (const Refusal& c : cases) {
    const std::string text = refusal(c.file, c.words);
    EXPECT_NE(text.find(c.part), std::string::npos)
        << c.words.front() << " " << c.words.back() << ": " << text;
  }
}

TEST(HabitatConfig, WhatNoNetworkReadsCannotBeTrained) {
  for (const char* name : {"pointnav_gibson", "objectnav_hm3d"})
    EXPECT_TRUE(check_trainable(shipped(name)).ok());
  EXPECT_TRUE(check_trainable(ExperimentConfig{}).ok());
  for (const char* name : {"imagenav_gibson", "vln_r2r", "rxr_vln"}) {
    const base::Status status = check_trainable(shipped(name));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(status.error().message.find("no network here reads its goal"), std::string::npos);
  }
}

TEST(HabitatConfig, KeysOfTheOtherTaskAreSaidToChangeNothing) {
  const auto notices = [](const std::string& file, const std::vector<std::string>& words) {
    LoadRequest request;
    if (!file.empty()) request.files = {file};
    request.overrides = words;
    const auto loaded = load_experiment(request);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.ok() ? loaded->notices : Names{};
  };
  EXPECT_EQ(notices("", {"RL.SUCCESS_MEASURE", "success"}),
            (Names{"command line: RL.SUCCESS_MEASURE = success changes nothing with TASK_CONFIG.TASK.TYPE "
                   "HandWritingNav"}));
  EXPECT_EQ(notices("", {"TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.SHUFFLE", "False"}).size(), 1u);
  EXPECT_EQ(notices("configs/habitat/imagenav_gibson.yaml",
                    {"TASK_CONFIG.TASK.MEASUREMENTS",
                     "[distance_to_goal, success, spl, distance_to_goal_reward, top_down_map]"}),
            Names{});  // reports draw it
  const std::string gibson = "configs/habitat/pointnav_gibson.yaml";
  EXPECT_EQ(notices(gibson, {kVelocity + "TIME_STEP", "0.5"}),
            (Names{"command line: " + kVelocity +
                   "TIME_STEP = 0.5 changes nothing without velocity_control in "
                   "TASK_CONFIG.TASK.POSSIBLE_ACTIONS"}));
  EXPECT_EQ(notices("", {kVelocity + "TIME_STEP", "0.5"}).size(), 1u);
  const Names teleports =
      notices(gibson, {"TASK_CONFIG.TASK.POSSIBLE_ACTIONS", "[stop, move_forward, turn_left, teleport]"});
  ASSERT_EQ(teleports.size(), 1u);
  EXPECT_NE(teleports.front().find("names teleport, which has no number"), std::string::npos);
  EXPECT_EQ(notices("configs/habitat/pointnav_gibson.yaml", {"VARY_DRAWINGS", "0.5"}),
            (Names{"command line: VARY_DRAWINGS = 0.5 changes nothing with TASK_CONFIG.TASK.TYPE Nav-v0"}));
}

TEST(HabitatConfig, TheTopDownMapIsReadAsHabitatWritesIt) {
  const auto loaded = load_experiment_text(
      "BASE_TASK_CONFIG_PATH: ''\nEVAL: {CONTROLS: []}\nTASK_CONFIG:\n  DATASET: {TYPE: PointNav-v1}\n  "
      "TASK:\n    TYPE: Nav-v0\n"
      "    SENSORS: [pointgoal_with_gps_compass]\n"
      "    MEASUREMENTS: [distance_to_goal, success, spl, distance_to_goal_reward, top_down_map]\n"
      "    TOP_DOWN_MAP:\n      TYPE: TopDownMap\n      MAX_EPISODE_STEPS: 1000\n      MAP_PADDING: 3\n"
      "      MAP_RESOLUTION: 256\n      DRAW_SOURCE: True\n      DRAW_BORDER: False\n"
      "      DRAW_SHORTEST_PATH: False\n      DRAW_VIEW_POINTS: False\n      DRAW_GOAL_POSITIONS: False\n"
      "      DRAW_GOAL_AABBS: False\n      FOG_OF_WAR: {DRAW: True, VISIBILITY_DIST: 2.5, FOV: 60}\n",
      "t.yaml");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const TopDownMapConfig& map = loaded->config.task_config.task.top_down_map;
  EXPECT_EQ(map.map_resolution, 256);
  EXPECT_TRUE(map.draw_source);
  EXPECT_FALSE(map.draw_border || map.draw_shortest_path || map.draw_view_points || map.draw_goal_positions ||
               map.draw_goal_aabbs);
  EXPECT_TRUE(map.fog_of_war.draw);
  EXPECT_EQ(map.fog_of_war.visibility_dist, 2.5);
  EXPECT_EQ(map.fog_of_war.fov, 60.0);
  const std::string key = "TASK_CONFIG.TASK.TOP_DOWN_MAP.";
  EXPECT_EQ(
      loaded->notices,
      (Names{key + "MAP_PADDING is ignored: the map is shown whole",
             key + "MAX_EPISODE_STEPS is ignored: the way takes its colours over "
                   "TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_STEPS",
             key + "TYPE is ignored: there is one implementation here, chosen by the keys that are kept"}));
}

}  // namespace
}  // namespace inknav::config
