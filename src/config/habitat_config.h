// SPDX-License-Identifier: MIT
#pragma once
// Sections of TASK_CONFIG that belong to Habitat's tasks (TASK.TYPE Nav-v0, ObjectNav-v1, ImageNav-v1,
// VLN-v0), named as in its upper-case configuration files, with the defaults of Habitat-Lab 0.3.3; and the
// rules between them and the rest. With TASK.TYPE HandWritingNav they change nothing, which is said once.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config/field.h"

namespace inknav::config {

struct ExperimentConfig;

/// ENVIRONMENT.ITERATOR_OPTIONS: order of training episodes (task/habitat/episode_iterator.h).
struct IteratorConfig {
  bool shuffle = true;
  bool group_by_scene = true;
  std::int64_t num_episode_sample = -1;         // -1: all
  std::int64_t max_scene_repeat_episodes = -1;  // -1: no limit
  std::int64_t max_scene_repeat_steps = 10000;  // -1: no limit
  double step_repetition_range = 0.2;           // that limit is drawn within +- this part of it

  Problems validate() const { return {}; }
};

enum class GoalFormat : std::uint8_t { kPolar, kCartesian };

struct PointGoalSensorConfig {
  GoalFormat goal_format = GoalFormat::kPolar;
  int dimensionality = 2;

  Problems validate() const { return {}; }
};

struct GpsSensorConfig {
  int dimensionality = 2;

  Problems validate() const { return {}; }
};

struct ProximitySensorConfig {
  double max_detection_radius = 2.0;  // metres

  Problems validate() const { return {}; }
};

enum class DistanceToChoice : std::uint8_t { kPoint, kViewPoints };

struct DistanceToGoalConfig {
  DistanceToChoice distance_to = DistanceToChoice::kPoint;

  Problems validate() const { return {}; }
};

/// The action velocity_control. In Habitat it takes two numbers in [-1, 1]; a policy here chooses among those
/// of `velocities`, each of which has an action number.
struct VelocityControlConfig {
  std::array<double, 2> lin_vel_range{0.0, 0.25};    // metres a second, forward
  std::array<double, 2> ang_vel_range{-10.0, 10.0};  // degrees a second, left positive
  double min_abs_lin_speed = 0.025;                  // metres a second; slower than both means stop
  double min_abs_ang_speed = 1.0;                    // degrees a second
  double time_step = 1.0;                            // seconds
  /// [linear, angular] in [-1, 1], -1 the lower and 1 the upper end of their ranges.
  std::vector<std::array<double, 2>> velocities{
      {1.0, 0.0}, {-1.0, 1.0}, {-1.0, -1.0}, {1.0, 1.0}, {1.0, -1.0}};

  Problems validate() const;
};

struct ActionsConfig {
  VelocityControlConfig velocity_control;

  Problems validate() const { return {}; }
};

struct NdtwConfig {
  bool fdtw = true;               // the approximation of published numbers; else exact
  double success_distance = 3.0;  // metres a point

  Problems validate() const { return {}; }
};

/// TOP_DOWN_MAP.FOG_OF_WAR: floor that was never in sight is shown darker.
struct FogOfWarConfig {
  bool draw = true;
  double visibility_dist = 5.0;  // metres
  double fov = 90.0;             // degrees

  Problems validate() const { return {}; }
};

/// The map in the pictures and videos of an evaluation.
struct TopDownMapConfig {
  int map_resolution = 1024;  // cells of the shorter side
  bool draw_source = true;    // the start
  bool draw_border = true;    // of the floor
  bool draw_shortest_path = true;
  bool draw_view_points = true;
  bool draw_goal_positions = true;
  bool draw_goal_aabbs = true;  // boxes of goals that are objects, where the scene's descriptor has them
  FogOfWarConfig fog_of_war;

  Problems validate() const { return {}; }
};

void describe(IteratorConfig& config, FieldVisitor& visitor);
void describe(PointGoalSensorConfig& config, FieldVisitor& visitor);
void describe(GpsSensorConfig& config, FieldVisitor& visitor);
void describe(ProximitySensorConfig& config, FieldVisitor& visitor);
void describe(DistanceToGoalConfig& config, FieldVisitor& visitor);
void describe(VelocityControlConfig& config, FieldVisitor& visitor);
void describe(ActionsConfig& config, FieldVisitor& visitor);
void describe(NdtwConfig& config, FieldVisitor& visitor);
void describe(FogOfWarConfig& config, FieldVisitor& visitor);
void describe(TopDownMapConfig& config, FieldVisitor& visitor);

/// Whether task, dataset, sensors, actions, measures and learner go together.
void check_habitat(const ExperimentConfig& config, Problems& problems);
/// Keys of the other task that are set but change nothing.
Problems without_effect_on_task(const ExperimentConfig& config);

}  // namespace inknav::config
