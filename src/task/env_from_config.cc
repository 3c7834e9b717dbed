// SPDX-License-Identifier: MIT
#include "task/env_from_config.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"

namespace inknav::task {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

base::Vec3 as_vec3(const std::array<double, 3>& v) {
  return {static_cast<float>(v[0]), static_cast<float>(v[1]), static_cast<float>(v[2])};
}

sim::ColourNoiseSettings colour_noise(const config::CameraConfig& camera) {
  static_assert(static_cast<int>(config::ColourNoiseChoice::kSaltAndPepper) ==
                static_cast<int>(sim::ColourNoise::kSaltAndPepper));
  const config::ColourNoiseConfig& given = camera.noise_model_kwargs;
  sim::ColourNoiseSettings noise;
  noise.model = static_cast<sim::ColourNoise>(camera.noise_model);
  noise.intensity_constant = static_cast<float>(given.intensity_constant);
  noise.mean = static_cast<float>(given.mean);
  noise.sigma = static_cast<float>(given.sigma);
  noise.s_vs_p = static_cast<float>(given.s_vs_p);
  noise.amount = static_cast<float>(given.amount);
  return noise;
}

sim::DepthNoiseSettings depth_noise(const config::DepthCameraConfig& camera) {
  sim::DepthNoiseSettings noise;
  if (camera.noise_model == config::DepthNoiseChoice::kRedwood) noise.model = sim::DepthNoise::kRedwood;
  noise.multiplier = static_cast<float>(camera.noise_model_kwargs.noise_multiplier);
  noise.distortion_file = camera.noise_model_kwargs.distortion_file;
  return noise;
}

sim::SensorSettings sensor_settings(const config::ExperimentConfig& config) {
  const config::SimulatorConfig& simulator = config.task_config.simulator;
  const config::DepthCameraConfig& depth = simulator.depth_sensor;
  sim::SensorSettings sensors;
  sensors.depth = true;  // the explored map is made from it, whether or not the policy also sees it
  sensors.rgb = config.extra_rgb && config.has_camera("RGB_SENSOR");
  sensors.camera.width = depth.width;
  sensors.camera.height = depth.height;
  sensors.camera.hfov_deg = static_cast<float>(depth.hfov);
  sensors.camera_position = as_vec3(depth.position);
  sensors.camera_orientation = as_vec3(depth.orientation);
  sensors.min_depth = static_cast<float>(depth.min_depth);
  sensors.max_depth = static_cast<float>(depth.max_depth);
  sensors.normalize_depth = depth.normalize_depth;
  sensors.rgb_noise = colour_noise(simulator.rgb_sensor);
  sensors.depth_noise = depth_noise(depth);
  return sensors;
}

sim::MotionSettings motion_settings(const config::SimulatorConfig& simulator) {
  using config::ControllerChoice;
  sim::MotionSettings motion;
  motion.forward_step = static_cast<float>(simulator.forward_step_size);
  motion.turn_angle_deg = static_cast<float>(simulator.turn_angle);
  motion.tilt_angle_deg = static_cast<float>(simulator.tilt_angle);
  motion.allow_sliding = simulator.allow_sliding;
  motion.no_slide_rule = simulator.no_slide_rule == config::NoSlideRuleChoice::kHabitat034
                             ? nav::NoSlideRule::kHabitat034
                             : nav::NoSlideRule::kHabitat033;
  if (simulator.action_space != config::ActionSpaceChoice::kPyrobotNoisy) return motion;
  const config::ActuationNoiseConfig& noise = simulator.noise_model;
  motion.noise.robot = noise.robot == config::RobotChoice::kLoCoBot ? sim::NoisyRobot::kLoCoBot
                                                                    : sim::NoisyRobot::kLoCoBotLite;
  motion.noise.controller = noise.controller == ControllerChoice::kIlqr ? sim::NoisyController::kIlqr
                            : noise.controller == ControllerChoice::kMovebase
                                ? sim::NoisyController::kMovebase
                                : sim::NoisyController::kProportional;
  motion.noise.multiplier = static_cast<float>(noise.noise_multiplier);
  return motion;
}

RewardSettings reward_settings(const config::RlConfig& rl) {
  RewardSettings reward;
  reward.success_reward = static_cast<float>(rl.success_reward);
  reward.slack_reward = static_cast<float>(rl.slack_reward);
  reward.with_time_penalty = rl.with_time_penalty;
  reward.with_distance_reward = rl.with_distance_reward;
  reward.distance_reward_scale = static_cast<float>(rl.distance_reward_scale);
  reward.expert_reward = static_cast<float>(rl.ppo.expert_reward_coef);
  return reward;
}

/// "mp3d/X/X.basis.glb" -> "X.basis"
std::string scene_name(const Episode& episode) {
  return std::filesystem::path(episode.scene_id).stem().string();
}

}  // namespace

EnvShare share_of_rank(int total, int rank, int world_size) {
  INKNAV_CHECK(total >= 1 && world_size >= 1 && rank >= 0 && rank < world_size, total, rank, world_size);
  const int share = total / world_size, remainder = total % world_size;
  return {rank * share + std::min(rank, remainder), share + (rank < remainder ? 1 : 0), total};
}

void choose_backend(config::RendererChoice wanted, bool on_device, sim::SimulatorSettings& simulator) {
  using config::RendererChoice;
  const bool cuda = wanted == RendererChoice::kCuda || (wanted == RendererChoice::kAuto && on_device);
  simulator.backend = cuda                             ? render::Backend::kCuda
                      : wanted == RendererChoice::kEgl ? render::Backend::kEgl
                                                       : render::Backend::kEmbree;
  simulator.replace_backend = wanted == RendererChoice::kAuto || wanted == RendererChoice::kEgl;
}

NavigationEnvSettings env_settings(const config::ExperimentConfig& config, const EnvShare& share) {
  const config::SimulatorConfig& simulator = config.task_config.simulator;
  NavigationEnvSettings settings;
  settings.seed = static_cast<std::uint64_t>(config.seed);
  settings.num_envs = share.count;
  settings.first_env = share.first;
  settings.total_envs = share.total;
  settings.simulator.motion = motion_settings(simulator);
  settings.simulator.sensors = sensor_settings(config);
  choose_backend(simulator.renderer, share.on_device, settings.simulator);
  settings.simulator.mapper.grid_size = simulator.map_cells;
  settings.simulator.mapper.cell_size = static_cast<float>(simulator.grid_size);
  settings.nav.agent_height = static_cast<float>(simulator.agent_0.height);
  settings.nav.agent_radius = static_cast<float>(simulator.agent_0.radius);
  settings.reward = reward_settings(config.rl);
  settings.success_distance = static_cast<float>(config.task_config.task.success_distance);
  settings.max_episode_steps = config.task_config.environment.max_episode_steps;
  settings.drawing_size = config.task_config.task.drawing_size;
  settings.drawing_variation = static_cast<float>(config.vary_drawings);
  if (config.use_diffusion_policy) settings.expert_path_points = config.rl.diffusion.horizon;
  if (!config.cache_dir.empty()) settings.cache_dir = config.cache_dir;
  return settings;
}

int step_threads(const config::ExperimentConfig& config, int planned) {
  return config.use_sync_vecenv ? 1 : planned;
}

base::Result<std::unique_ptr<ReplayEnv>> load_demonstrations(const config::ExperimentConfig& config,
                                                             const NavigationEnvSettings& settings,
                                                             const Dataset& dataset, base::ThreadPool& pool) {
  ReplaySettings replay;
  replay.num_workers = config.rl.diffusion.num_workers;
  const std::string& list = config.diffusion_data_dir;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::filesystem::path named = list.substr(begin, end - begin);
    if (named.empty()) {
      return base::Error{base::ErrorCode::kUsage,
                         "DIFFUSION_DATA_DIR: folders A[,B...] are wanted, found \"" + list +
                             "\" with an empty name; remove the comma"};
    }
    // `generate demos --out DIR` writes into DIR/<split>; that folder itself may be named too.
    const std::filesystem::path of_split = named / config.task_config.dataset.split;
    std::error_code none;
    replay.folders.push_back(std::filesystem::exists(of_split, none) ? of_split : named);
    begin = end + 1;
  }
  return ReplayEnv::create(settings, dataset, replay, pool);
}

base::Result<Dataset> load_dataset(const config::ExperimentConfig& config, std::string_view split) {
  const config::DatasetConfig& source = config.task_config.dataset;
  const std::string path = config::expand_path(source.data_path, split, source.version);
  Dataset dataset;
  dataset.scenes_dir = config::expand_path(source.scenes_dir, split, source.version);
  dataset.sketch_dir = config::expand_path(source.sketch_dir, split, source.version);
  INKNAV_ASSIGN_OR_RETURN(dataset.episodes, load_episodes(path));
  if (!contains(source.content_scenes, "*")) {
    std::erase_if(dataset.episodes, [&](const Episode& episode) {
      return !contains(source.content_scenes, scene_name(episode));
    });
  }
  if (dataset.episodes.empty()) {
    return base::Error{base::ErrorCode::kData, path +
                                                   ": at least one episode was wanted, found none that "
                                                   "TASK_CONFIG.DATASET.CONTENT_SCENES keeps; check both"};
  }
  return dataset;
}

}  // namespace inknav::task
