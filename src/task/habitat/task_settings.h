// SPDX-License-Identifier: MIT
#pragma once
// HabitatTaskSettings: which of Habitat's tasks an environment runs, and how. Defaults are those of PointNav
// in Habitat-Lab 0.3.3. What the drawn map has too (body, cameras, success distance, length of an episode) is
// in NavigationEnvSettings. The order of `actions` is their numbering, the order of `measures` that of the
// results; sensors become fields (task/habitat/habitat_env.h).
//
// A policy chooses among numbers. Habitat's velocity_control takes two real numbers, so each velocity that a
// policy may choose is an action of its own; any other, and teleports, are for HabitatEnv::step(commands).

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/command.h"
#include "sim/task_sensors.h"
#include "task/habitat/episode_iterator.h"
#include "task/habitat/habitat_dataset.h"
#include "task/habitat/measures.h"
#include "task/habitat/reward.h"

namespace inknav::task::habitat {

enum class TaskType : std::uint8_t { kPointNav, kObjectNav, kImageNav, kVln };

/// In the order of config::habitat_sensors().
enum class Sensor : std::uint8_t {
  kPointGoal,                // [2 or 3] f32 the goal from the start pose
  kPointGoalWithGpsCompass,  // [2 or 3] f32 the goal from the present pose
  kGps,                      // [2 or 3] f32
  kCompass,                  // [1] f32
  kHeading,                  // [1] f32
  kProximity,                // [1] f32
  kObjectGoal,               // [1] i64 task category
  kImageGoal,                // [H, W, 3] u8 seen from the goal
  kInstruction,              // [kInstructionTokens] i64 ids of the vocabulary, padded with 0; RxR: all 0
  kDepth,
  kRgb,
};
std::string_view name_of(Sensor sensor);

inline constexpr int kInstructionTokens = 200;  // as VLN-CE's data sets pad them
inline constexpr int kMaxCategories = 64;       // width of objectgoal_one_hot

struct HabitatTaskSettings {
  TaskType type = TaskType::kPointNav;
  std::vector<sim::Command> actions{{sim::BodyAction::kStop},
                                    {sim::BodyAction::kMoveForward},
                                    {sim::BodyAction::kTurnLeft},
                                    {sim::BodyAction::kTurnRight}};
  /// kVelocity and kTeleport: what step(commands) may say besides the kinds of `actions`.
  std::vector<sim::BodyAction> free_commands;
  std::vector<Sensor> sensors{Sensor::kPointGoalWithGpsCompass};
  std::vector<Measure> measures{Measure::kDistanceToGoal, Measure::kSuccess, Measure::kSpl,
                                Measure::kDistanceToGoalReward};
  MeasureSettings measure;  // success_distance is filled from NavigationEnvSettings
  RewardSettings reward;    // max_episode_steps likewise
  DistanceTo distance_to = DistanceTo::kPoint;
  IteratorSettings iterator;  // of training; evaluation runs each episode once, in the order of the list
  sim::PointGoalFormat pointgoal;
  sim::PointGoalFormat pointgoal_with_gps_compass;
  int gps_dimensions = 2;
  float proximity_radius = 2.0f;  // metres
  bool fast_dtw = true;           // nDTW by FastDTW of radius 1, as published; else exact
  bool with_follower = false;     // field expert_action: nav::GreedyFollower, for evaluation

  bool has(Sensor sensor) const;
  bool has(Measure wanted) const;
  /// Whether one of `actions` is of this kind.
  bool has(sim::BodyAction action) const;
  /// Whether step(commands) may say it.
  bool allows(sim::BodyAction action) const;
};

/// kUsage: what does not go together, whoever filled the settings.
base::Status validate(const HabitatTaskSettings& settings, bool with_rgb,
                      const sim::VelocitySettings& velocity);

}  // namespace inknav::task::habitat
