// SPDX-License-Identifier: MIT
#pragma once
// Measures of one episode, with Habitat's exact comparisons (spec/habitat.md 6). Plain state, pure functions;
// the running state of an environment is EpisodeMeasures plus one row of the DTW table.
//
// Published VLN-CE numbers use fastdtw (radius 1), an approximation from above of the DTW that is exact here,
// so our nDTW is never lower than theirs on the same walk. The road that nDTW compares with is the drawn
// route, resampled one point per forward step; its threshold is the success distance, as in VLN-CE.
// No allocation; O(1) a step, DTW O(points of the route).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/geometry.h"

namespace inknav::task {

/// Order of EpisodeResult::measures and of measure_names().
enum class Measure : int {
  kSuccess = 0,
  kSpl,
  kSoftSpl,
  kNdtw,
  kDistanceToGoal,
  kCollisions,
  kPathLength,
  kOracleSuccess,
  kStopCalled,
};
inline constexpr int kNumMeasures = 9;
const std::vector<std::string>& measure_names();
/// TensorBoard's name of a measure in training: "soft_spl" -> "Environment/SoftSPL".
std::string metric_name(std::string_view measure);

/// 1 iff STOP was called and the distance is strictly below the success distance.
bool is_success(bool stop_called, float distance_to_goal, float success_distance);
/// shortest / max(shortest, walked). Both zero: 1 (started on the goal and stayed); upstream divides 0 by 0.
float path_efficiency(float shortest, float walked);
/// success * path_efficiency.
float spl(bool success, float shortest, float walked);
/// max(0, 1 - distance / shortest) * path_efficiency, no STOP needed. A zero `shortest` counts progress as
/// 1 when the distance is zero as well, else 0. An infinite distance is 0.
float soft_spl(float distance_to_goal, float shortest, float walked);
/// exp(-dtw / (points * threshold)); in (0, 1].
float ndtw(double dtw, std::int64_t reference_points, float threshold);

/// Whether the distance to the goal is measured anew: not for motions within numpy.allclose(previous,
/// current, rtol 1e-5, atol 1e-4), which keep the old value.
bool has_moved(const base::Vec3& previous, const base::Vec3& current);
/// Exact dynamic time warping against `reference`, one walked position at a time. `row` has one entry per
/// reference point; after begin and pushes, row.back() is the DTW distance of the positions so far.
void dtw_begin(std::span<const base::Vec3> reference, const base::Vec3& first, std::span<double> row);
void dtw_push(std::span<const base::Vec3> reference, const base::Vec3& next, std::span<double> row);

/// Running state of one episode. Plain data: a checkpoint copies it.
struct EpisodeMeasures {
  base::Vec3 position{0.0f};           // last position, for lengths and repeats
  base::Vec3 distance_position{0.0f};  // where distance_to_goal was measured
  float shortest = 0.0f;               // geodesic distance at the start, metres
  float distance_to_goal = 0.0f;       // metres
  float path_length = 0.0f;            // metres, sum of 3-D steps
  std::int32_t collisions = 0;
  std::int32_t steps = 0;
  std::uint8_t stop_called = 0;
  std::uint8_t oracle_success = 0;
  std::uint8_t collided = 0;  // by the last step
  std::uint8_t unused = 0;
};

/// All measures in the order of Measure. `dtw` is the last row's last entry.
void fill_measures(const EpisodeMeasures& state, double dtw, std::int64_t reference_points,
                   float success_distance, std::span<float> out);

}  // namespace inknav::task
