// SPDX-License-Identifier: MIT
#include "config/load.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/listing.h"

namespace inknav::config {
namespace {

namespace fs = std::filesystem;

class LoadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("inknav_load_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }

  /// The message without the temporary folder; the code must be kUsage.
  std::string message(const base::Result<LoadedConfig>& result) const {
    if (result.ok()) return "(accepted)";
    EXPECT_EQ(result.error().code, base::ErrorCode::kUsage);
    EXPECT_EQ(result.error().message.find('\n'), std::string::npos) << result.error().message;
    std::string text = result.error().message;
    const std::string prefix = folder_.string() + "/";
    for (std::size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }

  std::string message_of(const std::string& yaml, const std::vector<std::string>& overrides = {}) const {
    return message(load_experiment({.files = {write("a.yaml", yaml)}, .overrides = overrides}));
  }

  LoadedConfig load(const std::string& yaml, const std::vector<std::string>& overrides = {}) const {
    auto loaded = load_experiment({.files = {write("a.yaml", yaml)}, .overrides = overrides});
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.ok() ? *loaded : LoadedConfig{};
  }

  fs::path folder_;
};

TEST_F(LoadTest, DefaultsAreTheDocumentedOnes) {
  const auto loaded = load_experiment({});
  ASSERT_TRUE(loaded.ok());
  const ExperimentConfig& c = loaded->config;
  EXPECT_EQ(c.seed, 0);
  EXPECT_EQ(c.num_processes, 8);
  EXPECT_EQ(c.num_updates, 10000);
  EXPECT_EQ(c.sensors, (std::vector<std::string>{"RGB_SENSOR", "DEPTH_SENSOR"}));
  EXPECT_EQ(c.rl.ppo.num_mini_batch, 16);
  EXPECT_EQ(c.rl.ppo.lr, 7e-4);
  EXPECT_EQ(c.rl.ppo.num_steps, 5);
  EXPECT_EQ(c.rl.diffusion.horizon, 16);
  EXPECT_EQ(c.rl.diffusion.beta_schedule, BetaSchedule::kLinear);
  EXPECT_EQ(c.task_config.environment.max_episode_steps, 500);
  EXPECT_EQ(c.task_config.simulator.turn_angle, 10.0);
  EXPECT_EQ(c.eval.split, "val");
}

TEST_F(LoadTest, LaterFilesThenTaskFileThenModelDirThenOverridesWin) {
  write("task.yaml", "ENVIRONMENT:\n    MAX_EPISODE_STEPS: 123\nTASK:\n    SUCCESS_DISTANCE: 0.5\n");
  const fs::path a = write("a.yaml",
                           "SEED: 1\nNUM_UPDATES: 11\nLOG_FILE: mine.log\nBASE_TASK_CONFIG_PATH: task.yaml\n"
                           "TASK_CONFIG:\n    ENVIRONMENT:\n        MAX_EPISODE_STEPS: 7\n");
  const fs::path b = write("b.yaml", "SEED: 2\n");
  const auto loaded = load_experiment({.files = {a, b},
                                       .model_dir = "runs/x",
                                       .overrides = {"TASK_CONFIG.TASK.SUCCESS_DISTANCE", "0.75", "SENSORS",
                                                     "[rgb]", "VIDEO_DIR", "elsewhere"}});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const ExperimentConfig& c = loaded->config;
  EXPECT_EQ(c.seed, 2);
  EXPECT_EQ(c.num_updates, 11);
  EXPECT_EQ(c.task_config.environment.max_episode_steps, 123);
  EXPECT_EQ(c.task_config.task.success_distance, 0.75);
  EXPECT_EQ(c.sensors, (std::vector<std::string>{"RGB_SENSOR"}));
  EXPECT_EQ(c.log_file, "runs/x/train.log");
  EXPECT_EQ(c.tensorboard_dir, "runs/x/tb");
  EXPECT_EQ(c.video_dir, "elsewhere");
  EXPECT_EQ(loaded->origins.at("TASK_CONFIG.TASK.SUCCESS_DISTANCE"), "command line");
  EXPECT_EQ(loaded->origins.at("SEED"), b.string() + ":1:1");
  ASSERT_EQ(loaded->notices.size(), 1u) << "a replaced key is said, an override of the command line is not";
  EXPECT_NE(
      loaded->notices[0].find("a.yaml:7:9: TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_STEPS = 7 is replaced by 123"),
      std::string::npos)
      << loaded->notices[0];
}

TEST_F(LoadTest, ErrorsNamePlaceKeyValueAndRemedy) {
  EXPECT_EQ(message_of("SEED: 0\nRL:\n    PPO:\n        num_mini_bach: 2\n"),
            "a.yaml:4:9: RL.PPO.num_mini_bach is not a known key; did you mean RL.PPO.num_mini_batch?");
  EXPECT_EQ(message_of("num_steps: 2\n"),
            "a.yaml:1:1: num_steps is not a known key; did you mean RL.PPO.num_steps?");
  EXPECT_EQ(message_of("FROBNICATE: 2\n"),
            "a.yaml:1:1: FROBNICATE is not a known key; inknav train --print-config lists all keys");
  EXPECT_EQ(message_of("RL:\n    PPO:\n        lr: fast\n"),
            "a.yaml:3:9: RL.PPO.lr = fast is not a finite number (AdamW step size, before RL.LR_SCALING)");
  EXPECT_EQ(message_of("RL: {PPO: {lr: .nan}}\n").substr(0, 40), "a.yaml:1:12: RL.PPO.lr = .nan is not a f");
  EXPECT_EQ(message_of("NUM_UPDATES: 1.5\n"),
            "a.yaml:1:1: NUM_UPDATES = 1.5 is not a whole number (rollouts with their updates)");
  EXPECT_EQ(message_of("NUM_UPDATES: \"7\"\n"),
            "a.yaml:1:1: NUM_UPDATES = \"7\" is not a whole number (rollouts with their updates)");
  EXPECT_EQ(message_of("NUM_UPDATES: 99999999999999999999\n").substr(0, 28), "a.yaml:1:1: NUM_UPDATES = 99");
  EXPECT_EQ(message_of("DEBUG: 1\n"),
            "a.yaml:1:1: DEBUG = 1 is not True or False (every update with all its figures in train.log)");
  EXPECT_EQ(
      message_of("DEBUG: [1]\n"),
      "a.yaml:1:1: DEBUG = a list is not True or False (every update with all its figures in train.log)");
  EXPECT_EQ(message_of("RL:\n    PPO:\n        gamma: 1.5\n"),
            "a.yaml:3:9: RL.PPO.gamma = 1.5 is not a number from 0 to 1 (discount a step)");
  EXPECT_EQ(message_of("RL: 5\n"), "a.yaml:1:1: RL = 5 is not a section with keys (reward and learners)");
  EXPECT_EQ(message_of("SENSORS: [RGB_SENSOR, SONAR]\n"),
            "a.yaml:1:1: SENSORS = SONAR is not one of RGB_SENSOR or DEPTH_SENSOR (cameras that the policy "
            "may look through)");
  EXPECT_EQ(message_of("SENSORS: RGB_SENSOR\n"),
            "a.yaml:1:1: SENSORS = RGB_SENSOR is not a list; write [a, b] or [] (cameras that the policy may "
            "look through)");
  EXPECT_EQ(
      message_of("MODEL:\n    BACKBONE: vit\n"),
      "a.yaml:2:5: MODEL.BACKBONE = vit is not se_resnet9, resnet18, small_cnn or none (network that reads "
      "depth and rgb)");
  EXPECT_EQ(message_of("RL:\n    DIFFUSION:\n        horizon: 18\n"),
            "a.yaml:3:9: RL.DIFFUSION.horizon = 18 must be a multiple of 4; use 20");
  EXPECT_EQ(
      message_of("SEED: 0\nNUM_UPDATE: 3\nLOG_INTERVALL: 1\n"),
      "a.yaml:2:1: NUM_UPDATE is not a known key; did you mean NUM_UPDATES? (and 1 more in the same place)");
  EXPECT_EQ(message(load_experiment({.files = {"no/such.yaml"}})),
            "no/such.yaml: the experiment file is not there; check the path (shipped ones are in configs/)");
  EXPECT_EQ(message_of("BASE_TASK_CONFIG_PATH: nowhere.yaml\n"),
            "a.yaml:1:1: BASE_TASK_CONFIG_PATH = nowhere.yaml is not there; the shipped one is "
            "configs/hwnav_base.yaml");
}

TEST_F(LoadTest, OverridesAreCheckedLikeFiles) {
  EXPECT_EQ(
      message_of("", {"RL.PPO.lr"}),
      "command line: KEY VALUE pairs were wanted after the flags, found RL.PPO.lr without a value; write for "
      "example: RL.PPO.lr 1e-3 NUM_UPDATES 500");
  EXPECT_EQ(message_of("", {"RL.PPO.Lr", "1"}),
            "command line: RL.PPO.Lr is not a known key; did you mean RL.PPO.lr?");
  EXPECT_EQ(message_of("", {"RL.PPO.lr", "-1"}).substr(0, 45),
            "command line: RL.PPO.lr = -1 is not a number ");
  EXPECT_EQ(message_of("", {"RL.PPO.lr", "[1"}).substr(0, 43), "command line: value of RL.PPO.lr:1:1: not r");
  EXPECT_EQ(message_of("", {"--lr x", "1"}).substr(0, 60),
            "command line: a key like RL.PPO.lr was wanted, found \"--lr x");
  EXPECT_NE(message_of("", {"LOG_FILE", std::string(5000, 'a')}).find("at most 4096 bytes"),
            std::string::npos);
  const LoadedConfig loaded =
      load("", {"RL", "{SUCCESS_REWARD: 2}", "GPU_IDS", "0,2", "NUM_PROCESSES", "auto"});
  EXPECT_EQ(loaded.config.rl.success_reward, 2.0);
  EXPECT_EQ(loaded.config.gpu_ids, (std::vector<int>{0, 2}));
  EXPECT_FALSE(loaded.config.num_processes.has_value());
}

TEST_F(LoadTest, MiniBatchesMustDivideTheEnvironments) {
  const LoadedConfig loaded = load("RL:\n    PPO:\n        num_mini_batch: 7\n");
  const base::Status status = check_mini_batches(loaded, 12);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::ErrorCode::kUsage);
  EXPECT_EQ(status.error().message,
            (folder_ / "a.yaml").string() +
                ":3:9: RL.PPO.num_mini_batch = 7 does not divide 12 environments; use 1, 2, 3, 4, 6 or 12");
  EXPECT_TRUE(check_mini_batches(loaded, 14).ok());
}

TEST_F(LoadTest, KeysOfTheLineageAreNamedOnceWithTheReason) {
  const LoadedConfig loaded = load(
      "VIEW_CHANGE_FPS: 10\nTASK_CONFIG:\n    SIMULATOR:\n        AUDIO:\n            RIR_SAMPLING_RATE: "
      "16000\n"
      "        HABITAT_SIM_V0:\n            GPU_DEVICE_ID: 0\n        RGB_SENSOR:\n            TYPE: x\n");
  ASSERT_EQ(loaded.notices.size(), 4u);
  EXPECT_EQ(loaded.notices[0], "TASK_CONFIG.SIMULATOR.AUDIO is ignored: there is no sound here");
  EXPECT_EQ(loaded.notices[1],
            "TASK_CONFIG.SIMULATOR.HABITAT_SIM_V0 is ignored: devices are chosen by GPU_IDS and NUM_GPUS");
  EXPECT_EQ(loaded.notices[3], "VIEW_CHANGE_FPS is ignored: videos show every step");
  EXPECT_EQ(
      message_of("TASK_CONFIG:\n    SIMULATOR:\n        HABITAT_SIM_V0:\n            ALLOW_SLIDING: False\n"),
      "a.yaml:4:13: TASK_CONFIG.SIMULATOR.HABITAT_SIM_V0.ALLOW_SLIDING is named "
      "TASK_CONFIG.SIMULATOR.ALLOW_SLIDING here; rename it");
}

TEST_F(LoadTest, NoiseAndCamerasAsHabitatWritesThem) {
  const LoadedConfig loaded = load(
      "TASK_CONFIG:\n    SIMULATOR:\n        ACTION_SPACE_CONFIG: pyrobotnoisy\n        TILT_ANGLE: 30\n"
      "        NOISE_MODEL: {ROBOT: LoCoBot-Lite, CONTROLLER: Movebase, NOISE_MULTIPLIER: 0.25}\n"
      "        RGB_SENSOR: {NOISE_MODEL: GaussianNoiseModel, NOISE_MODEL_KWARGS: {intensity_constant: 0.1}}\n"
      "        DEPTH_SENSOR:\n            ORIENTATION: [-0.5, 0.1, 0]\n"
      "            NOISE_MODEL: RedwoodDepthNoiseModel\n"
      "            NOISE_MODEL_KWARGS: {noise_multiplier: 0.5, distortion_file: t.npy}\n");
  EXPECT_TRUE(loaded.notices.empty()) << loaded.notices.front();
  const SimulatorConfig& c = loaded.config.task_config.simulator;
  EXPECT_EQ(c.action_space, ActionSpaceChoice::kPyrobotNoisy);
  EXPECT_EQ(c.tilt_angle, 30.0);
  EXPECT_EQ(c.noise_model.robot, RobotChoice::kLoCoBotLite);
  EXPECT_EQ(c.noise_model.controller, ControllerChoice::kMovebase);
  EXPECT_EQ(c.noise_model.noise_multiplier, 0.25);
  EXPECT_EQ(c.rgb_sensor.noise_model, ColourNoiseChoice::kGaussian);
  EXPECT_EQ(c.rgb_sensor.noise_model_kwargs.intensity_constant, 0.1);
  EXPECT_EQ(c.depth_sensor.orientation, (std::array{-0.5, 0.1, 0.0}));
  EXPECT_EQ(c.depth_sensor.noise_model, DepthNoiseChoice::kRedwood);
  EXPECT_EQ(c.depth_sensor.noise_model_kwargs.noise_multiplier, 0.5);
  EXPECT_EQ(c.depth_sensor.noise_model_kwargs.distortion_file, "t.npy");
  const std::string head = "TASK_CONFIG:\n    SIMULATOR:\n        ";
  const auto refused = [&](const std::string& line, const std::string& part) {
    EXPECT_NE(message_of(head + line).find(part), std::string::npos) << message_of(head + line);
  };
  refused("ACTION_SPACE_CONFIG: noisy\n", "pyrobotnoisy");
  refused("TILT_ANGLE: -1\n", "TILT_ANGLE");
  refused("NOISE_MODEL: {ROBOT: Pepper}\n", "LoCoBot-Lite");
  refused("NOISE_MODEL: {CONTROLLER: PID}\n", "Proportional");
  refused("NOISE_MODEL: {NOISE_MULTIPLIER: -0.5}\n", "NOISE_MULTIPLIER");
  refused("RGB_SENSOR: {NOISE_MODEL: Fog}\n", "SaltAndPepperNoiseModel");
  refused("RGB_SENSOR: {NOISE_MODEL_KWARGS: {s_vs_p: 2}}\n", "s_vs_p");
  refused("RGB_SENSOR: {NOISE_MODEL_KWARGS: {sigma: .nan}}\n", "sigma");
  refused("RGB_SENSOR: {ORIENTATION: [1, 2]}\n", "a list of 3 numbers");
  refused("DEPTH_SENSOR: {ORIENTATION: [90, 0, 0]}\n", "ORIENTATION");  // degrees
  refused("DEPTH_SENSOR: {NOISE_MODEL: RedwoodDepthNoiseModel}\n",
          "needs its distortion table; set NOISE_MODEL_KWARGS.distortion_file");
}

TEST_F(LoadTest, PrintedConfigReadsBackToTheSame) {
  const LoadedConfig first =
      load("SEED: 9\nLOG_FILE: \"a: 'strange' \\\"name\\\" #1\"\nGPU_IDS: [1, 3]\nNUM_PROCESSES: auto\n",
           {"RL.PPO.lr", "3e-4", "RL.PPO.rnn_type", "none", "VIDEO_OPTION", "[]", "RL.PPO.eps", "1e-10",
            "CHECKPOINT_FOLDER", "'~'", "CACHE_DIR", "'true'"});
  for (const bool comments : {false, true}) {
    const std::string yaml = to_yaml(first.config, comments);
    const auto again = load_experiment({.files = {write("printed.yaml", yaml)}});
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(to_yaml(again->config, comments), yaml);
    EXPECT_EQ(again->config.log_file, first.config.log_file);
    EXPECT_EQ(again->config.cache_dir, "true");
    EXPECT_TRUE(changed_settings(first.config, again->config).empty());
  }
}

TEST_F(LoadTest, ChangesAreOfWhatShapesTheResultAndNothingElse) {
  const auto changes = [&](const std::string& text) {
    return changed_settings(ExperimentConfig{}, load(text).config);
  };
  EXPECT_TRUE(changes("LOG_INTERVAL: 3\nCACHE_DIR: x\n").empty());
  EXPECT_EQ(changes("SEED: 3\nRL: {PPO: {lr: 1e-3}}\n"),
            (std::vector<std::string>{"SEED = 3, was " + std::to_string(ExperimentConfig{}.seed),
                                      "RL.PPO.lr = 0.001, was 0.0007"}));
}

TEST_F(LoadTest, DiffusionValuesThatContradictEachOtherAreRefused) {
  using Keys = std::vector<std::pair<const char*, const char*>>;
  const std::vector<std::pair<Keys, const char*>> cases = {
      {{{"num_inference_steps", "51"}, {"num_train_timesteps", "50"}},
       "num_inference_steps = 51 is more than num_train_timesteps; use at most 50"},
      {{{"horizon", "18"}}, "horizon = 18 must be a multiple of 4; use 20"},
      {{{"n_action_steps", "17"}}, "n_action_steps = 17 does not fit: a plan has horizon = 16 waypoints"},
      {{{"action_dim", "3"}}, "action_dim = 3; a waypoint has 2 numbers, or 4 with its heading"},
      {{{"hidden_size", "48"}}, "hidden_size = 48 must be a multiple of 32; use 64"},
      {{{"obs_as_global_cond", "False"}}, "obs_as_global_cond = False"},
      {{{"num_inference_steps", "1"}, {"timestep_spacing", "leading"}},
       "num_inference_steps = 1 with timestep_spacing leading visits the last noise level only"},
      {{{"beta_start", "0.02"}, {"beta_end", "0.02"}}, "beta_end must be greater than beta_start"},
      {{{"use_transformer_encoder", "True"}, {"obs_dim", "100"}, {"mha_num_attention_heads", "3"}},
       "mha_num_attention_heads = 3 does not divide obs_dim = 100"},
      {{{"prediction_type", "noise"}}, "RL.DIFFUSION.prediction_type"},
      {{{"demo_share", "1.5"}}, "RL.DIFFUSION.demo_share"}};
  for (const auto& [keys, wanted] : cases) {
    LoadRequest request;
    for (const auto& [key, value] : keys)
      request.overrides.insert(request.overrides.end(), {std::string("RL.DIFFUSION.") + key, value});
    const auto loaded = load_experiment(request);
    ASSERT_FALSE(loaded.ok()) << wanted;
    EXPECT_EQ(loaded.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(loaded.error().message.find(wanted), std::string::npos) << loaded.error().message;
  }
}

TEST_F(LoadTest, ShippedConfigsLoadAndTheTaskFileIsTheDefault) {
  for (const char* name : {"train_hwnav", "train_diffusion_hwnav", "val_hwnav"}) {
    const auto loaded = load_experiment({.files = {fs::path("configs") / (std::string(name) + ".yaml")}});
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_TRUE(loaded->notices.empty());
    ExperimentConfig defaults;
    ExperimentConfig task_only;
    task_only.task_config = loaded->config.task_config;
    EXPECT_EQ(to_yaml(task_only, false), to_yaml(defaults, false)) << name;
  }
}

TEST_F(LoadTest, NoShippedConfigSetsWhatItsTaskFileReplaces) {
  int configs = 0;
  for (const auto& entry : fs::directory_iterator("configs")) {
    if (entry.path().filename() == "hwnav_base.yaml" || entry.is_directory()) continue;
    const auto loaded = load_experiment({.files = {entry.path()}});
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_TRUE(loaded->notices.empty()) << loaded->notices.front();
    ++configs;
  }
  EXPECT_GE(configs, 7);
}

TEST_F(LoadTest, SplitConfigList) {
  EXPECT_EQ(split_config_list("a,b")->size(), 2u);
  EXPECT_FALSE(split_config_list("a,,b").ok());
  EXPECT_FALSE(split_config_list("").ok());
}

TEST_F(LoadTest, EveryKeyCanBeSetFromTheCommandLineToItsOwnDefault) {
  std::vector<std::string> overrides;
  for (const ListedKey& key : list_keys(ExperimentConfig{})) {
    if (!key.section) overrides.insert(overrides.end(), {key.path, key.value});
  }
  const auto loaded = load_experiment({.overrides = overrides});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_TRUE(changed_settings(ExperimentConfig{}, loaded->config).empty());
}

}  // namespace
}  // namespace inknav::config
