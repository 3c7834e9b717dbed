// SPDX-License-Identifier: MIT
#pragma once
// Datasets of Habitat's tasks for tests: the rooms of task/test_dataset.h with categories, view points,
// instructions and walks made by hand. Tests only.

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/thread_pool.h"
#include "task/habitat/habitat_env.h"
#include "task/test_dataset.h"

namespace inknav::task::habitat::testing {

/// Small cameras, depth only, Habitat's PointNav.
inline NavigationEnvSettings habitat_env(int num_envs) {
  NavigationEnvSettings settings;
  settings.num_envs = settings.total_envs = num_envs;
  settings.simulator.sensors.camera.width = 12;
  settings.simulator.sensors.camera.height = 8;
  settings.success_distance = 0.2f;
  settings.max_episode_steps = 60;
  settings.habitat.emplace();
  settings.habitat->measures = {Measure::kDistanceToGoal, Measure::kSuccess, Measure::kSpl, Measure::kSoftSpl,
                                Measure::kDistanceToGoalReward};
  settings.habitat->sensors = {Sensor::kPointGoalWithGpsCompass, Sensor::kGps, Sensor::kCompass};
  return settings;
}

/// Turned into an episode list with rows 0, 1, 2, ... of tables that the caller fills.
inline std::shared_ptr<HabitatDataset> tables_for(Dataset& dataset, DatasetType type) {
  auto tables = std::make_shared<HabitatDataset>();
  tables->type = type;
  for (std::size_t i = 0; i < dataset.episodes.size(); ++i) {
    dataset.episodes[i].row = static_cast<std::uint32_t>(i);
    dataset.episodes[i].episode_id = std::to_string(i);
    CommonRow row;
    row.scene = tables->names.add(dataset.episodes[i].scene_id);
    tables->common.push_back(row);
  }
  return tables;
}

/// Episodes look for a chair (id 2) or a bed (id 5) in turn. Each goal has one view point, the goal of the
/// plain episode; the object stands `aside` metres beside it.
inline Dataset object_dataset(Dataset dataset, float aside) {
  auto tables = tables_for(dataset, DatasetType::kObjectNav);
  tables->task_category.present = true;
  tables->task_category.ids = {{"chair", 2}, {"bed", 5}};
  for (std::size_t i = 0; i < dataset.episodes.size(); ++i) {
    ViewPoint view;
    view.pose.position = dataset.episodes[i].goals.front().position;
    ObjectGoal goal;
    goal.position = view.pose.position + base::Vec3(aside, 0.0f, 0.0f);
    goal.view_points = tables->view_points.append(std::span<const ViewPoint>(&view, 1));
    GoalSet set;
    set.first = static_cast<std::uint32_t>(tables->object_goals.size());
    set.size = 1;
    tables->object_goals.push_back(goal);
    ObjectRow row;
    row.category = tables->names.add(i % 2 == 0 ? "chair" : "bed");
    row.goal_set = static_cast<std::uint32_t>(tables->goal_sets.size());
    tables->goal_sets.push_back(set);
    tables->objects.push_back(row);
  }
  dataset.habitat = std::move(tables);
  return dataset;
}

/// Instructions "1 2 ... (episode + 1)"; the walk to compare with is the straight line to the goal.
inline Dataset instruction_dataset(Dataset dataset) {
  auto tables = tables_for(dataset, DatasetType::kR2rVln);
  for (std::size_t i = 0; i < dataset.episodes.size(); ++i) {
    std::vector<std::uint16_t> tokens;
    for (std::size_t t = 0; t <= i; ++t) tokens.push_back(static_cast<std::uint16_t>(t + 1));
    InstructionRow row;
    row.tokens = tables->tokens.append(tokens);
    row.padded = 200;
    tables->instructions.push_back(row);
    const Episode& episode = dataset.episodes[i];
    std::vector<base::Vec3> locations;
    std::vector<std::uint8_t> actions;
    constexpr int kSteps = 30;
    for (int s = 0; s <= kSteps; ++s) {
      locations.push_back(glm::mix(episode.start.position, episode.goals.front().position,
                                   static_cast<float>(s) / static_cast<float>(kSteps)));
      if (s > 0) actions.push_back(1);
    }
    INKNAV_CHECK(tables->ground_truth.add(episode.episode_id, {locations, actions, kSteps}));
  }
  dataset.habitat = std::move(tables);
  return dataset;
}

inline task::testing::TestDataset& shared_rooms() {
  static task::testing::TestDataset data(6);
  return data;
}

inline std::unique_ptr<NavigationEnv> make(const NavigationEnvSettings& settings, const Dataset& dataset,
                                           base::ThreadPool& pool) {
  return task::testing::make_env(settings, dataset, pool);
}

/// An action that follows from the episode and its step alone: STOP now and then, mostly forward.
inline std::int32_t some_action(const NavigationEnv& env, std::size_t environment) {
  const std::int64_t episode = env.observation("episode_index").as<std::int64_t>()[environment];
  const std::int32_t step = env.observation("step_index").as<std::int32_t>()[environment];
  base::PhiloxStream stream(
      {9, 0, static_cast<std::uint32_t>(episode), static_cast<std::uint32_t>(step), base::Purpose::kTest});
  const float u = stream.uniform();
  const int others = env.spec().num_actions - 1;
  if (u < 0.02f) return 0;
  if (u < 0.65f) return 1;
  return 1 + std::min(static_cast<int>((u - 0.65f) / 0.35f * static_cast<float>(others)), others - 1);
}

inline void take_some_actions(NavigationEnv& env, std::vector<std::int32_t>& actions) {
  actions.resize(static_cast<std::size_t>(env.spec().num_envs));
  for (std::size_t e = 0; e < actions.size(); ++e) actions[e] = some_action(env, e);
}

}  // namespace inknav::task::habitat::testing
