// SPDX-License-Identifier: MIT
#include "task/habitat/task_settings.h"

#include <algorithm>
#include <string>

#include "config/habitat_names.h"

namespace inknav::task::habitat {

namespace {
template <typename T>
bool contains(const std::vector<T>& list, T value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}
base::Error usage_error(const std::string& message) { return base::Error{base::ErrorCode::kUsage, message}; }
}  // namespace

std::string_view name_of(Sensor sensor) {
  return config::habitat_sensors()[static_cast<std::size_t>(sensor)];
}

bool HabitatTaskSettings::has(Sensor sensor) const { return contains(sensors, sensor); }
bool HabitatTaskSettings::has(Measure wanted) const { return contains(measures, wanted); }
bool HabitatTaskSettings::has(sim::BodyAction action) const { return contains(actions, action); }

base::Status validate(const HabitatTaskSettings& settings, bool with_rgb) {
  using sim::BodyAction;
  std::vector<std::string> names;
  for (const Measure measure : settings.measures) names.emplace_back(name_of(measure));
  if (const std::string problem = config::measure_problem(names); !problem.empty())
    return usage_error("TASK_CONFIG.TASK.MEASUREMENTS " + problem);
  if (settings.actions.empty() || settings.actions.front() != BodyAction::kStop)
    return usage_error("TASK_CONFIG.TASK.POSSIBLE_ACTIONS must begin with stop: action 0 ends an episode");
  for (const BodyAction action : settings.actions) {
    if (static_cast<int>(action) >= sim::kNumDiscreteActions) {
      return usage_error(
          "TASK_CONFIG.TASK.POSSIBLE_ACTIONS: discrete actions are wanted; velocities and teleports are "
          "commands of the simulator (sim/command.h)");
    }
  }
  if (settings.has(Sensor::kImageGoal) && !with_rgb) {
    return usage_error(
        "TASK_CONFIG.TASK.SENSORS names imagegoal, a colour picture, but there is no colour camera; set "
        "EXTRA_RGB True and add RGB_SENSOR to SENSORS");
  }
  for (const BodyAction needed : {BodyAction::kMoveForward, BodyAction::kTurnLeft, BodyAction::kTurnRight}) {
    if (settings.with_follower && !settings.has(needed)) {
      return usage_error(
          "USE_EXPERT_ACTIONS: the follower walks by stop, move_forward, turn_left and turn_right; list "
          "them in TASK_CONFIG.TASK.POSSIBLE_ACTIONS");
    }
  }
  return base::ok_status();
}

}  // namespace inknav::task::habitat
