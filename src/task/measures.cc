// SPDX-License-Identifier: MIT
#include "task/measures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"

namespace inknav::task {

const std::vector<std::string>& measure_names() {
  static const std::vector<std::string> names = {
      "success",    "spl",         "soft_spl",       "ndtw",       "distance_to_goal",
      "collisions", "path_length", "oracle_success", "stop_called"};
  return names;
}

std::string metric_name(std::string_view measure) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, kNumMeasures> kNames{
      {{"success", "Success"},
       {"spl", "SPL"},
       {"soft_spl", "SoftSPL"},
       {"ndtw", "nDTW"},
       {"distance_to_goal", "Distance_to_goal"},
       {"collisions", "Collisions"},
       {"path_length", "Path_length"},
       {"oracle_success", "Oracle_success"},
       {"stop_called", "Stop_called"}}};
  for (const auto& [from, to] : kNames) {
    if (measure == from) return "Environment/" + std::string(to);
  }
  return "Environment/" + std::string(measure);
}

bool is_success(bool stop_called, float distance_to_goal, float success_distance) {
  return stop_called && distance_to_goal < success_distance;
}

float path_efficiency(float shortest, float walked) {
  const float longer = std::max(shortest, walked);
  return longer > 0.0f ? shortest / longer : 1.0f;
}

float spl(bool success, float shortest, float walked) {
  return success ? path_efficiency(shortest, walked) : 0.0f;
}

float soft_spl(float distance_to_goal, float shortest, float walked) {
  if (!std::isfinite(distance_to_goal) || !std::isfinite(shortest)) return 0.0f;
  const float left = shortest > 0.0f ? distance_to_goal / shortest : (distance_to_goal > 0.0f ? 1.0f : 0.0f);
  return std::max(0.0f, 1.0f - left) * path_efficiency(shortest, walked);
}

float ndtw(double dtw, std::int64_t reference_points, float threshold) {
  INKNAV_CHECK(reference_points > 0 && threshold > 0.0f, reference_points, threshold);
  return static_cast<float>(
      std::exp(-dtw / (static_cast<double>(reference_points) * static_cast<double>(threshold))));
}

bool has_moved(const base::Vec3& previous, const base::Vec3& current) {
  constexpr double kAbsolute = 1e-4;
  constexpr double kRelative = 1e-5;
  for (int axis = 0; axis < 3; ++axis) {
    const double now = static_cast<double>(current[axis]);
    const double difference = std::abs(static_cast<double>(previous[axis]) - now);
    if (difference > kAbsolute + kRelative * std::abs(now)) return true;
  }
  return false;
}

namespace {
double point_distance(const base::Vec3& a, const base::Vec3& b) {
  const double x = static_cast<double>(a.x) - static_cast<double>(b.x);
  const double y = static_cast<double>(a.y) - static_cast<double>(b.y);
  const double z = static_cast<double>(a.z) - static_cast<double>(b.z);
  return std::sqrt(x * x + y * y + z * z);
}
}  // namespace

void dtw_begin(std::span<const base::Vec3> reference, const base::Vec3& first, std::span<double> row) {
  INKNAV_CHECK(!reference.empty() && row.size() >= reference.size(), reference.size(), row.size());
  double sum = 0.0;
  for (std::size_t j = 0; j < reference.size(); ++j) {
    sum += point_distance(first, reference[j]);
    row[j] = sum;
  }
}

void dtw_push(std::span<const base::Vec3> reference, const base::Vec3& next, std::span<double> row) {
  double diagonal = row[0];
  row[0] += point_distance(next, reference[0]);
  for (std::size_t j = 1; j < reference.size(); ++j) {
    const double best = std::min(std::min(row[j], diagonal), row[j - 1]);
    diagonal = row[j];
    row[j] = best + point_distance(next, reference[j]);
  }
}

void fill_measures(const EpisodeMeasures& state, double dtw, std::int64_t reference_points,
                   float success_distance, std::span<float> out) {
  INKNAV_CHECK(out.size() == static_cast<std::size_t>(kNumMeasures), out.size());
  const auto at = [&](Measure measure) -> float& { return out[static_cast<std::size_t>(measure)]; };
  const bool success = is_success(state.stop_called != 0, state.distance_to_goal, success_distance);
  at(Measure::kSuccess) = success ? 1.0f : 0.0f;
  at(Measure::kSpl) = spl(success, state.shortest, state.path_length);
  at(Measure::kSoftSpl) = soft_spl(state.distance_to_goal, state.shortest, state.path_length);
  at(Measure::kNdtw) = ndtw(dtw, reference_points, success_distance);
  at(Measure::kDistanceToGoal) = state.distance_to_goal;
  at(Measure::kCollisions) = static_cast<float>(state.collisions);
  at(Measure::kPathLength) = state.path_length;
  at(Measure::kOracleSuccess) = state.oracle_success != 0 ? 1.0f : 0.0f;
  at(Measure::kStopCalled) = state.stop_called != 0 ? 1.0f : 0.0f;
}

}  // namespace inknav::task
