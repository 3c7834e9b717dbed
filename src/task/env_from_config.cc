// SPDX-License-Identifier: MIT
#include "task/env_from_config.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/contains.h"
#include "task/drawing_synthesis.h"
#include "task/habitat/read_dataset.h"
#include "task/habitat/settings_from_config.h"
#include "task/inflate_stream.h"

namespace inknav::task {
namespace {

using base::contains;

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

/// DATA_PATH with everything in braces replaced; roles, then scenes.
base::Result<std::vector<std::filesystem::path>> episode_files(const config::DatasetConfig& source,
                                                               std::string_view split) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : config::episode_paths(source, split)) {
    if (path.find("{scene}") == std::string::npos) {
      files.emplace_back(path);
      continue;
    }
    INKNAV_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> of_scenes,
                            habitat::scene_files(path, source.content_scenes));
    files.insert(files.end(), of_scenes.begin(), of_scenes.end());
  }
  if (!files.empty()) return files;
  return base::Error{base::ErrorCode::kData,
                     source.data_path + ": a file for each scene is wanted, found none; check DATA_PATH"};
}

base::Status load_drawn(const config::DatasetConfig& source, const std::vector<std::filesystem::path>& files,
                        Dataset& dataset) {
  for (const std::filesystem::path& file : files) {
    INKNAV_ASSIGN_OR_RETURN(std::vector<Episode> episodes, load_episodes(file));
    if (dataset.episodes.empty()) {
      dataset.episodes = std::move(episodes);
    } else {
      std::move(episodes.begin(), episodes.end(), std::back_inserter(dataset.episodes));
    }
  }
  if (contains(source.content_scenes, "*")) return base::ok_status();
  std::erase_if(dataset.episodes, [&](const Episode& episode) {
    return !contains(source.content_scenes, habitat::scene_name(episode.scene_id));
  });
  return base::ok_status();
}

/// "val.json.gz" -> "val_gt.json.gz"
std::filesystem::path ground_truth_path(const std::filesystem::path& file) {
  std::string name = file.filename().string();
  const std::size_t dot = name.find(".json");
  name.insert(dot == std::string::npos ? name.size() : dot, "_gt");
  return file.parent_path() / name;
}

/// A list of Habitat's is not made here: it has to be fetched and put where DATA_PATH says.
base::Status find_habitat(const config::DatasetConfig& source,
                          const std::vector<std::filesystem::path>& files) {
  for (const std::filesystem::path& file : files) {
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) continue;
    return base::Error{base::ErrorCode::kData,
                       file.string() + ": a list of " + source.type +
                           " was wanted, it is not there; put the data set there, or check "
                           "TASK_CONFIG.DATASET.DATA_PATH and the split"};
  }
  return base::ok_status();
}

base::Status load_habitat(const config::DatasetConfig& source, habitat::DatasetType type,
                          const std::vector<std::filesystem::path>& files, Dataset& dataset) {
  INKNAV_RETURN_IF_ERROR(find_habitat(source, files));
  INKNAV_ASSIGN_OR_RETURN(habitat::HabitatEpisodes read,
                          habitat::read_dataset({type, files, source.content_scenes, source.languages}));
  if (type == habitat::DatasetType::kR2rVln || type == habitat::DatasetType::kRxrVln) {
    for (const std::filesystem::path& file : files) {
      const std::filesystem::path truth = ground_truth_path(file);
      std::error_code none;
      if (!std::filesystem::exists(truth, none)) continue;
      INKNAV_RETURN_IF_ERROR(habitat::load_ground_truth(truth, read.tables->ground_truth));
    }
  }
  dataset.episodes = std::move(read.episodes);
  dataset.habitat = std::move(read.tables);
  return base::ok_status();
}

}  // namespace

EnvShare share_of_rank(int total, int rank, int world_size) {
  INKNAV_CHECK(total >= 1 && world_size >= 1 && rank >= 0 && rank < world_size, total, rank, world_size);
  const int share = total / world_size, remainder = total % world_size;
  return {.first = rank * share + std::min(rank, remainder),
          .count = share + (rank < remainder ? 1 : 0),
          .total = total};
}

void choose_backend(config::RendererChoice wanted, bool on_device, sim::SimulatorSettings& simulator) {
  using config::RendererChoice;
  const bool cuda = wanted == RendererChoice::kCuda || (wanted == RendererChoice::kAuto && on_device);
  simulator.backend = cuda                             ? render::Backend::kCuda
                      : wanted == RendererChoice::kEgl ? render::Backend::kEgl
                                                       : render::Backend::kBundle;
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
  choose_backend(simulator.renderer, share.gpu >= 0, settings.simulator);
  settings.simulator.gpu = std::max(share.gpu, 0);
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
  if (!config.is_habitat_task()) return settings;
  settings.habitat = habitat::task_settings(config);
  settings.simulator.motion.velocity =
      habitat::velocity_settings(config.task_config.task.actions.velocity_control);
  settings.simulator.sensors.depth = config.has_camera("DEPTH_SENSOR");
  settings.simulator.mapper.enabled = settings.with_drawings = settings.with_expert = false;
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

base::Status check_lists(const config::ExperimentConfig& config, std::string_view split) {
  const config::DatasetConfig& source = config.task_config.dataset;
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> files, episode_files(source, split));
  const auto type = habitat::dataset_type(source.type);
  if (type && *type != habitat::DatasetType::kHandWritingNav) return find_habitat(source, files);
  for (const std::filesystem::path& file : files) {
    const auto opened = InflateBuffer::open(file);
    if (!opened.ok()) return opened.error();
  }
  return base::ok_status();
}

base::Result<Dataset> load_dataset(const config::ExperimentConfig& config, std::string_view split) {
  const config::DatasetConfig& source = config.task_config.dataset;
  const auto type = habitat::dataset_type(source.type);
  if (!type) {
    return base::Error{base::ErrorCode::kUsage,
                       "TASK_CONFIG.DATASET.TYPE = " + source.type + " is not a dataset that can be read"};
  }
  Dataset dataset;
  dataset.scenes_dir = config::expand_path(source.scenes_dir, split, source.version);
  dataset.sketch_dir = config::expand_path(source.sketch_dir, split, source.version);
  dataset.scene_dataset =
      config::expand_path(config.task_config.simulator.scene_dataset, split, source.version);
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> files, episode_files(source, split));
  if (*type == habitat::DatasetType::kHandWritingNav) {
    INKNAV_RETURN_IF_ERROR(load_drawn(source, files, dataset));
  } else {
    INKNAV_RETURN_IF_ERROR(load_habitat(source, *type, files, dataset));
  }
  if (dataset.episodes.empty()) {
    return base::Error{base::ErrorCode::kData,
                       (files.empty() ? source.data_path : files.front().string()) +
                           ": at least one episode was wanted, found none that TASK_CONFIG.DATASET's "
                           "CONTENT_SCENES and LANGUAGES keep; check them"};
  }
  using config::MissingDrawingsChoice;
  if (source.missing_drawings == MissingDrawingsChoice::kSynthesize ||
      (source.missing_drawings == MissingDrawingsChoice::kAuto && dataset.habitat != nullptr)) {
    dataset.drawings = std::make_shared<DrawingSynthesis>(drawing_recipe(config, split));
  }
  return dataset;
}

DrawingRecipe drawing_recipe(const config::ExperimentConfig& config, std::string_view split) {
  DrawingRecipe recipe;
  recipe.seed = static_cast<std::uint64_t>(config.seed);
  recipe.level = static_cast<sketch::Level>(config.task_config.dataset.sketch_style);
  recipe.drawers = drawers_of_split(split);
  if (!config.cache_dir.empty()) recipe.cache_dir = config.cache_dir;
  return recipe;
}

}  // namespace inknav::task
