// SPDX-License-Identifier: MIT
#include "task/habitat/measures.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "config/habitat_names.h"
#include "task/measures.h"

namespace inknav::task::habitat {

namespace {

/// L / max(L, P).
double efficiency(const MeasureState& state) {
  const double shortest = static_cast<double>(state.start_distance);
  const double longer = std::max(shortest, state.path_length);
  return longer > 0.0 ? shortest / longer : 1.0;
}

/// Measures that Habitat updates from distance_to_goal, at the start too.
void follow_distance(const MeasureSettings& settings, MeasureState& state) {
  state.oracle_navigation_error = std::min(state.oracle_navigation_error, state.distance_to_goal);
  if (state.distance_to_goal < settings.success_distance) state.oracle_success = 1;
}

}  // namespace

std::string_view name_of(Measure measure) {
  if (measure == Measure::kIsCollision) return "collisions.is_collision";
  return config::habitat_measures()[static_cast<std::size_t>(measure)].name;
}

Measure measure_named(std::string_view name) {
  const auto known = config::habitat_measures();
  const auto found = std::find_if(known.begin(), known.end(), [&](const auto& m) { return m.name == name; });
  INKNAV_CHECK(found != known.end(), name);
  return static_cast<Measure>(found - known.begin());
}

std::vector<Measure> columns_of(std::span<const Measure> measures) {
  std::vector<Measure> columns;
  for (const Measure measure : measures) {
    if (measure != Measure::kTopDownMap) columns.push_back(measure);
    if (measure == Measure::kCollisions) columns.push_back(Measure::kIsCollision);
  }
  for (const std::string& name : task::measure_names()) {
    const Measure measure = measure_named(name);
    if (std::find(columns.begin(), columns.end(), measure) == columns.end()) columns.push_back(measure);
  }
  return columns;
}

void begin(const base::Vec3& position, float distance_to_goal, const MeasureSettings& settings,
           MeasureState& state) {
  state = MeasureState{};
  state.position = state.distance_position = position;
  state.start_distance = state.distance_to_goal = state.previous_distance = distance_to_goal;
  state.oracle_navigation_error = distance_to_goal;
  follow_distance(settings, state);
}

bool measures_distance_anew(const MeasureState& state, const base::Vec3& position) {
  return has_moved(state.distance_position, position);
}

void update(const StepOutcome& step, float distance_to_goal, const MeasureSettings& settings,
            MeasureState& state) {
  state.previous_distance = state.distance_to_goal;
  if (measures_distance_anew(state, step.position)) {
    if (std::isfinite(distance_to_goal)) state.distance_to_goal = distance_to_goal;
    state.distance_position = step.position;
  }
  ++state.steps;
  state.stop_called = step.stop_called ? 1 : 0;
  state.collided = step.collided ? 1 : 0;
  state.collisions += state.collided;
  state.path_length += static_cast<double>(glm::length(step.position - state.position));
  state.position = step.position;
  follow_distance(settings, state);
  state.oracle_spl = std::max(state.oracle_spl, static_cast<float>(spl(state, settings)));
}

double success(const MeasureState& state, const MeasureSettings& settings) {
  return is_success(state.stop_called != 0, state.distance_to_goal, settings.success_distance) ? 1.0 : 0.0;
}

double spl(const MeasureState& state, const MeasureSettings& settings) {
  return success(state, settings) * efficiency(state);
}

double soft_spl(const MeasureState& state) {
  if (!std::isfinite(state.distance_to_goal) || !std::isfinite(state.start_distance)) return 0.0;
  const double distance = static_cast<double>(state.distance_to_goal);
  const double shortest = static_cast<double>(state.start_distance);
  if (shortest == 0.0) return distance == 0.0 && state.path_length == 0.0 ? 1.0 : 0.0;
  return std::max(0.0, 1.0 - distance / shortest) * efficiency(state);
}

double ndtw(double dtw, std::size_t reference_points, float distance) {
  INKNAV_CHECK(reference_points > 0 && distance > 0.0f, reference_points, distance);
  return std::exp(-dtw / (static_cast<double>(reference_points) * static_cast<double>(distance)));
}

double value_of(Measure measure, const MeasureState& state, const MeasureSettings& settings) {
  switch (measure) {
    case Measure::kDistanceToGoal:
      return static_cast<double>(state.distance_to_goal);
    case Measure::kSuccess:
      return success(state, settings);
    case Measure::kSpl:
      return spl(state, settings);
    case Measure::kSoftSpl:
      return soft_spl(state);
    case Measure::kDistanceToGoalReward:
      return -(static_cast<double>(state.distance_to_goal) - static_cast<double>(state.previous_distance));
    case Measure::kCollisions:
      return state.collisions;
    case Measure::kNumSteps:
    case Measure::kStepsTaken:
      return state.steps;
    case Measure::kPathLength:
      return state.path_length;
    case Measure::kOracleNavigationError:
      return static_cast<double>(state.oracle_navigation_error);
    case Measure::kOracleSuccess:
      return state.oracle_success;
    case Measure::kOracleSpl:
      return static_cast<double>(state.oracle_spl);
    case Measure::kNdtw:
      return state.ndtw;
    case Measure::kSdtw:
      return success(state, settings) * state.ndtw;
    case Measure::kStopCalled:
      return state.stop_called;
    case Measure::kIsCollision:
      return state.collided;
    case Measure::kTopDownMap:
      break;
  }
  INKNAV_CHECK(false, "a measure without a number", static_cast<int>(measure));
  return 0.0;
}

}  // namespace inknav::task::habitat
