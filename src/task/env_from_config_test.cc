// SPDX-License-Identifier: MIT
#include "task/env_from_config.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "task/habitat/test_files.h"

namespace inknav::task {
namespace {

using config::RendererChoice;
using render::Backend;

TEST(ChooseBackend, TheCpuIsAskedForByNameOrWhereNothingIsComputedOnADevice) {
  const struct {
    RendererChoice wanted;
    bool on_device;
    Backend backend;
    bool replaced;
  } cases[] = {{RendererChoice::kAuto, false, Backend::kBundle, true},
               {RendererChoice::kAuto, true, Backend::kCuda, true},
               {RendererChoice::kCpu, false, Backend::kBundle, false},
               {RendererChoice::kCpu, true, Backend::kBundle, false},
               {RendererChoice::kCuda, false, Backend::kCuda, false},
               {RendererChoice::kCuda, true, Backend::kCuda, false},
               {RendererChoice::kEgl, false, Backend::kEgl, true},
               {RendererChoice::kEgl, true, Backend::kEgl, true}};
  for (const auto& expected : cases) {
    sim::SimulatorSettings simulator;
    choose_backend(expected.wanted, expected.on_device, simulator);
    EXPECT_EQ(simulator.backend, expected.backend) << static_cast<int>(expected.wanted) << expected.on_device;
    EXPECT_EQ(simulator.replace_backend, expected.replaced) << static_cast<int>(expected.wanted);
  }
}

TEST(EnvSettings, ARankRendersOnTheGpuThatItComputesOn) {
  const config::ExperimentConfig config;  // RENDERER auto
  EnvShare share = share_of_rank(10, 1, 3);
  EXPECT_EQ(share.gpu, -1);
  EXPECT_EQ(env_settings(config, share).simulator.backend, Backend::kBundle);
  share.gpu = 2;
  EXPECT_EQ(env_settings(config, share).simulator.backend, Backend::kCuda);
  EXPECT_EQ(env_settings(config, share).simulator.gpu, 2);
}

class LoadDataset : public habitat::testing::Files {
 protected:
  LoadDataset() { source().scenes_dir = "data/{version}/scenes"; }
  config::DatasetConfig& source() { return config_.task_config.dataset; }
  void choose(const std::string& type, const std::string& data_path) {
    source().type = type;
    source().data_path = (folder_.path() / data_path).string();
  }
  Dataset load(const std::string& split) {
    auto dataset = load_dataset(config_, split);
    INKNAV_CHECK(dataset.ok(), dataset.error().message);
    return std::move(dataset).value();
  }
  static std::string point_nav(const std::string& scene) {
    return "{\"episodes\": [" + habitat::testing::point_nav_episode(0, scene) + "]}";
  }

  config::ExperimentConfig config_;
};

TEST_F(LoadDataset, TypeAndPlaceholdersChooseTheFiles) {
  namespace files = habitat::testing;
  write_gz("v1/val/val.json.gz", point_nav("gibson/A.glb"));
  choose("PointNav-v1", "{version}/{split}/{split}.json.gz");
  Dataset read = load("val");
  EXPECT_EQ(read.episodes.size(), 1u);
  EXPECT_EQ(read.scenes_dir, "data/v1/scenes");
  ASSERT_NE(read.habitat, nullptr);
  EXPECT_EQ(read.habitat->type, habitat::DatasetType::kPointNav);

  choose("HandWritingNav", "{version}/{split}/{split}.json.gz");
  EXPECT_EQ(load("val").habitat, nullptr);

  write_gz("val_guide.json.gz", files::rxr_file());
  write_gz("val_follower.json.gz", files::rxr_file());
  choose("RxR-VLN-CE-v1", "{split}_{role}.json.gz");
  EXPECT_EQ(load("val").episodes.size(), 3u) << "ROLES is [guide]";
  source().roles = {"*"};
  EXPECT_EQ(load("val").episodes.size(), 6u);
  source().languages = {"te-IN"};
  const auto none = load_dataset(config_, "val");
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("LANGUAGES"), std::string::npos) << none.error().message;

  write("per/B.json", point_nav("gibson/B.glb"));
  write("per/A.json", point_nav("gibson/A.glb"));
  choose("PointNav-v1", "per/{scene}.json");
  read = load("val");
  ASSERT_EQ(read.episodes.size(), 2u);
  EXPECT_EQ(read.episodes[0].scene_id, "gibson/A.glb");
  source().content_scenes = {"B"};
  EXPECT_EQ(load("val").episodes.size(), 1u);

  EXPECT_TRUE(check_lists(config_, "val").ok());
  choose("PointNav-v1", "nowhere.json");
  const auto absent = load_dataset(config_, "val");
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.error().message.find("nowhere.json: a list of PointNav-v1 was wanted"), std::string::npos)
      << absent.error().message;
  EXPECT_EQ(check_lists(config_, "val").error().message, absent.error().message);
  choose("HandWritingNav", "nowhere.json");
  EXPECT_EQ(check_lists(config_, "val").error().message, load_dataset(config_, "val").error().message);

  source().type = "Chess-v1";
  EXPECT_FALSE(load_dataset(config_, "val").ok());
}

TEST_F(LoadDataset, WalksBesideTheFileAreJoinedByTheirId) {
  const std::string walk =
      R"({"7": {"locations": [[0, 0, 0], [0, 0, -0.25]], "actions": [1, 0], "forward_steps": 1}})";
  write_gz("val.json.gz", habitat::testing::r2r_file());
  choose("VLN-CE-v1", "{split}.json.gz");
  EXPECT_TRUE(load("val").habitat->ground_truth.empty());
  write_gz("val_gt.json.gz", walk);
  const Dataset read = load("val");
  EXPECT_TRUE(read.habitat->ground_truth.find(read.episodes[0].episode_id).locations.empty());
  EXPECT_EQ(read.habitat->ground_truth.find(read.episodes[1].episode_id).locations.size(), 2u);
  write_gz("val_gt.json.gz", "{}x");
  EXPECT_FALSE(load_dataset(config_, "val").ok()) << "damaged is not the same as absent";
}

TEST_F(LoadDataset, MissingDrawingsAreMadeForHabitatsFormatsAlone) {
  using config::MissingDrawingsChoice;
  write("val.json", point_nav("gibson/A.glb"));
  choose("PointNav-v1", "{split}.json");
  config_.seed = 3;
  source().sketch_style = config::SketchStyleChoice::kL3;
  const Dataset foreign = load("val");
  ASSERT_NE(foreign.drawings, nullptr);
  EXPECT_EQ(foreign.drawings->recipe().level, sketch::Level::kL3);
  EXPECT_EQ(foreign.drawings->recipe().drawers, sketch::DrawerSplit::kVal);
  EXPECT_EQ(foreign.drawings->recipe().seed, 3u);
  source().missing_drawings = MissingDrawingsChoice::kError;
  EXPECT_EQ(load("val").drawings, nullptr);
  source().type = "HandWritingNav";
  source().missing_drawings = MissingDrawingsChoice::kAuto;
  EXPECT_EQ(load("val").drawings, nullptr);
  source().missing_drawings = MissingDrawingsChoice::kSynthesize;
  EXPECT_NE(load("val").drawings, nullptr);
}

TEST(EnvSettings, NoiseAndCameras) {
  config::ExperimentConfig config;
  config::SimulatorConfig& simulator = config.task_config.simulator;
  simulator.tilt_angle = 30.0;
  simulator.noise_model = {config::RobotChoice::kLoCoBotLite, config::ControllerChoice::kMovebase, 0.25};
  simulator.depth_sensor.orientation = {-0.5, 0.1, 0.2};
  simulator.depth_sensor.noise_model = config::DepthNoiseChoice::kRedwood;
  simulator.depth_sensor.noise_model_kwargs = {0.5, "table.npy"};
  simulator.rgb_sensor.noise_model_kwargs = {0.3, 0.4, 0.6, 0.7, 0.8};
  const auto made = [&] { return env_settings(config, {0, 1, 1}).simulator; };
  EXPECT_EQ(made().motion.tilt_angle_deg, 30.0f);
  EXPECT_EQ(made().motion.noise.robot, sim::NoisyRobot::kNone) << "the model alone does nothing";
  simulator.action_space = config::ActionSpaceChoice::kV1;
  EXPECT_EQ(made().motion.noise.robot, sim::NoisyRobot::kNone);
  simulator.action_space = config::ActionSpaceChoice::kPyrobotNoisy;
  EXPECT_EQ(made().motion.noise.robot, sim::NoisyRobot::kLoCoBotLite);
  EXPECT_EQ(made().motion.noise.controller, sim::NoisyController::kMovebase);
  EXPECT_EQ(made().motion.noise.multiplier, 0.25f);
  simulator.noise_model = {config::RobotChoice::kLoCoBot, config::ControllerChoice::kIlqr, 1.0};
  EXPECT_EQ(made().motion.noise.robot, sim::NoisyRobot::kLoCoBot);
  EXPECT_EQ(made().motion.noise.controller, sim::NoisyController::kIlqr);
  simulator.noise_model.controller = config::ControllerChoice::kProportional;
  EXPECT_EQ(made().motion.noise.controller, sim::NoisyController::kProportional);
  const sim::SensorSettings sensors = made().sensors;
  EXPECT_EQ(sensors.camera_orientation, base::Vec3(-0.5f, 0.1f, 0.2f));
  EXPECT_EQ(sensors.depth_noise.model, sim::DepthNoise::kRedwood);
  EXPECT_EQ(sensors.depth_noise.multiplier, 0.5f);
  EXPECT_EQ(sensors.depth_noise.distortion_file, "table.npy");
  EXPECT_EQ(sensors.rgb_noise.intensity_constant, 0.3f);
  EXPECT_EQ(sensors.rgb_noise.mean, 0.4f);
  EXPECT_EQ(sensors.rgb_noise.sigma, 0.6f);
  EXPECT_EQ(sensors.rgb_noise.s_vs_p, 0.7f);
  EXPECT_EQ(sensors.rgb_noise.amount, 0.8f);
  const std::pair<config::ColourNoiseChoice, sim::ColourNoise> models[] = {
      {config::ColourNoiseChoice::kNone, sim::ColourNoise::kNone},
      {config::ColourNoiseChoice::kGaussian, sim::ColourNoise::kGaussian},
      {config::ColourNoiseChoice::kSpeckle, sim::ColourNoise::kSpeckle},
      {config::ColourNoiseChoice::kPoisson, sim::ColourNoise::kPoisson},
      {config::ColourNoiseChoice::kSaltAndPepper, sim::ColourNoise::kSaltAndPepper}};
  for (const auto& [choice, model] : models) {
    simulator.rgb_sensor.noise_model = choice;
    EXPECT_EQ(made().sensors.rgb_noise.model, model);
  }
}

}  // namespace
}  // namespace inknav::task
