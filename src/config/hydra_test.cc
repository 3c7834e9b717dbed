// SPDX-License-Identifier: MIT
#include "config/hydra.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "config/listing.h"
#include "config/load.h"

namespace inknav::config {
namespace {

/// A base on which all values of the table are allowed together.
std::vector<std::string> object_nav() {
  return {"BASE_TASK_CONFIG_PATH",
          "''",
          "EVAL.CONTROLS",
          "[]",
          "TASK_CONFIG.TASK.TYPE",
          "ObjectNav-v1",
          "TASK_CONFIG.DATASET.TYPE",
          "ObjectNav-v1",
          "TASK_CONFIG.TASK.SENSORS",
          "[objectgoal, gps, compass]",
          "TASK_CONFIG.TASK.MEASUREMENTS",
          "[distance_to_goal, success, spl, distance_to_goal_reward]",
          "RL.PPO.expert_reward_coef",
          "0.0",
          "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.NOISE_MODEL_KWARGS.distortion_file",
          "dist-model.txt"};
}

std::map<std::string, std::string> values_of(const ExperimentConfig& config) {
  std::map<std::string, std::string> values;
  for (const ListedKey& key : list_keys(config)) {
    if (!key.section) values[key.path] = key.value;
  }
  return values;
}

/// For every row of the table a value that is not the default, and how it is listed then.
struct Sample {
  const char* hydra;
  const char* value;
  const char* listed;
};
constexpr Sample kSamples[] = {
    {"habitat.seed", "7", "7"},
    {"habitat.environment.max_episode_steps", "321", "321"},
    {"habitat.environment.iterator_options.shuffle", "false", "False"},
    {"habitat.environment.iterator_options.group_by_scene", "False", "False"},
    {"habitat.environment.iterator_options.num_episode_sample", "12", "12"},
    {"habitat.environment.iterator_options.max_scene_repeat_episodes", "5", "5"},
    {"habitat.environment.iterator_options.max_scene_repeat_steps", "50000", "50000"},
    {"habitat.environment.iterator_options.step_repetition_range", "0.5", "0.5"},
    {"habitat.dataset.type", "ObjectNav-v1", "ObjectNav-v1"},
    {"habitat.dataset.split", "val", "val"},
    {"habitat.dataset.content_scenes", "['X']", "[X]"},
    {"habitat.dataset.scenes_dir", "data/scene_datasets", "data/scene_datasets"},
    {"habitat.dataset.data_path", "data/{split}.json.gz", "\"data/{split}.json.gz\""},
    {"habitat.task.type", "ObjectNav-v1", "ObjectNav-v1"},
    {"habitat.task.reward_measure", "spl", "spl"},
    {"habitat.task.success_measure", "success", "success"},
    {"habitat.task.success_reward", "2.5", "2.5"},
    {"habitat.task.slack_reward", "-0.001", "-0.001"},
    {"habitat.task.end_on_success", "True", "True"},
    {"habitat.task.actions", "{stop: {type: StopAction}, move_forward: {type: MoveForwardAction}}",
     "[stop, move_forward]"},
    {"habitat.task.actions.velocity_control.lin_vel_range", "[-0.25, 0.5]", "[-0.25, 0.5]"},
    {"habitat.task.actions.velocity_control.ang_vel_range", "[-30, 30]", "[-30.0, 30.0]"},
    {"habitat.task.actions.velocity_control.min_abs_lin_speed", "0.1", "0.1"},
    {"habitat.task.actions.velocity_control.min_abs_ang_speed", "2.0", "2.0"},
    {"habitat.task.actions.velocity_control.time_step", "0.5", "0.5"},
    {"habitat.task.actions.look_up.tilt_angle", "30", "30.0"},
    {"habitat.task.actions.look_down.tilt_angle", "30", "30.0"},
    {"habitat.task.measurements",
     "{distance_to_goal: {type: DistanceToGoal}, success: {type: Success}, spl: {}, distance_to_goal_reward: "
     "}",
     "[distance_to_goal, success, spl, distance_to_goal_reward]"},
    {"habitat.task.measurements.success.success_distance", "0.1", "0.1"},
    {"habitat.task.measurements.distance_to_goal.distance_to", "VIEW_POINTS", "VIEW_POINTS"},
    {"habitat.task.measurements.top_down_map.map_resolution", "256", "256"},
    {"habitat.task.measurements.top_down_map.draw_source", "False", "False"},
    {"habitat.task.measurements.top_down_map.draw_border", "False", "False"},
    {"habitat.task.measurements.top_down_map.draw_shortest_path", "False", "False"},
    {"habitat.task.measurements.top_down_map.draw_view_points", "False", "False"},
    {"habitat.task.measurements.top_down_map.draw_goal_positions", "False", "False"},
    {"habitat.task.measurements.top_down_map.draw_goal_aabbs", "False", "False"},
    {"habitat.task.measurements.top_down_map.fog_of_war.draw", "False", "False"},
    {"habitat.task.measurements.top_down_map.fog_of_war.visibility_dist", "2.5", "2.5"},
    {"habitat.task.measurements.top_down_map.fog_of_war.fov", "60", "60.0"},
    {"habitat.task.lab_sensors", "[objectgoal_sensor, compass_sensor]", "[objectgoal, compass]"},
    {"habitat.task.lab_sensors.gps_sensor.dimensionality", "3", "3"},
    {"habitat.task.lab_sensors.pointgoal_sensor.goal_format", "CARTESIAN", "CARTESIAN"},
    {"habitat.task.lab_sensors.pointgoal_sensor.dimensionality", "3", "3"},
    {"habitat.task.lab_sensors.pointgoal_with_gps_compass_sensor.goal_format", "CARTESIAN", "CARTESIAN"},
    {"habitat.task.lab_sensors.pointgoal_with_gps_compass_sensor.dimensionality", "3", "3"},
    {"habitat.task.lab_sensors.proximity_sensor.max_detection_radius", "1.5", "1.5"},
    {"habitat.simulator.forward_step_size", "0.3", "0.3"},
    {"habitat.simulator.turn_angle", "30", "30.0"},
    {"habitat.simulator.tilt_angle", "30", "30.0"},
    {"habitat.simulator.action_space_config", "pyrobotnoisy", "pyrobotnoisy"},
    {"habitat.simulator.noise_model.robot", "LoCoBot-Lite", "LoCoBot-Lite"},
    {"habitat.simulator.noise_model.controller", "ILQR", "ILQR"},
    {"habitat.simulator.noise_model.noise_multiplier", "1.0", "1.0"},
    {"habitat.simulator.habitat_sim_v0.allow_sliding", "False", "False"},
    {"habitat.simulator.agents.main_agent.height", "0.88", "0.88"},
    {"habitat.simulator.agents.main_agent.radius", "0.18", "0.18"},
    {"habitat.simulator.agents.main_agent.sim_sensors", "{depth_sensor: {type: HabitatSimDepthSensor}}",
     "[DEPTH_SENSOR]"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.width", "640", "640"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.height", "480", "480"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.hfov", "79", "79.0"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.position", "[0, 0.88, 0]",
     "[0.0, 0.88, 0.0]"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.orientation", "[-0.5, 0, 0]",
     "[-0.5, 0.0, 0.0]"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model", "SaltAndPepperNoiseModel",
     "SaltAndPepperNoiseModel"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.intensity_constant",
     "0.5", "0.5"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.mean", "0.1", "0.1"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.sigma", "2", "2.0"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.s_vs_p", "0.25", "0.25"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.amount", "0.1", "0.1"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.width", "640", "640"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.height", "480", "480"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.hfov", "79", "79.0"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.position", "[0, 0.88, 0]",
     "[0.0, 0.88, 0.0]"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.orientation", "[-0.5, 0, 0]",
     "[-0.5, 0.0, 0.0]"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.noise_model", "RedwoodDepthNoiseModel",
     "RedwoodDepthNoiseModel"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.noise_model_kwargs.noise_multiplier",
     "0.5", "0.5"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.min_depth", "0.5", "0.5"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.max_depth", "5.0", "5.0"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.normalize_depth", "False", "False"},
    {"habitat_baselines.num_environments", "4", "4"},
    {"habitat_baselines.num_updates", "270000", "270000"},
    {"habitat_baselines.log_interval", "25", "25"},
    {"habitat_baselines.log_file", "train.log", "train.log"},
    {"habitat_baselines.checkpoint_interval", "200", "200"},
    {"habitat_baselines.checkpoint_folder", "data/new_checkpoints", "data/new_checkpoints"},
    {"habitat_baselines.tensorboard_dir", "tb", "tb"},
    {"habitat_baselines.video_dir", "video_dir", "video_dir"},
    {"habitat_baselines.eval_ckpt_path_dir", "data/new_checkpoints", "data/new_checkpoints"},
    {"habitat_baselines.test_episode_count", "30", "30"},
    {"habitat_baselines.eval.split", "val_mini", "val_mini"},
    {"habitat_baselines.eval.use_ckpt_config", "False", "False"},
    {"habitat_baselines.eval.video_option", "['disk']", "[disk]"},
    {"habitat_baselines.rl.ppo.clip_param", "0.1", "0.1"},
    {"habitat_baselines.rl.ppo.ppo_epoch", "2", "2"},
    {"habitat_baselines.rl.ppo.num_mini_batch", "2", "2"},
    {"habitat_baselines.rl.ppo.value_loss_coef", "0.25", "0.25"},
    {"habitat_baselines.rl.ppo.entropy_coef", "0.02", "0.02"},
    {"habitat_baselines.rl.ppo.lr", "2.5e-4", "0.00025"},
    {"habitat_baselines.rl.ppo.eps", "1e-6", "1e-06"},
    {"habitat_baselines.rl.ppo.max_grad_norm", "0.2", "0.2"},
    {"habitat_baselines.rl.ppo.num_steps", "128", "128"},
    {"habitat_baselines.rl.ppo.hidden_size", "256", "256"},
    {"habitat_baselines.rl.ppo.use_gae", "False", "False"},
    {"habitat_baselines.rl.ppo.use_linear_lr_decay", "True", "True"},
    {"habitat_baselines.rl.ppo.use_double_buffered_sampler", "True", "True"},
    {"habitat_baselines.rl.ppo.use_linear_clip_decay", "True", "True"},
    {"habitat_baselines.rl.ppo.gamma", "0.98", "0.98"},
    {"habitat_baselines.rl.ppo.tau", "0.9", "0.9"},
    {"habitat_baselines.rl.ppo.reward_window_size", "20", "20"},
    {"habitat_baselines.rl.ppo.use_normalized_advantage", "True", "True"},
    {"habitat_baselines.rl.ppo.use_clipped_value_loss", "False", "False"},
    {"habitat_baselines.rl.ddppo.sync_frac", "0.6", "0.6"},
    {"habitat_baselines.rl.ddppo.rnn_type", "LSTM", "LSTM"},
    {"habitat_baselines.rl.ddppo.backbone", "resnet18", "resnet18"},
};

const Sample* sample_of(std::string_view hydra) {
  const auto* found = std::find_if(std::begin(kSamples), std::end(kSamples),
                                   [&](const Sample& sample) { return hydra == sample.hydra; });
  return found == std::end(kSamples) ? nullptr : found;
}

/// "a.b.c", "5" -> a file with three levels.
std::string as_tree(const std::string& key, const std::string& value) {
  std::string text;
  for (std::size_t begin = 0, depth = 0;; ++depth) {
    const std::size_t dot = key.find('.', begin);
    text += std::string(2 * depth, ' ') + key.substr(begin, dot - begin) + ":";
    if (dot == std::string::npos) return text + " " + value + "\n";
    text += "\n";
    begin = dot + 1;
  }
}

/// A printed configuration without the lines of some keys.
std::string without(const std::string& yaml, const std::vector<std::string>& keys) {
  std::string kept;
  std::vector<std::string> path;
  for (std::size_t begin = 0; begin < yaml.size();) {
    const std::size_t end = yaml.find('\n', begin);
    const std::string line = yaml.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t indent = line.find_first_not_of(' ');
    path.resize(indent / 4);
    path.push_back(line.substr(indent, line.find(':') - indent));
    std::string dotted;
    for (const std::string& part : path) dotted += (dotted.empty() ? "" : ".") + part;
    if (std::find(keys.begin(), keys.end(), dotted) == keys.end()) kept += line + "\n";
  }
  return kept;
}

/// object_nav() with the sample's key by Hydra's name, on the command line or in a file.
base::Result<LoadedConfig> load_sample(const HydraKey& row, const Sample& sample, bool from_file) {
  std::vector<std::string> words;
  const std::vector<std::string> all = object_nav();
  for (std::size_t i = 0; i < all.size(); i += 2) {
    if (from_file || all[i] != row.ours) words.insert(words.end(), {all[i], all[i + 1]});
  }
  if (!from_file) {
    words.push_back(std::string(sample.hydra) + "=" + sample.value);
    return load_experiment({.overrides = words});
  }
  INKNAV_ASSIGN_OR_RETURN(const LoadedConfig base, load_experiment({.overrides = words}));
  std::vector<std::string> replaced{std::string(row.ours)};
  if (row.kind == HydraKind::kCameras) replaced.insert(replaced.end(), {"EXTRA_RGB", "EXTRA_DEPTH"});
  return load_experiment_text(
      without(to_yaml(base.config, false), replaced) + as_tree(sample.hydra, sample.value), "h.yaml");
}

TEST(Hydra, EveryRowIsReadFromTheCommandLineAndFromFiles) {
  const std::vector<std::string> base = object_nav();
  for (const HydraKey& row : hydra_keys()) {
    const Sample* sample = sample_of(row.hydra);
    ASSERT_NE(sample, nullptr) << row.hydra << " has no sample in this test";
    const std::string ours(row.ours);
    for (const bool from_file : {false, true}) {
      const auto loaded = load_sample(row, *sample, from_file);
      ASSERT_TRUE(loaded.ok()) << row.hydra << ": " << loaded.error().message;
      EXPECT_EQ(values_of(loaded->config).at(ours), sample->listed) << row.hydra;
    }
    EXPECT_NE(values_of(ExperimentConfig{}).at(ours), sample->listed) << row.hydra << ": that is the default";
  }
  EXPECT_EQ(std::size(kSamples), hydra_keys().size());
}

TEST(Hydra, TheGuidesListEveryRow) {
  for (const char* guide : {"docs/coming-from-habitat.md", "docs/coming-from-habitat.zh-CN.md"}) {
    const auto text = base::read_text_file(guide, 1 << 20);
    ASSERT_TRUE(text.ok());
    for (const HydraKey& row : hydra_keys()) {
      const std::string wanted = "| `" + std::string(row.hydra) + "` | `" + std::string(row.ours) + "` |";
      EXPECT_NE(text->find(wanted), std::string::npos) << guide << " has no line " << wanted;
    }
  }
}

TEST(Hydra, AllEpisodesAreMinusOneThere) {
  std::vector<std::string> words = object_nav();
  words.insert(words.end(), {"EVAL.SPLIT", "x", "habitat_baselines.test_episode_count=-1"});
  const auto loaded = load_experiment({.overrides = words});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->config.eval.episodes, 0);
}

TEST(Hydra, CamerasAreWhatThePolicyLooksThrough) {
  const std::string cameras =
      "habitat:\n  simulator:\n    agents:\n      main_agent:\n        sim_sensors:\n"
      "          rgb_sensor: {type: HabitatSimRGBSensor, width: 32, height: 32}\n"
      "          depth_sensor: {type: HabitatSimDepthSensor, width: 32, height: 32}\n";
  const auto loaded = load_experiment_text("BASE_TASK_CONFIG_PATH: ''\n" + cameras, "h.yaml");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_TRUE(loaded->config.extra_rgb && loaded->config.extra_depth);
  EXPECT_EQ(loaded->config.sensors, (std::vector<std::string>{"RGB_SENSOR", "DEPTH_SENSOR"}));
  EXPECT_EQ(loaded->config.task_config.simulator.rgb_sensor.width, 32);
}

std::string message_of(const std::string& text) {
  const auto loaded = load_experiment_text(text, "h.yaml");
  if (loaded.ok()) return "(accepted)";
  EXPECT_EQ(loaded.error().code, base::ErrorCode::kUsage);
  return loaded.error().message;
}

std::string refusal_of(const std::vector<std::string>& words) {
  const auto loaded = load_experiment({.overrides = words});
  if (loaded.ok()) return "(accepted)";
  EXPECT_EQ(loaded.error().code, base::ErrorCode::kUsage);
  return loaded.error().message;
}

TEST(Hydra, WhatHasNoCounterpartIsRefusedWithTheReasonOrTheNearestName) {
  EXPECT_EQ(message_of("habitat:\n  environment:\n    max_episode_stepz: 5\n"),
            "h.yaml:3:5: habitat.environment.max_episode_stepz has no counterpart here; did you mean "
            "habitat.environment.max_episode_steps?");
  EXPECT_EQ(
      message_of("habitat_baselines:\n  total_num_steps: 75e6\n"),
      "h.yaml:2:3: habitat_baselines.total_num_steps has no counterpart here: NUM_UPDATES says how long: "
      "total steps / (NUM_PROCESSES * RL.PPO.num_steps)");
  EXPECT_EQ(
      refusal_of({"habitat_baselines.rl.ddppo.num_recurrent_layers=2"}),
      "command line: habitat_baselines.rl.ddppo.num_recurrent_layers has no counterpart here: the recurrent "
      "core has one layer");
  EXPECT_EQ(
      refusal_of({"habitat.frobnication=1"}),
      "command line: habitat.frobnication has no counterpart here; docs/coming-from-habitat.md lists the "
      "keys that have one");
  EXPECT_NE(refusal_of({"habitat.simulator.habitat_sim_v0.enable_physics=True"}).find("without dynamics"),
            std::string::npos);
  EXPECT_NE(refusal_of({"+habitat.task.measurements.collisions={}"}).find("Hydra's + and ~"),
            std::string::npos);
  EXPECT_NE(refusal_of({"habitat.environment=5"}).find("habitat.environment has no counterpart here"),
            std::string::npos);
  EXPECT_NE(refusal_of({"habitat.task.actions=stop"}).find("habitat.task.actions must be a section"),
            std::string::npos);
  // Values are checked as our key's.
  EXPECT_EQ(refusal_of({"habitat.environment.max_episode_steps=0"}).substr(0, 71),
            "command line: TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_STEPS = 0 is not a nu");
  EXPECT_NE(refusal_of({"habitat_baselines.rl.ddppo.backbone=resnet50"}).find("resnet50 is not se_resnet9"),
            std::string::npos);
}

/// Habitat's own way to write actions and noisy cameras, each key beside its type.
constexpr const char* kNoisyDriver = R"(habitat:
  task:
    actions:
      stop: {type: StopAction}
      velocity_control: {type: VelocityAction, lin_vel_range: [0.0, 0.5], ang_vel_range: [-30, 30]}
      look_up: {type: LookUpAction, tilt_angle: 30}
      look_down: {type: LookDownAction, tilt_angle: 30}
      teleport: {type: TeleportAction}
  simulator:
    action_space_config: pyrobotnoisy
    noise_model: {robot: LoCoBot-Lite, controller: Movebase, noise_multiplier: 0.25}
    agents:
      main_agent:
        sim_sensors:
          rgb_sensor: {type: HabitatSimRGBSensor, orientation: [0.0, 0.5, 0.0], noise_model: SpeckleNoiseModel,
                       noise_model_kwargs: {intensity_constant: 0.5}}
          depth_sensor: {type: HabitatSimDepthSensor, orientation: [0.0, 0.5, 0.0], noise_model: "None",
                         noise_model_kwargs: {}}
)";

TEST(Hydra, ActionsAndNoisyCamerasAreReadAsHabitatWritesThem) {
  const auto loaded =
      load_experiment_text(std::string("BASE_TASK_CONFIG_PATH: ''\n") + kNoisyDriver, "h.yaml");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const TaskSettings& task = loaded->config.task_config.task;
  EXPECT_EQ(task.possible_actions,
            (std::vector<std::string>{"stop", "velocity_control", "look_up", "look_down", "teleport"}));
  EXPECT_EQ(task.actions.velocity_control.lin_vel_range, (std::array<double, 2>{0.0, 0.5}));
  EXPECT_EQ(task.actions.velocity_control.ang_vel_range, (std::array<double, 2>{-30.0, 30.0}));
  EXPECT_EQ(task.actions.velocity_control.time_step, 1.0);
  const SimulatorConfig& simulator = loaded->config.task_config.simulator;
  EXPECT_EQ(simulator.tilt_angle, 30.0);
  EXPECT_EQ(simulator.action_space, ActionSpaceChoice::kPyrobotNoisy);
  EXPECT_EQ(simulator.noise_model.robot, RobotChoice::kLoCoBotLite);
  EXPECT_EQ(simulator.noise_model.controller, ControllerChoice::kMovebase);
  EXPECT_EQ(simulator.noise_model.noise_multiplier, 0.25);
  EXPECT_EQ(simulator.rgb_sensor.noise_model, ColourNoiseChoice::kSpeckle);
  EXPECT_EQ(simulator.rgb_sensor.noise_model_kwargs.intensity_constant, 0.5);
  EXPECT_EQ(simulator.rgb_sensor.orientation, (std::array<double, 3>{0.0, 0.5, 0.0}));
  EXPECT_EQ(simulator.depth_sensor.noise_model, DepthNoiseChoice::kNone);
}

TEST(Hydra, NoiseAndActionsThatCannotBeAreRefused) {
  const std::string actions = "habitat.task.actions.",
                    cameras = "habitat.simulator.agents.main_agent.sim_sensors.";
  const std::pair<std::string, std::string> cases[] = {
      {actions + "velocity_control.lin_vel_rnge=[0, 1]",
       "did you mean habitat.task.actions.velocity_control.lin_vel_range?"},
      {actions + "velocity_control.lin_vel_range=[0, 0.25, 1]", "is not a list of 2 numbers, [a, b]"},
      {actions + "velocity_control.lin_vel_range=[0.25, 0]", "must begin with the smaller number"},
      {actions + "velocity_control.time_step=0", "is not a number from 0.001 to 60"},
      {cameras + "rgb_sensor.noise_model=GausianNoiseModel", "is not None, GaussianNoiseModel"},
      {cameras + "depth_sensor.noise_model=GaussianNoiseModel", "is not None or RedwoodDepthNoiseModel"},
      {cameras + "depth_sensor.noise_model=RedwoodDepthNoiseModel", "needs its distortion table"},
      {cameras + "depth_sensor.noise_model_kwargs.noise_multiplyer=2",
       "did you mean habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.noise_model_kwargs."
       "noise_multiplier?"},
      {cameras + "rgb_sensor.noise_model_kwargs.amount=2", "is not a number from 0 to 1"},
      {cameras + "rgb_sensor.orientation=[0, 0]", "is not a list of 3 numbers, [x, y, z]"},
      {cameras + "rgb_sensor.sensor_subtype=FISHEYE", "cameras are pinhole cameras"},
      {"habitat.simulator.action_space_config=pyrobotnoise", "is not v0, v1 or pyrobotnoisy"},
      {"habitat.simulator.noise_model.robot=Fetch", "is not LoCoBot or LoCoBot-Lite"},
      {"habitat.simulator.agents.main_agent.max_slope=30", "bodies climb 45 degrees"},
  };
  for (const auto& [word, part] : cases) {
    const std::string text = refusal_of({word});
    EXPECT_NE(text.find(part), std::string::npos) << word << ": " << text;
  }
  EXPECT_EQ(refusal_of({actions + "look_up.tilt_angle=30", actions + "look_down.tilt_angle=15"}),
            "command line: habitat.task.actions.look_down.tilt_angle = 15, but "
            "TASK_CONFIG.SIMULATOR.TILT_ANGLE, which is the same here, is 30 already; give both one value");
}

TEST(Hydra, FilesThatAreComposedAreRefused) {
  EXPECT_EQ(
      message_of("defaults:\n  - /habitat: habitat_config_base\n"),
      "h.yaml:1:1: defaults: composes files by Hydra, which is not done here; take the list out and name the "
      "files in their order, --exp-config configs/habitat/pointnav_gibson.yaml,yours.yaml");
  EXPECT_EQ(message_of("SEED: 1\n# @package _global_\n").substr(0, 50),
            "h.yaml:2:1: # @package moves a file's keys by Hydr");
  EXPECT_EQ(message_of("SEED: 1  # not a package line\n"), "(accepted)");
}

TEST(Hydra, OneKeyByTwoNamesIsRefused) {
  EXPECT_EQ(
      message_of("RL:\n  PPO: {lr: 1e-3}\nhabitat_baselines:\n  rl: {ppo: {lr: 2e-3}}\n"),
      "h.yaml:4:14: habitat_baselines.rl.ppo.lr and RL.PPO.lr are the same key and both are set; remove "
      "one");
}

TEST(Hydra, PairsAndAssignmentsMix) {
  const auto loaded = load_experiment({.overrides = {"SEED", "3", "habitat_baselines.rl.ppo.clip_param=0.3",
                                                     "NUM_UPDATES", "9", "habitat.simulator.turn_angle=30"}});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->config.seed, 3);
  EXPECT_EQ(loaded->config.num_updates, 9);
  EXPECT_EQ(loaded->config.rl.ppo.clip_param, 0.3);
  EXPECT_EQ(loaded->config.task_config.simulator.turn_angle, 30.0);
  EXPECT_EQ(loaded->origins.at("RL.PPO.clip_param"), "command line");
  EXPECT_EQ(refusal_of({"SEED"}).substr(0, 36), "command line: KEY VALUE pairs were w");
}

}  // namespace
}  // namespace inknav::config
