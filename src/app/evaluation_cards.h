// SPDX-License-Identifier: MIT
#pragma once
// From an evaluated episode to what the report shows of it: pictures and videos of a walk by a drawing
// (report/episode_media.h) or in one of Habitat's tasks (report/habitat_media.h).
// Opens the episode's scene anew; with a cache folder that is quick. Errors: kData (scene, drawing), kDisk.

#include <string>
#include <vector>

#include "app/evaluation.h"
#include "app/report/habitat_map.h"
#include "app/report/html_report.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "learn/evaluate.h"
#include "run/metrics.h"
#include "task/episode.h"

namespace inknav::app {

/// One evaluated track with what is needed to show its episodes.
struct TrackRun {
  std::string name;
  learn::EvaluationResult result;
  task::Dataset dataset;  // the episodes that were run, in the order of the result's indices
  bool believes = false;  // whether the agent reads the drawing
};

/// Failures first, then successes, each in list order, at most `count` in all but at least one of either kind
/// where both exist and `count` is more than 1.
std::vector<const learn::EpisodeOutcome*> choose_shown(const learn::EvaluationResult& result, int count);

/// `outcome` is one of run.result's, with its trace. Videos for TensorBoard go to `metrics`, if there is one.
base::Result<EpisodeCard> show_episode(const EvaluationRequest& request, const TrackRun& run,
                                       const learn::EpisodeOutcome& outcome, run::MetricsWriter* metrics,
                                       base::ThreadPool& pool);

/// TASK_CONFIG.TASK.TOP_DOWN_MAP as the maps of Habitat's tasks take it.
HabitatMapSettings habitat_map_settings(const config::ExperimentConfig& config);

/// Of the maps in those pictures.
std::vector<LegendEntry> legend_of(const config::ExperimentConfig& config);

}  // namespace inknav::app
