// SPDX-License-Identifier: MIT
#include "app/report/eval_stats.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>

#include "app/report/failure_causes.h"
#include "base/check.h"
#include "base/file.h"

namespace inknav::app {
namespace {

constexpr double kZ95 = 1.959963984540054;  // two-sided 95 % quantile of the normal distribution
constexpr float kNear = 3.0f;               // metres, the wider success distance
constexpr std::size_t kMaxStatsBytes = std::size_t{16} << 20;

/// Numbers of a track that are no measures of Habitat's tasks alone.
bool is_own_key(const std::string& name) {
  static constexpr std::string_view kKeys[] = {
      "episodes", "success", "success_3m", "belief_error", "belief_error_along", "belief_error_of_home"};
  const auto measures = track_measures();
  return std::find(std::begin(kKeys), std::end(kKeys), name) != std::end(kKeys) ||
         std::any_of(measures.begin(), measures.end(), [&](const auto& m) { return m.name == name; });
}

nlohmann::ordered_json to_json(const TrackRow& row, const EvalStats& stats) {
  nlohmann::ordered_json json = {{"episodes", row.episodes},
                                 {"success", row.success},
                                 {"success_ci95", {row.success_low, row.success_high}}};
  for (const TrackMeasure& measure : track_measures()) {
    if (is_reported(measure.name, stats.measures)) json[std::string(measure.name)] = row.*measure.value;
  }
  for (const auto& [name, value] : row.more) json[name] = value;
  if (stats.drawings) {
    json["success_3m"] = row.success_3m;
    json["belief_error"] = row.belief_error;
    json["belief_error_along"] = row.belief_along;
    json["belief_error_of_home"] = row.belief_of_home;
  }
  nlohmann::ordered_json failures = nlohmann::ordered_json::object();
  for (const auto& [cause, count] : row.failures) {
    if (stats.drawings || cause != name_of(FailureCause::kLost)) failures[cause] = count;
  }
  json["failures"] = failures;
  return json;
}

TrackRow from_json(const std::string& name, const nlohmann::ordered_json& json) {
  TrackRow row;
  row.name = name;
  row.episodes = json.at("episodes").get<int>();
  row.success = json.at("success").get<double>();
  row.success_low = json.at("success_ci95").at(0).get<double>();
  row.success_high = json.at("success_ci95").at(1).get<double>();
  for (const TrackMeasure& measure : track_measures()) {
    const auto found = json.find(std::string(measure.name));
    if (found != json.end()) row.*measure.value = found->get<double>();
  }
  for (const auto& [key, value] : json.items()) {
    if (value.is_number() && !is_own_key(key)) row.more.emplace_back(key, value.template get<double>());
  }
  row.belief_error = json.value("belief_error", -1.0);     // not there without drawings
  row.success_3m = json.value("success_3m", row.success);  // likewise, and of an earlier version
  row.belief_along = json.value("belief_error_along", -1.0);
  row.belief_of_home = json.value("belief_error_of_home", -1.0);
  if (!json.contains("failures")) return row;  // of an earlier version
  for (const auto& [cause, count] : json.at("failures").items()) {
    row.failures.emplace_back(cause, count.template get<int>());
  }
  return row;
}

/// -1 of nothing.
double median(std::vector<double> values) {
  if (values.empty()) return -1.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::pair<double, double> wilson_interval(int successes, int trials) {
  INKNAV_CHECK(0 <= successes && successes <= trials, successes, trials);
  if (trials == 0) return {0.0, 1.0};
  const double n = trials, p = successes / n, z2 = kZ95 * kZ95;
  const double centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
  const double half = kZ95 / (1.0 + z2 / n) * std::sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

TrackRow summarize(const std::string& track, const learn::EvaluationResult& result) {
  TrackRow row;
  row.name = track;
  row.episodes = static_cast<int>(result.episodes.size());
  row.success = result.mean("success");
  const int successes = static_cast<int>(std::lround(row.success * row.episodes));
  std::tie(row.success_low, row.success_high) = wilson_interval(successes, row.episodes);
  for (const TrackMeasure& measure : track_measures()) row.*measure.value = result.mean(measure.name);
  for (const std::string& name : result.measure_names) {
    if (!is_own_key(name)) row.more.emplace_back(name, result.mean(name));
  }
  std::vector<double> at_end, along, of_home;
  const std::size_t stopped = result.index_of("stop_called"), distance = result.index_of("distance_to_goal");
  int near = 0;
  for (const learn::EpisodeOutcome& episode : result.episodes) {
    near += episode.measures[stopped] > 0.5f && episode.measures[distance] < kNear;
    if (episode.final_belief_error >= 0.0f) at_end.push_back(static_cast<double>(episode.final_belief_error));
    if (episode.mean_belief_error < 0.0f) continue;
    along.push_back(static_cast<double>(episode.mean_belief_error));
    if (episode.home_size > 0.0f)
      of_home.push_back(static_cast<double>(episode.mean_belief_error / episode.home_size));
  }
  row.success_3m = static_cast<double>(near) / std::max(row.episodes, 1);
  row.belief_error = median(std::move(at_end));
  row.belief_along = median(std::move(along));
  row.belief_of_home = median(std::move(of_home));
  const FailureCounts counts = count_failures(result);
  for (int i = 0; i < kNumFailureCauses; ++i) {
    row.failures.emplace_back(name_of(static_cast<FailureCause>(i)), counts[static_cast<std::size_t>(i)]);
  }
  return row;
}

base::Status save_stats(const std::filesystem::path& path, const EvalStats& stats) {
  nlohmann::ordered_json tracks = nlohmann::ordered_json::object();
  for (const TrackRow& row : stats.tracks) tracks[row.name] = to_json(row, stats);
  const nlohmann::ordered_json json = {{"checkpoint", stats.checkpoint}, {"tracks", tracks}};
  return base::write_text_atomic(path, json.dump(2) + "\n");
}

base::Result<EvalStats> load_stats(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const std::string text, base::read_text_file(path, kMaxStatsBytes));
  try {
    const auto json = nlohmann::ordered_json::parse(text);
    EvalStats stats;
    stats.checkpoint = json.at("checkpoint").get<std::string>();
    for (const auto& [name, track] : json.at("tracks").items())
      stats.tracks.push_back(from_json(name, track));
    return stats;
  } catch (const nlohmann::json::exception& problem) {
    return base::Error{base::ErrorCode::kData, path.string() + ": evaluation statistics were wanted, found " +
                                                   problem.what() + "; run inknav eval again"};
  }
}

}  // namespace inknav::app
