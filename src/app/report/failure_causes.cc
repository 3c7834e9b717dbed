// SPDX-License-Identifier: MIT
#include "app/report/failure_causes.h"

namespace inknav::app {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, kNumFailureCauses> kWords = {{
    {"lost_in_drawing", "lost in the drawing"},
    {"late_stop", "passed the goal, STOP elsewhere"},
    {"early_stop", "STOP before the goal"},
    {"no_stop", "no STOP at the goal"},
    {"stuck", "stuck at walls"},
    {"out_of_time", "out of time on the way"},
}};

}  // namespace

std::string_view name_of(FailureCause cause) { return kWords[static_cast<std::size_t>(cause)].first; }
std::string_view description_of(FailureCause cause) { return kWords[static_cast<std::size_t>(cause)].second; }

FailureCounts count_failures(const learn::EvaluationResult& result) {
  const std::size_t success = result.index_of("success"), reached = result.index_of("oracle_success"),
                    stopped = result.index_of("stop_called"), collisions = result.index_of("collisions");
  FailureCounts counts{};
  for (const learn::EpisodeOutcome& episode : result.episodes) {
    const auto holds = [&](std::size_t measure) { return episode.measures[measure] > 0.5f; };
    if (holds(success)) continue;
    FailureCause cause = FailureCause::kOutOfTime;
    if (episode.final_belief_error > kLostDistance) {
      cause = FailureCause::kLost;
    } else if (holds(stopped)) {
      cause = holds(reached) ? FailureCause::kLateStop : FailureCause::kEarlyStop;
    } else if (holds(reached)) {
      cause = FailureCause::kNoStop;
    } else if (episode.measures[collisions] > kStuckShare * static_cast<float>(episode.steps)) {
      cause = FailureCause::kStuck;
    }
    ++counts[static_cast<std::size_t>(cause)];
  }
  return counts;
}

}  // namespace inknav::app
