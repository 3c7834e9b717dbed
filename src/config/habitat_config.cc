// SPDX-License-Identifier: MIT
#include "config/habitat_config.h"

#include <algorithm>
#include <string_view>

#include "base/contains.h"
#include "config/experiment.h"
#include "config/habitat_names.h"
#include "config/listing.h"

namespace inknav::config {
namespace {

constexpr std::size_t kMaxVelocities = 56;  // with the discrete actions at most 62: networks take 64

using base::contains;

constexpr std::string_view kVelocityControl = "TASK_CONFIG.TASK.ACTIONS.VELOCITY_CONTROL.";

/// Keys that only Habitat's tasks read; a section ends with a dot.
constexpr std::string_view kOfHabitat[] = {"RL.REWARD_MEASURE",
                                           "RL.SUCCESS_MEASURE",
                                           "TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.",
                                           "TASK_CONFIG.TASK.POSSIBLE_ACTIONS",
                                           "TASK_CONFIG.TASK.ACTIONS.",
                                           "TASK_CONFIG.TASK.END_ON_SUCCESS",
                                           "TASK_CONFIG.TASK.DISTANCE_TO_GOAL.",
                                           "TASK_CONFIG.TASK.GPS_SENSOR.",
                                           "TASK_CONFIG.TASK.POINTGOAL_SENSOR.",
                                           "TASK_CONFIG.TASK.POINTGOAL_WITH_GPS_COMPASS_SENSOR.",
                                           "TASK_CONFIG.TASK.PROXIMITY_SENSOR.",
                                           "TASK_CONFIG.TASK.NDTW.",
                                           "TASK_CONFIG.TASK.TOP_DOWN_MAP."};
/// Keys that only the drawn map reads.
constexpr std::string_view kOfDrawings[] = {"VARY_DRAWINGS",
                                            "USE_POINTNAV",
                                            "RL.WITH_TIME_PENALTY",
                                            "RL.WITH_DISTANCE_REWARD",
                                            "RL.DISTANCE_REWARD_SCALE",
                                            "TASK_CONFIG.DATASET.SKETCH_DIR",
                                            "TASK_CONFIG.DATASET.MISSING_DRAWINGS",
                                            "TASK_CONFIG.DATASET.SKETCH_STYLE",
                                            "TASK_CONFIG.TASK.GOAL_SENSOR_UUID",
                                            "TASK_CONFIG.TASK.DRAWING_SIZE",
                                            "TASK_CONFIG.SIMULATOR.GRID_SIZE",
                                            "TASK_CONFIG.SIMULATOR.MAP_CELLS"};

template <std::size_t kCount>
bool is_of(const std::string_view (&keys)[kCount], const std::string& path) {
  return std::any_of(std::begin(keys), std::end(keys), [&](std::string_view key) {
    return key.ends_with('.') ? path.starts_with(key) : path == key;
  });
}

void check_lists(const TaskSettings& task, const HabitatTask& kind, Problems& problems) {
  const std::string where = "TASK_CONFIG.TASK.";
  if (std::string text = sensor_problem(task.sensors); !text.empty()) {
    problems.push_back({where + "SENSORS", std::move(text)});
  } else if (!contains(task.sensors, kind.goal_sensor) &&
             !(kind.type == "Nav-v0" &&
               (contains(task.sensors, "pointgoal") || contains(task.sensors, "imagegoal")))) {
    problems.push_back({where + "SENSORS", "has no " + std::string(kind.goal_sensor) +
                                               ", which tells an agent of TASK.TYPE " + task.type +
                                               " where to go; add it"});
  }
  for (const auto& [sensor, type] : {std::pair{"objectgoal", "ObjectNav-v1"}, {"instruction", "VLN-v0"}}) {
    if (contains(task.sensors, sensor) && kind.type != type) {
      problems.push_back({where + "SENSORS", std::string("names ") + sensor + ", which only TASK.TYPE " +
                                                 type + " has; remove it or set that type"});
    }
  }
  if (std::string text = action_problem(task.possible_actions); !text.empty())
    problems.push_back({where + "POSSIBLE_ACTIONS", std::move(text)});
  if (contains(task.possible_actions, "velocity_control") &&
      task.actions.velocity_control.velocities.empty()) {
    problems.push_back(
        {where + "POSSIBLE_ACTIONS",
         "names velocity_control, but a policy chooses among numbered actions and "
         "ACTIONS.VELOCITY_CONTROL.VELOCITIES is empty; list there the pairs [linear, angular] "
         "that it may choose, as [[1, 0], [-1, 1], [-1, -1]]"});
  }
  if (std::string text = measure_problem(task.measurements); !text.empty())
    problems.push_back({where + "MEASUREMENTS", std::move(text)});
}

void check_reward(const ExperimentConfig& c, Problems& problems) {
  const std::vector<std::string>& listed = c.task_config.task.measurements;
  for (const auto& [key, name] : {std::pair{"RL.REWARD_MEASURE", c.rl.reward_measure},
                                  std::pair{"RL.SUCCESS_MEASURE", c.rl.success_measure}}) {
    if (name == "top_down_map") {
      problems.push_back({key, "= top_down_map is a picture; name a measure with a number"});
    } else if (!contains(listed, name)) {
      problems.push_back({key, "= " + name +
                                   " is not in TASK_CONFIG.TASK.MEASUREMENTS; add it there or name one of "
                                   "them (Habitat: distance_to_goal_reward and spl)"});
    }
  }
}

/// What needs a drawing or its expert.
void check_learner(const ExperimentConfig& c, Problems& problems) {
  const std::string task =
      " needs the drawn map's expert, which TASK.TYPE " + c.task_config.task.type + " lacks; ";
  const PpoConfig& ppo = c.rl.ppo;
  if (c.use_diffusion_policy)
    problems.push_back({"USE_DIFFUSION_POLICY", "= True" + task + "leave it False"});
  if (ppo.use_behavior_cloning)
    problems.push_back({"RL.PPO.use_behavior_cloning", "= True" + task + "leave it False"});
  if (ppo.imitation_updates > 0) problems.push_back({"RL.PPO.imitation_updates", "> 0" + task + "set 0"});
  if (ppo.expert_mix_start > 0.0 || ppo.expert_mix_end > 0.0)
    problems.push_back({"RL.PPO.expert_mix_start", "> 0" + task + "set it and expert_mix_end 0"});
  constexpr std::string_view kDecoded[] = {"stop", "move_forward", "turn_left", "turn_right"};
  const std::vector<std::string>& actions = c.task_config.task.possible_actions;
  if (ppo.decode_waypoint &&
      !std::equal(actions.begin(), actions.end(), std::begin(kDecoded), std::end(kDecoded))) {
    problems.push_back({"RL.PPO.decode_waypoint",
                        "= True decodes stop, move_forward, turn_left and turn_right, but "
                        "TASK_CONFIG.TASK.POSSIBLE_ACTIONS lists others; set it False"});
  }
  if (c.slam) problems.push_back({"SLAM", "= True is a map for drawings; leave it False"});
  if (!c.eval.controls.empty()) {
    problems.push_back({"EVAL.CONTROLS", "changes drawings, and TASK.TYPE " + c.task_config.task.type +
                                             " has none; set EVAL.CONTROLS []"});
  }
}

}  // namespace

void describe(IteratorConfig& c, FieldVisitor& v) {
  v.field({.key = "SHUFFLE", .doc = "Habitat's tasks, training: order of the episodes"}, c.shuffle);
  v.field({.key = "GROUP_BY_SCENE", .doc = "episodes of a scene follow each other"}, c.group_by_scene);
  v.field({.key = "NUM_EPISODE_SAMPLE", .doc = "so many of the list; -1: all", .low = -1, .high = 1e12},
          c.num_episode_sample);
  v.field({.key = "MAX_SCENE_REPEAT_EPISODES",
           .doc = "in a scene before the next one; -1: no limit",
           .low = -1,
           .high = 1e12},
          c.max_scene_repeat_episodes);
  v.field({.key = "MAX_SCENE_REPEAT_STEPS",
           .doc = "in a scene before the next one; -1: no limit",
           .low = -1,
           .high = 1e12},
          c.max_scene_repeat_steps);
  v.field({.key = "STEP_REPETITION_RANGE",
           .doc = "that limit is drawn within +- this part of it",
           .low = 0,
           .high = 1},
          c.step_repetition_range);
}

void describe(PointGoalSensorConfig& c, FieldVisitor& v) {
  v.choice({.key = "GOAL_FORMAT", .doc = "polar: distance, angle; cartesian"}, c.goal_format,
           {"POLAR", "CARTESIAN"});
  v.field({.key = "DIMENSIONALITY", .doc = "2: in the plane", .low = 2, .high = 3}, c.dimensionality);
}

void describe(GpsSensorConfig& c, FieldVisitor& v) {
  v.field({.key = "DIMENSIONALITY", .doc = "2: in the plane (Habitat's tasks)", .low = 2, .high = 3},
          c.dimensionality);
}

void describe(ProximitySensorConfig& c, FieldVisitor& v) {
  v.field({.key = "MAX_DETECTION_RADIUS", .doc = "metres", .low = 0.01, .high = 100}, c.max_detection_radius);
}

void describe(DistanceToGoalConfig& c, FieldVisitor& v) {
  v.choice({.key = "DISTANCE_TO", .doc = "the goals' positions, or (ObjectNav) their view points"},
           c.distance_to, {"POINT", "VIEW_POINTS"});
}

void describe(VelocityControlConfig& c, FieldVisitor& v) {
  v.field({.key = "LIN_VEL_RANGE", .doc = "[slowest, fastest], metres a second", .low = -100, .high = 100},
          c.lin_vel_range);
  v.field({.key = "ANG_VEL_RANGE",
           .doc = "[most to the right, to the left], degrees a second",
           .low = -3600,
           .high = 3600},
          c.ang_vel_range);
  v.field({.key = "MIN_ABS_LIN_SPEED",
           .doc = "slower than this and MIN_ABS_ANG_SPEED means stop, metres a second",
           .low = 0,
           .high = 100},
          c.min_abs_lin_speed);
  v.field({.key = "MIN_ABS_ANG_SPEED", .doc = "likewise, degrees a second", .low = 0, .high = 3600},
          c.min_abs_ang_speed);
  v.field({.key = "TIME_STEP", .doc = "seconds that a velocity is kept", .low = 1e-3, .high = 60},
          c.time_step);
  v.field({.key = "VELOCITIES",
           .doc = "pairs [linear, angular] from -1 to 1 that a policy may choose, each with an action number",
           .low = -1,
           .high = 1},
          c.velocities);
}

Problems VelocityControlConfig::validate() const {
  Problems problems;
  for (const auto& [key, range] :
       {std::pair{"LIN_VEL_RANGE", lin_vel_range}, {"ANG_VEL_RANGE", ang_vel_range}}) {
    if (range[0] > range[1])
      problems.push_back({key, "must begin with the smaller number; exchange the two"});
  }
  if (velocities.size() > kMaxVelocities) {
    problems.push_back({"VELOCITIES", "has " + std::to_string(velocities.size()) + " pairs, more than the " +
                                          std::to_string(kMaxVelocities) +
                                          " that a policy can choose among; take some out"});
  }
  return problems;
}

void describe(ActionsConfig& c, FieldVisitor& v) {
  v.section({.key = "VELOCITY_CONTROL", .doc = "drive at a velocity, where POSSIBLE_ACTIONS names it"},
            c.velocity_control);
}

void describe(NdtwConfig& c, FieldVisitor& v) {
  v.field({.key = "FDTW", .doc = "FastDTW of radius 1, as published numbers; else exact"}, c.fdtw);
  v.field({.key = "SUCCESS_DISTANCE", .doc = "metres a point that are forgiven", .low = 1e-3, .high = 100},
          c.success_distance);
}

void describe(FogOfWarConfig& c, FieldVisitor& v) {
  v.field({.key = "DRAW", .doc = "floor that was never in sight is darker", .shapes_result = false}, c.draw);
  v.field({.key = "VISIBILITY_DIST",
           .doc = "how far the agent sees, metres",
           .low = 0.1,
           .high = 100,
           .shapes_result = false},
          c.visibility_dist);
  v.field({.key = "FOV", .doc = "and how wide, degrees", .low = 1, .high = 360, .shapes_result = false},
          c.fov);
}

void describe(TopDownMapConfig& c, FieldVisitor& v) {
  v.field({.key = "MAP_RESOLUTION",
           .doc = "cells of the shorter side, fewer where the picture could not show them",
           .low = 16,
           .high = 8192,
           .shapes_result = false},
          c.map_resolution);
  v.field({.key = "DRAW_SOURCE", .doc = "the start", .shapes_result = false}, c.draw_source);
  v.field({.key = "DRAW_BORDER", .doc = "the outline of the floor", .shapes_result = false}, c.draw_border);
  v.field({.key = "DRAW_SHORTEST_PATH", .doc = "from the start to the nearest goal", .shapes_result = false},
          c.draw_shortest_path);
  v.field({.key = "DRAW_VIEW_POINTS", .doc = "of the goals (ObjectNav)", .shapes_result = false},
          c.draw_view_points);
  v.field({.key = "DRAW_GOAL_POSITIONS", .doc = "the goals", .shapes_result = false}, c.draw_goal_positions);
  v.field({.key = "DRAW_GOAL_AABBS",
           .doc = "boxes of the goals (ObjectNav), where the scene's semantic descriptor has them",
           .shapes_result = false},
          c.draw_goal_aabbs);
  v.section({.key = "FOG_OF_WAR", .doc = "what the agent has seen"}, c.fog_of_war);
}

void check_habitat(const ExperimentConfig& c, Problems& problems) {
  const TaskSettings& task = c.task_config.task;
  const DatasetConfig& dataset = c.task_config.dataset;
  const HabitatTask* kind = find_habitat_task(task.type);
  if (kind == nullptr) return;  // drawings can be made for any dataset
  if (std::find(kind->datasets.begin(), kind->datasets.end(), dataset.type) == kind->datasets.end()) {
    problems.push_back({"TASK_CONFIG.DATASET.TYPE", "= " + dataset.type + " does not go with TASK.TYPE " +
                                                        task.type + "; use " +
                                                        std::string(kind->datasets.front())});
  }
  check_lists(task, *kind, problems);
  check_reward(c, problems);
  check_learner(c, problems);
}

Problems without_effect_on_task(const ExperimentConfig& config) {
  const bool habitat = find_habitat_task(config.task_config.task.type) != nullptr;
  const std::vector<ListedKey> keys = list_keys(config), defaults = list_keys(ExperimentConfig{});
  Problems notes;
  const std::vector<std::string>& actions = config.task_config.task.possible_actions;
  const bool drives = contains(actions, "velocity_control");
  if (habitat && contains(actions, "teleport")) {
    notes.push_back({"TASK_CONFIG.TASK.POSSIBLE_ACTIONS",
                     "names teleport, which has no number, so that no policy can choose it: it is for "
                     "programs that call HabitatEnv::step(commands)"});
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].section || keys[i].value == defaults[i].value) continue;
    if (habitat && !drives && keys[i].path.starts_with(kVelocityControl)) {
      notes.push_back({keys[i].path, "= " + keys[i].value +
                                         " changes nothing without velocity_control in "
                                         "TASK_CONFIG.TASK.POSSIBLE_ACTIONS"});
    }
    if (!(habitat ? is_of(kOfDrawings, keys[i].path) : is_of(kOfHabitat, keys[i].path))) continue;
    notes.push_back({keys[i].path, "= " + keys[i].value + " changes nothing with TASK_CONFIG.TASK.TYPE " +
                                       config.task_config.task.type});
  }
  return notes;
}

}  // namespace inknav::config
