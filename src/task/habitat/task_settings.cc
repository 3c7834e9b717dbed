// SPDX-License-Identifier: MIT
#include "task/habitat/task_settings.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/contains.h"
#include "config/habitat_names.h"

namespace inknav::task::habitat {

namespace {

using base::contains;

base::Error usage_error(const std::string& message) { return base::Error{base::ErrorCode::kUsage, message}; }

std::string pair_text(const sim::Command& command) {
  std::string text("[");
  text.append(std::to_string(command.linear)).append(", ");
  return text.append(std::to_string(command.angular)).append("]");
}

base::Status validate_velocity(const sim::Command& command, const sim::VelocitySettings& velocity) {
  const std::string where = "TASK_CONFIG.TASK.ACTIONS.VELOCITY_CONTROL.VELOCITIES: ";
  if (!(std::abs(command.linear) <= 1.0f && std::abs(command.angular) <= 1.0f)) {
    return usage_error(where + "numbers from -1 to 1 are wanted, found " + pair_text(command));
  }
  const sim::Velocity driven = sim::velocity_of(velocity, command.linear, command.angular);
  if (!sim::is_velocity_stop(velocity, driven)) return base::ok_status();
  return usage_error(
      where + pair_text(command) + " means " + std::to_string(driven.linear) + " m/s and " +
      std::to_string(driven.angular_deg) +
      " degrees/s, slower than MIN_ABS_LIN_SPEED and MIN_ABS_ANG_SPEED, which is stop, and stop "
      "is action 0 already; take it out");
}

base::Status validate_actions(const HabitatTaskSettings& settings, const sim::VelocitySettings& velocity) {
  using sim::BodyAction;
  if (settings.actions.empty() || settings.actions.front().action != BodyAction::kStop)
    return usage_error("TASK_CONFIG.TASK.POSSIBLE_ACTIONS must begin with stop: action 0 ends an episode");
  for (const sim::Command& command : settings.actions) {
    if (command.action == BodyAction::kTeleport) {
      return usage_error(
          "TASK_CONFIG.TASK.POSSIBLE_ACTIONS: a teleport has no number, because it goes anywhere; it is one "
          "of "
          "free_commands, for step(commands)");
    }
    if (command.action == BodyAction::kVelocity) INKNAV_RETURN_IF_ERROR(validate_velocity(command, velocity));
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
}  // namespace

std::string_view name_of(Sensor sensor) {
  return config::habitat_sensors()[static_cast<std::size_t>(sensor)];
}

bool HabitatTaskSettings::has(Sensor sensor) const { return contains(sensors, sensor); }
bool HabitatTaskSettings::has(Measure wanted) const { return contains(measures, wanted); }
bool HabitatTaskSettings::has(sim::BodyAction action) const {
  return std::any_of(actions.begin(), actions.end(),
                     [&](const sim::Command& command) { return command.action == action; });
}
bool HabitatTaskSettings::allows(sim::BodyAction action) const {
  const bool is_free = action == sim::BodyAction::kVelocity || action == sim::BodyAction::kTeleport;
  return is_free ? contains(free_commands, action) : has(action);
}

base::Status validate(const HabitatTaskSettings& settings, bool with_rgb,
                      const sim::VelocitySettings& velocity) {
  std::vector<std::string> names;
  for (const Measure measure : settings.measures) names.emplace_back(name_of(measure));
  if (const std::string problem = config::measure_problem(names); !problem.empty())
    return usage_error("TASK_CONFIG.TASK.MEASUREMENTS " + problem);
  INKNAV_RETURN_IF_ERROR(validate_actions(settings, velocity));
  if (settings.has(Sensor::kImageGoal) && !with_rgb) {
    return usage_error(
        "TASK_CONFIG.TASK.SENSORS names imagegoal, a colour picture, but there is no colour camera; set "
        "EXTRA_RGB True and add RGB_SENSOR to SENSORS");
  }
  return base::ok_status();
}

}  // namespace inknav::task::habitat
