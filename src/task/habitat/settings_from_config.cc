// SPDX-License-Identifier: MIT
#include "task/habitat/settings_from_config.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "config/habitat_names.h"

namespace inknav::task::habitat {
namespace {

/// The place of a name that the configuration has been checked for.
std::size_t place_of(std::string_view name, std::span<const std::string_view> names) {
  const auto found = std::find(names.begin(), names.end(), name);
  INKNAV_CHECK(found != names.end(), name);
  return static_cast<std::size_t>(found - names.begin());
}

TaskType type_of(std::string_view name) {
  if (name == "ObjectNav-v1") return TaskType::kObjectNav;
  if (name == "ImageNav-v1") return TaskType::kImageNav;
  return name == "VLN-v0" ? TaskType::kVln : TaskType::kPointNav;
}

sim::PointGoalFormat format_of(const config::PointGoalSensorConfig& sensor) {
  return {sensor.goal_format == config::GoalFormat::kPolar, sensor.dimensionality};
}

IteratorSettings iterator_of(const config::IteratorConfig& from) {
  IteratorSettings to;
  to.shuffle = from.shuffle;
  to.group_by_scene = from.group_by_scene;
  to.num_episode_sample = from.num_episode_sample;
  to.max_scene_repeat_episodes = from.max_scene_repeat_episodes;
  to.max_scene_repeat_steps = from.max_scene_repeat_steps;
  to.step_repetition_range = from.step_repetition_range;
  return to;
}

/// Each velocity that a policy may choose is an action; a teleport is none.
void add_actions(const config::TaskSettings& from, HabitatTaskSettings& to) {
  static_assert(static_cast<int>(sim::BodyAction::kVelocity) == 6 &&
                static_cast<int>(sim::BodyAction::kTeleport) == 7);  // config::habitat_actions()
  to.actions.clear();
  for (const std::string& name : from.possible_actions) {
    const auto kind = static_cast<sim::BodyAction>(place_of(name, config::habitat_actions()));
    if (kind != sim::BodyAction::kVelocity && kind != sim::BodyAction::kTeleport) {
      to.actions.push_back({kind});
      continue;
    }
    to.free_commands.push_back(kind);
    if (kind == sim::BodyAction::kTeleport) continue;
    for (const auto& [linear, angular] : from.actions.velocity_control.velocities)
      to.actions.push_back({kind, static_cast<float>(linear), static_cast<float>(angular)});
  }
}

}  // namespace

sim::VelocitySettings velocity_settings(const config::VelocityControlConfig& config) {
  sim::VelocitySettings velocity;
  velocity.min_linear = static_cast<float>(config.lin_vel_range[0]);
  velocity.max_linear = static_cast<float>(config.lin_vel_range[1]);
  velocity.min_angular_deg = static_cast<float>(config.ang_vel_range[0]);
  velocity.max_angular_deg = static_cast<float>(config.ang_vel_range[1]);
  velocity.stop_linear = static_cast<float>(config.min_abs_lin_speed);
  velocity.stop_angular_deg = static_cast<float>(config.min_abs_ang_speed);
  velocity.time_step = static_cast<float>(config.time_step);
  return velocity;
}

HabitatTaskSettings task_settings(const config::ExperimentConfig& config) {
  const config::TaskSettings& from = config.task_config.task;
  HabitatTaskSettings to;
  to.type = type_of(from.type);
  add_actions(from, to);
  to.sensors.clear();
  for (const std::string& name : from.sensors)
    to.sensors.push_back(static_cast<Sensor>(place_of(name, config::habitat_sensors())));
  to.measures.clear();
  for (const std::string& name : from.measurements) to.measures.push_back(measure_named(name));
  to.measure.ndtw_distance = static_cast<float>(from.ndtw.success_distance);
  to.reward.reward_measure = measure_named(config.rl.reward_measure);
  to.reward.success_measure = measure_named(config.rl.success_measure);
  to.reward.success_reward = static_cast<float>(config.rl.success_reward);
  to.reward.slack_reward = static_cast<float>(config.rl.slack_reward);
  to.reward.end_on_success = from.end_on_success;
  to.distance_to = from.distance_to_goal.distance_to == config::DistanceToChoice::kViewPoints
                       ? DistanceTo::kViewPoints
                       : DistanceTo::kPoint;
  to.iterator = iterator_of(config.task_config.environment.iterator_options);
  to.pointgoal = format_of(from.pointgoal_sensor);
  to.pointgoal_with_gps_compass = format_of(from.pointgoal_with_gps_compass_sensor);
  to.gps_dimensions = from.gps_sensor.dimensionality;
  to.proximity_radius = static_cast<float>(from.proximity_sensor.max_detection_radius);
  to.fast_dtw = from.ndtw.fdtw;
  to.with_follower = config.use_expert_actions;
  return to;
}

}  // namespace inknav::task::habitat
