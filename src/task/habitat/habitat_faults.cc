// SPDX-License-Identifier: MIT
#include "task/habitat/habitat_faults.h"

#include <algorithm>

#include "base/log.h"
#include "task/episode_faults.h"
#include "task/habitat/habitat_dataset.h"

namespace inknav::task::habitat {

namespace {

base::Error data_error(const std::string& message) { return base::Error{base::ErrorCode::kData, message}; }

base::Status check_categories(const Dataset& dataset) {
  const HabitatDataset* tables = dataset.habitat.get();
  if (tables == nullptr || tables->objects.empty() || !tables->task_category.present ||
      tables->task_category.ids.empty()) {
    return data_error(
        "dataset: ObjectNav wants object_category of every episode and category_to_task_category_id, found "
        "none; is this an ObjectNav file?");
  }
  for (const auto& [category, id] : tables->task_category.ids) {
    if (id < 0 || id >= kMaxCategories) {
      return data_error("dataset: category_to_task_category_id of " + category + " must lie in [0, " +
                        std::to_string(kMaxCategories - 1) + "], found " + std::to_string(id));
    }
  }
  for (const Episode& episode : dataset.episodes) {
    if (tables->task_category_id(episode) >= 0) continue;
    return data_error("dataset: episode '" + episode.episode_id + "' of scene '" + episode.scene_id +
                      "' looks for '" + std::string(tables->object_category(episode)) +
                      "', which category_to_task_category_id does not have; add it there");
  }
  return base::ok_status();
}

bool has_tokens(const Dataset& dataset, const Episode& episode) {
  return dataset.habitat != nullptr && !dataset.habitat->instruction(episode).tokens.empty();
}

base::Status check_instructions(const Dataset& dataset) {
  const HabitatDataset* tables = dataset.habitat.get();
  if (tables == nullptr || tables->instructions.empty())
    return data_error("dataset: instructions are wanted, found none; is this a VLN file?");
  const auto has = [&](const Episode& episode) { return has_tokens(dataset, episode); };
  const auto& episodes = dataset.episodes;
  const auto without = std::find_if_not(episodes.begin(), episodes.end(), has);
  if (without == episodes.end() || std::none_of(episodes.begin(), episodes.end(), has))
    return base::ok_status();
  return data_error(
      "dataset: episode '" + without->episode_id + "' of scene '" + without->scene_id +
      "' has no instruction_tokens, which other episodes have; give tokens to all of them or to "
      "none");
}

base::Status check_episode(nav::NavQuery& query, const HabitatDataset* tables, const Episode& episode,
                           DistanceTo distance_to) {
  const auto start = query.project(episode.start.position);
  if (!start) return data_error("the start is off the navigation mesh");
  const std::vector<base::Vec3> goals = goal_points(tables, episode, distance_to);
  if (goals.empty())
    return data_error("it has no goal to measure the distance to (a test split without goals?)");
  const int island = query.mesh().island_of(start->poly);
  for (const base::Vec3& goal : goals) {
    const auto point = query.project(goal);
    if (point && query.mesh().island_of(point->poly) == island) return base::ok_status();
  }
  return data_error("no goal can be reached: all lie off the mesh or on other islands than the start");
}

}  // namespace

base::Status check_tables(const HabitatTaskSettings& settings, const Dataset& dataset) {
  const HabitatDataset* tables = dataset.habitat.get();
  if (settings.type == TaskType::kObjectNav) INKNAV_RETURN_IF_ERROR(check_categories(dataset));
  if (settings.has(Sensor::kInstruction)) INKNAV_RETURN_IF_ERROR(check_instructions(dataset));
  const bool compares = settings.has(Measure::kNdtw) || settings.has(Measure::kSdtw);
  if (compares && (tables == nullptr || tables->ground_truth.empty())) {
    return data_error(
        "dataset: ndtw compares with the walks of <file>_gt.json.gz beside the episodes, but there are none; "
        "put that file there or take ndtw and sdtw out of TASK_CONFIG.TASK.MEASUREMENTS");
  }
  return base::ok_status();
}

bool lacks_tokens(const HabitatTaskSettings& settings, const Dataset& dataset) {
  return settings.has(Sensor::kInstruction) &&
         std::none_of(dataset.episodes.begin(), dataset.episodes.end(),
                      [&](const Episode& episode) { return has_tokens(dataset, episode); });
}

std::vector<std::string> find_faults(const Dataset& dataset, DistanceTo distance_to, const WorldSet& worlds,
                                     base::ThreadPool& pool) {
  return check_each(
      dataset, worlds,
      [&](nav::NavQuery& query, const Episode& episode) {
        return check_episode(query, dataset.habitat.get(), episode, distance_to);
      },
      pool);
}

}  // namespace inknav::task::habitat
