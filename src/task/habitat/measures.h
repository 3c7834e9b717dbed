// SPDX-License-Identifier: MIT
#pragma once
// Measures of Habitat's tasks (spec/habitat.md 6), with its exact comparisons and order: plain state and pure
// functions. Those of the drawn map are in task/measures.h.
//
// distance_to_goal is what Habitat measures: Detour's path to the nearest goal, kept as it was by motions
// within numpy.allclose of where it was measured. Lengths are summed in double as there.
// A measure sees what those before it in the list became in the same step. Threads: pure.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"

namespace inknav::task::habitat {

/// In the order of config::habitat_measures(), then kIsCollision, the second column of "collisions".
enum class Measure : std::uint8_t {
  kDistanceToGoal,  // metres
  kSuccess,
  kSpl,
  kSoftSpl,
  kDistanceToGoalReward,  // metres nearer in this step
  kCollisions,            // steps whose action collided
  kNumSteps,
  kPathLength,             // metres
  kOracleNavigationError,  // metres, least distance_to_goal
  kOracleSuccess,
  kOracleSpl,
  kStepsTaken,  // STOP counts
  kNdtw,
  kSdtw,
  kStopCalled,
  kTopDownMap,   // a picture, no number (task/habitat/top_down_map.h)
  kIsCollision,  // of the last step
};
std::string_view name_of(Measure measure);

/// Of a name that the configuration has been checked for (config/habitat_names.h).
Measure measure_named(std::string_view name);
/// What an episode's result has a number for: the list without top_down_map, kIsCollision behind kCollisions,
/// then those of task/measures.h that the list leaves out and reports read.
std::vector<Measure> columns_of(std::span<const Measure> measures);

struct MeasureSettings {
  float success_distance = 0.2f;  // metres, strict
  float ndtw_distance = 3.0f;     // metres a point that nDTW forgives, VLN-CE's SUCCESS_DISTANCE
};

/// Running state of one episode. Plain, without gaps: a checkpoint copies it.
struct MeasureState {
  double path_length = 0.0;              // metres, sum of 3-D steps
  double ndtw = 0.0;                     // 0 without a walk to compare with
  base::Vec3 position{0.0f};             // after the last step
  base::Vec3 distance_position{0.0f};    // where distance_to_goal was measured
  float start_distance = 0.0f;           // L: distance_to_goal at the start, as measured
  float distance_to_goal = 0.0f;         // metres
  float previous_distance = 0.0f;        // before the last step
  float oracle_navigation_error = 0.0f;  // metres
  float oracle_spl = 0.0f;
  std::int32_t collisions = 0;
  std::int32_t steps = 0;
  std::uint8_t stop_called = 0;
  std::uint8_t collided = 0;
  std::uint8_t oracle_success = 0;
  std::uint8_t unused = 0;
};
static_assert(sizeof(MeasureState) == 72, "without gaps, so that bytes say everything");

/// What a step did.
struct StepOutcome {
  base::Vec3 position{0.0f};
  bool stop_called = false;
  bool collided = false;
};

/// At the start. Habitat's measures are computed there too: oracle_success may hold at once.
void begin(const base::Vec3& position, float distance_to_goal, const MeasureSettings& settings,
           MeasureState& state);
/// Whether `position` is far enough from where distance_to_goal was measured that it is measured anew.
bool measures_distance_anew(const MeasureState& state, const base::Vec3& position);
/// `distance_to_goal` is the new distance where measures_distance_anew(), else not looked at. An infinite one
/// (Detour's path has at most 256 polygons) leaves the last; Habitat's reward would be minus infinity.
void update(const StepOutcome& step, float distance_to_goal, const MeasureSettings& settings,
            MeasureState& state);

/// 1 iff STOP was called and the distance is strictly below the success distance.
double success(const MeasureState& state, const MeasureSettings& settings);
/// success * L / max(L, P). L = P = 0 gives the efficiency 1; Habitat divides 0 by 0.
double spl(const MeasureState& state, const MeasureSettings& settings);
/// max(0, 1 - d / L) * L / max(L, P), no STOP needed. With L = 0: 1 where d = P = 0, else 0. An infinite d or
/// L gives 0.
double soft_spl(const MeasureState& state);
/// exp(-dtw / (points * distance)).
double ndtw(double dtw, std::size_t reference_points, float distance);

/// kTopDownMap has no number.
double value_of(Measure measure, const MeasureState& state, const MeasureSettings& settings);

}  // namespace inknav::task::habitat
