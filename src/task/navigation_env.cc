// SPDX-License-Identifier: MIT
#include "task/navigation_env.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "task/drawing_store.h"
#include "task/drawn_map_env.h"
#include "task/episode_faults.h"
#include "task/habitat/habitat_env.h"
#include "task/map_reach.h"
#include "task/world_set.h"

namespace inknav::task {

namespace {

constexpr int kMaxPathPoints = 64;

base::Error usage_error(const std::string& message) { return base::Error{base::ErrorCode::kUsage, message}; }

base::Status validate(const NavigationEnvSettings& settings) {
  if (settings.num_envs < 1) return usage_error("NUM_PROCESSES: at least one environment a rank is wanted");
  if (settings.first_env < 0 || settings.first_env + settings.num_envs > settings.total_envs) {
    return usage_error("environments " + std::to_string(settings.first_env) + " to " +
                       std::to_string(settings.first_env + settings.num_envs - 1) + " must lie among the " +
                       std::to_string(settings.total_envs) + " of all ranks");
  }
  if (!(settings.success_distance > 0.0f)) {
    return usage_error("TASK.SUCCESS_DISTANCE must be above 0 metres, found " +
                       std::to_string(settings.success_distance));
  }
  if (settings.max_episode_steps < 1) {
    return usage_error("ENVIRONMENT.MAX_EPISODE_STEPS must be at least 1, found " +
                       std::to_string(settings.max_episode_steps));
  }
  if (settings.expert_path_points < 0 || settings.expert_path_points > kMaxPathPoints) {
    return usage_error("expert_path_points must lie in [0, " + std::to_string(kMaxPathPoints) + "], found " +
                       std::to_string(settings.expert_path_points));
  }
  if (!(settings.drawing_variation >= 0.0f && settings.drawing_variation <= 1.0f)) {
    return usage_error("VARY_DRAWINGS must lie in [0, 1], found " +
                       std::to_string(settings.drawing_variation));
  }
  if (settings.drawing_size < 8 || settings.drawing_size > 512) {
    return usage_error("the drawing's side must lie in [8, 512], found " +
                       std::to_string(settings.drawing_size));
  }
  return base::ok_status();
}

}  // namespace

base::Result<std::unique_ptr<NavigationEnv>> NavigationEnv::create(const NavigationEnvSettings& settings,
                                                                   Dataset dataset, base::ThreadPool& pool) {
  INKNAV_RETURN_IF_ERROR(validate(settings));
  if (dataset.episodes.empty()) {
    return base::Error{base::ErrorCode::kData,
                       "dataset: at least one episode is wanted, found none; check DATA_PATH"};
  }
  if (settings.habitat) return habitat::HabitatEnv::create(settings, std::move(dataset), pool);
  WorldSet set = load_worlds(dataset, settings.nav, settings.cache_dir, pool);
  DrawnMapEnv::Parts parts;
  parts.dataset = std::move(dataset);
  const bool with_pictures = settings.with_drawings && settings.drawing_mode != DrawingMode::kNone;
  const std::vector<std::string> faults = find_faults(parts.dataset, set, with_pictures, pool);
  parts.world_of_episode = set.world_of_episode;
  INKNAV_ASSIGN_OR_RETURN(parts.skipped, drop_faulty(faults, parts.dataset.episodes, parts.world_of_episode));
  // Once, not by every rank.
  const auto small_map = map_too_small(parts.dataset.episodes, settings.simulator.mapper);
  if (small_map && settings.first_env == 0) base::log_warning("{}", *small_map);
  for (LoadedWorld& loaded : set.worlds) parts.worlds.push_back(std::move(loaded.world));
  if (settings.with_drawings && settings.drawing_mode == DrawingMode::kWrong) {
    INKNAV_ASSIGN_OR_RETURN(parts.wrong_drawing, wrong_drawing_of(parts.dataset.episodes));
  }
  return DrawnMapEnv::create(settings, std::move(parts), pool);
}

}  // namespace inknav::task
