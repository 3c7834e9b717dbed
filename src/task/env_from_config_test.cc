// SPDX-License-Identifier: MIT
#include "task/env_from_config.h"

#include <gtest/gtest.h>

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
  } cases[] = {{RendererChoice::kAuto, false, Backend::kEmbree, true},
               {RendererChoice::kAuto, true, Backend::kCuda, true},
               {RendererChoice::kCpu, false, Backend::kEmbree, false},
               {RendererChoice::kCpu, true, Backend::kEmbree, false},
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
