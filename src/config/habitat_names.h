// SPDX-License-Identifier: MIT
#pragma once
// HabitatNames: the tasks, sensors, actions and measures of Habitat that a configuration may name, and what
// must stand before what. Names are those of Habitat-Lab 0.3.3 (and VLN-CE for its measures), lower case.
//
// Pure tables and checks on lists of names; what a name does is src/task/habitat. Problems are texts that
// continue "<key> ", with the nearest name and the remedy; empty: none.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inknav::config {

/// Task types besides HandWritingNav, with the datasets that hold their episodes.
struct HabitatTask {
  std::string_view type;                     // TASK.TYPE
  std::array<std::string_view, 4> datasets;  // DATASET.TYPE; the first is the usual one
  std::string_view goal_sensor;              // without which an agent cannot know where to go
};
std::span<const HabitatTask> habitat_tasks();
/// nullptr: no such task.
const HabitatTask* find_habitat_task(std::string_view type);

struct HabitatMeasure {
  std::string_view name;
  std::array<std::string_view, 2> needs;  // which must be listed before it; "" none
};
std::span<const HabitatMeasure> habitat_measures();
std::span<const std::string_view> habitat_measure_names();
std::span<const std::string_view> habitat_sensors();
std::span<const std::string_view> habitat_actions();

/// "; did you mean X?" for the nearest of `names`, "" when none is near.
std::string name_hint(std::string_view word, std::span<const std::string_view> names);

/// Unknown, doubled, or listed before what it needs. Habitat computes measures in the order of the list.
std::string measure_problem(std::span<const std::string> names);
std::string sensor_problem(std::span<const std::string> names);
/// Unknown, doubled, or not beginning with stop.
std::string action_problem(std::span<const std::string> names);

}  // namespace inknav::config
