// SPDX-License-Identifier: MIT
#include "config/habitat_names.h"

#include <algorithm>

#include "base/contains.h"
#include "base/edit_distance.h"

namespace inknav::config {
namespace {

constexpr HabitatTask kTasks[] = {
    {"Nav-v0", {"PointNav-v1", "ImageNav-v1"}, "pointgoal_with_gps_compass"},
    {"ObjectNav-v1", {"ObjectNav-v1"}, "objectgoal"},
    {"ImageNav-v1", {"PointNav-v1", "ImageNav-v1"}, "imagegoal"},
    {"VLN-v0", {"R2RVLN-v1", "VLN-CE-v1", "RxR-VLN-CE-v1"}, "instruction"},
};

constexpr HabitatMeasure kMeasures[] = {
    {"distance_to_goal", {}},
    {"success", {"distance_to_goal"}},
    {"spl", {"distance_to_goal", "success"}},
    {"soft_spl", {"distance_to_goal"}},
    {"distance_to_goal_reward", {"distance_to_goal"}},
    {"collisions", {}},
    {"num_steps", {}},
    {"path_length", {}},
    {"oracle_navigation_error", {"distance_to_goal"}},
    {"oracle_success", {"distance_to_goal"}},
    {"oracle_spl", {"spl"}},
    {"steps_taken", {}},
    {"ndtw", {}},
    {"sdtw", {"success", "ndtw"}},
    {"stop_called", {}},
    {"top_down_map", {}},
};

constexpr std::string_view kSensors[] = {"pointgoal",   "pointgoal_with_gps_compass",
                                         "gps",         "compass",
                                         "heading",     "proximity",
                                         "objectgoal",  "imagegoal",
                                         "instruction", "depth",
                                         "rgb"};

/// In the order of sim::BodyAction.
constexpr std::string_view kActions[] = {"stop",    "move_forward", "turn_left",        "turn_right",
                                         "look_up", "look_down",    "velocity_control", "teleport"};

using base::contains;

/// Unknown or doubled.
std::string name_problem(std::span<const std::string> names, std::span<const std::string_view> known,
                         const std::string& what) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::find(known.begin(), known.end(), names[i]) == known.end()) {
      std::string text = "names " + names[i] + ", which is no " + what + " of this task";
      const std::string hint = name_hint(names[i], known);
      if (!hint.empty()) return text + hint;
      text += "; known are ";
      for (std::size_t k = 0; k < known.size(); ++k) {
        if (k > 0) text += k + 1 == known.size() ? " and " : ", ";
        text += known[k];
      }
      return text;
    }
    if (contains(names.first(i), names[i])) return "names " + names[i] + " twice; remove one";
  }
  return {};
}

}  // namespace

std::span<const HabitatTask> habitat_tasks() { return kTasks; }

const HabitatTask* find_habitat_task(std::string_view type) {
  const auto* found = std::find_if(std::begin(kTasks), std::end(kTasks),
                                   [&](const HabitatTask& task) { return task.type == type; });
  return found == std::end(kTasks) ? nullptr : found;
}

std::span<const HabitatMeasure> habitat_measures() { return kMeasures; }
std::span<const std::string_view> habitat_measure_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const HabitatMeasure& measure : kMeasures) all.push_back(measure.name);
    return all;
  }();
  return names;
}

std::span<const std::string_view> habitat_sensors() { return kSensors; }
std::span<const std::string_view> habitat_actions() { return kActions; }

std::string name_hint(std::string_view word, std::span<const std::string_view> names) {
  const std::vector<std::string> known(names.begin(), names.end());
  const std::string nearest =
      base::nearest_word(word, known, std::max<int>(2, static_cast<int>(word.size()) / 3));
  return nearest.empty() ? std::string() : "; did you mean " + nearest + "?";
}

std::string measure_problem(std::span<const std::string> names) {
  std::string problem = name_problem(names, habitat_measure_names(), "measure");
  for (std::size_t i = 0; problem.empty() && i < names.size(); ++i) {
    const auto* measure = std::find_if(std::begin(kMeasures), std::end(kMeasures),
                                       [&](const HabitatMeasure& m) { return m.name == names[i]; });
    for (const std::string_view needed : measure->needs) {
      if (needed.empty() || contains(names.first(i), needed)) continue;
      problem = "lists " + names[i] + " but no " + std::string(needed) +
                " before it, which it is computed from; write " + std::string(needed) + " further left";
      break;
    }
  }
  return problem;
}

std::string sensor_problem(std::span<const std::string> names) {
  return name_problem(names, kSensors, "sensor");
}

std::string action_problem(std::span<const std::string> names) {
  std::string problem = name_problem(names, kActions, "action");
  if (problem.empty() && (names.empty() || names.front() != "stop"))
    problem = "must begin with stop, as in Habitat: action 0 ends an episode; write it first";
  return problem;
}

}  // namespace inknav::config
