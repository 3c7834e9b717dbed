// SPDX-License-Identifier: MIT
#include "config/task_config.h"

#include <algorithm>

#include "config/habitat_names.h"

namespace inknav::config {

namespace {

std::string replaced(std::string_view text, std::string_view placeholder, std::string_view value) {
  std::string result;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t found = text.find(placeholder, begin);
    result += text.substr(begin, found == std::string_view::npos ? found : found - begin);
    if (found == std::string_view::npos) return result;
    result += value;
    begin = found + placeholder.size();
  }
}

/// Of the drawn map, then of Habitat's tasks.
std::span<const std::string_view> sensor_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all{"handwriting_instr", "handwriting_goal", "slam"};
    all.insert(all.end(), habitat_sensors().begin(), habitat_sensors().end());
    return all;
  }();
  return names;
}

/// What cameras of all kinds have.
template <typename Camera>
void describe_view(Camera& c, FieldVisitor& v) {
  v.field({.key = "WIDTH", .doc = "pixels", .low = 1, .high = 4096}, c.width);
  v.field({.key = "HEIGHT", .doc = "pixels", .low = 1, .high = 4096}, c.height);
  v.field({.key = "HFOV", .doc = "horizontal field of view, degrees", .low = 1, .high = 175}, c.hfov);
  v.field({.key = "POSITION", .doc = "metres in the agent's frame: right, up, back", .low = -10, .high = 10},
          c.position);
  v.field({.key = "ORIENTATION",
           .doc = "radians about X, then Y, then Z of the agent's frame; X: up (+)",
           .low = -6.3,
           .high = 6.3},
          c.orientation);
}

}  // namespace

std::string expand_path(std::string_view path, std::string_view split, std::string_view version) {
  return replaced(replaced(path, "{version}", version), "{split}", split);
}

std::vector<std::string> episode_paths(const DatasetConfig& config, std::string_view split) {
  const std::string path = expand_path(config.data_path, split, config.version);
  if (path.find("{role}") == std::string::npos) return {path};
  std::vector<std::string> paths;
  for (const std::string& role : config.roles) {
    if (role == "*") return {replaced(path, "{role}", "guide"), replaced(path, "{role}", "follower")};
    paths.push_back(replaced(path, "{role}", role));
  }
  return paths;
}

void describe(DatasetConfig& c, FieldVisitor& v) {
  v.field({.key = "TYPE", .doc = "kind of dataset", .shapes_result = false}, c.type);
  v.field({.key = "SPLIT", .doc = "replaces {split} in the paths below"}, c.split);
  v.field({.key = "CONTENT_SCENES", .doc = "names of the scenes to keep; \"*\" keeps all"}, c.content_scenes);
  v.field({.key = "VERSION", .doc = "replaces {version} in the paths below"}, c.version);
  v.field({.key = "SCENES_DIR", .doc = "root of the scene ids", .shapes_result = false}, c.scenes_dir);
  v.field({.key = "DATA_PATH",
           .doc = "episodes, .json or .json.gz; may have {role} and {scene}",
           .shapes_result = false},
          c.data_path);
  v.field({.key = "SKETCH_DIR", .doc = "drawings, <scene>_epi<id>_cut1.png", .shapes_result = false},
          c.sketch_dir);
  v.list({.key = "ROLES", .doc = "of RxR, replace {role} in DATA_PATH; \"*\" is both"}, c.roles,
         {"*", "guide", "follower"});
  v.list({.key = "LANGUAGES", .doc = "of RxR, to keep; \"*\" keeps all"}, c.languages,
         {"*", "en-US", "en-IN", "hi-IN", "te-IN"});
  v.choice({.key = "MISSING_DRAWINGS",
            .doc = "auto: an error for HandWritingNav, synthesize for Habitat's formats, which have none"},
           c.missing_drawings, {"auto", "synthesize", "error"});
  v.choice({.key = "SKETCH_STYLE", .doc = "of synthesised drawings, from exact to very rough"},
           c.sketch_style, {"clean", "L1", "L2", "L3"});
}

Problems DatasetConfig::validate() const {
  Problems problems;
  std::vector<std::string_view> known{"HandWritingNav", "HandWritingNav-v0", "HandWritingNav-v1"};
  for (const HabitatTask& task : habitat_tasks())
    known.insert(known.end(), task.datasets.begin(), task.datasets.end());
  if (type.empty() || std::find(known.begin(), known.end(), type) == known.end()) {
    const std::string hint = name_hint(type, known);
    problems.push_back(
        {"TYPE", "= " + type + " is not a dataset that can be read" +
                     (hint.empty() ? "; use HandWritingNav, PointNav-v1, ObjectNav-v1, R2RVLN-v1 "
                                     "or RxR-VLN-CE-v1"
                                   : hint)});
  }
  if (content_scenes.empty()) {
    problems.push_back({"CONTENT_SCENES", "is empty, so no scene would be left; use [\"*\"] for all"});
  }
  if (roles.empty()) problems.push_back({"ROLES", "is empty, so no file would be read; use [\"guide\"]"});
  if (languages.empty()) {
    problems.push_back({"LANGUAGES", "is empty, so no episode would be left; use [\"*\"] for all"});
  }
  return problems;
}

void describe(TaskSettings& c, FieldVisitor& v) {
  v.field({.key = "TYPE", .doc = "HandWritingNav, or Habitat's Nav-v0, ObjectNav-v1, ImageNav-v1, VLN-v0"},
          c.type);
  v.list(
      {.key = "SENSORS",
       .doc =
           "what the policy gets besides pictures; pointgoal, handwriting_goal: truth, only for supervision"},
      c.sensors, sensor_names());
  v.list({.key = "MEASUREMENTS",
          .doc = "what is reported of an episode; success always is",
          .shapes_result = false},
         c.measurements, habitat_measure_names());
  v.field({.key = "SUCCESS_DISTANCE",
           .doc = "STOP nearer than this is a success, metres",
           .low = 1e-3,
           .high = 100},
          c.success_distance);
  v.field({.key = "GOAL_SENSOR_UUID", .doc = "says where to go; pointgoal: as USE_POINTNAV"},
          c.goal_sensor_uuid);
  v.field({.key = "DRAWING_SIZE",
           .doc = "side of the planes that the policy reads, pixels",
           .low = 16,
           .high = 1024},
          c.drawing_size);
  v.list({.key = "POSSIBLE_ACTIONS", .doc = "Habitat's tasks: actions by their numbers"}, c.possible_actions,
         habitat_actions());
  v.field({.key = "END_ON_SUCCESS", .doc = "RL.SUCCESS_MEASURE other than 0 ends the episode"},
          c.end_on_success);
  v.section({.key = "ACTIONS", .doc = "settings of actions (Habitat's tasks)"}, c.actions);
  v.section({.key = "DISTANCE_TO_GOAL", .doc = "the measure (Habitat's tasks)"}, c.distance_to_goal);
  v.section({.key = "GPS_SENSOR", .doc = "place in the start frame (Habitat's tasks)"}, c.gps_sensor);
  v.section({.key = "POINTGOAL_SENSOR", .doc = "the goal from the start"}, c.pointgoal_sensor);
  v.section({.key = "POINTGOAL_WITH_GPS_COMPASS_SENSOR", .doc = "the goal from the present pose"},
            c.pointgoal_with_gps_compass_sensor);
  v.section({.key = "PROXIMITY_SENSOR", .doc = "distance to the nearest obstacle"}, c.proximity_sensor);
  v.section({.key = "NDTW", .doc = "the measure (Habitat's tasks)"}, c.ndtw);
  v.section({.key = "TOP_DOWN_MAP", .doc = "the map in pictures and videos (Habitat's tasks)"},
            c.top_down_map);
}

Problems TaskSettings::validate() const {
  Problems problems;
  if (!type.starts_with("HandWritingNav") && find_habitat_task(type) == nullptr) {
    std::vector<std::string_view> known{"HandWritingNav"};
    for (const HabitatTask& task : habitat_tasks()) known.push_back(task.type);
    const std::string hint = name_hint(type, known);
    problems.push_back(
        {"TYPE",
         "= " + type + " is not a task that is known here" +
             (hint.empty() ? "; use HandWritingNav, Nav-v0, ObjectNav-v1, ImageNav-v1 or VLN-v0" : hint)});
  }
  if (goal_sensor_uuid != "handwriting_instr" && goal_sensor_uuid != "pointgoal" &&
      goal_sensor_uuid != "pointgoal_with_gps_compass") {
    problems.push_back(
        {"GOAL_SENSOR_UUID", "= " + goal_sensor_uuid +
                                 " is not a goal sensor; use handwriting_instr, or pointgoal for the "
                                 "baseline without a drawing"});
  }
  return problems;
}

void describe(EnvironmentConfig& c, FieldVisitor& v) {
  v.field({.key = "MAX_EPISODE_STEPS", .doc = "then the episode is truncated", .low = 1, .high = 1e6},
          c.max_episode_steps);
  v.section({.key = "ITERATOR_OPTIONS", .doc = "order of training episodes (Habitat's tasks)"},
            c.iterator_options);
}

void describe(ColourNoiseConfig& c, FieldVisitor& v) {
  v.field({.key = "intensity_constant", .doc = "factor of Gaussian and speckle noise", .low = 0, .high = 100},
          c.intensity_constant);
  v.field({.key = "mean", .doc = "of Gaussian and speckle noise", .low = -100, .high = 100}, c.mean);
  v.field({.key = "sigma", .doc = "their standard deviation", .low = 0, .high = 100}, c.sigma);
  v.field({.key = "s_vs_p", .doc = "salt's part of salt and pepper", .low = 0, .high = 1}, c.s_vs_p);
  v.field({.key = "amount", .doc = "part of the values that salt and pepper change", .low = 0, .high = 1},
          c.amount);
}

void describe(DepthNoiseConfig& c, FieldVisitor& v) {
  v.field({.key = "noise_multiplier", .doc = "of Redwood noise", .low = 0, .high = 100}, c.noise_multiplier);
  v.field({.key = "distortion_file",
           .doc = "table of Redwood noise: redwood-depth-dist-model.npy of habitat-sim or dist-model.txt of "
                  "the Redwood data set",
           .shapes_result = false},
          c.distortion_file);
}

void describe(ActuationNoiseConfig& c, FieldVisitor& v) {
  v.choice({.key = "ROBOT", .doc = "whose motion it is"}, c.robot, {"LoCoBot", "LoCoBot-Lite"});
  v.choice({.key = "CONTROLLER", .doc = "of that robot"}, c.controller, {"ILQR", "Proportional", "Movebase"});
  v.field({.key = "NOISE_MULTIPLIER", .doc = "of every error; 0: exact", .low = 0, .high = 100},
          c.noise_multiplier);
}

void describe(CameraConfig& c, FieldVisitor& v) {
  describe_view(c, v);
  v.choice(
      {.key = "NOISE_MODEL", .doc = "noise of the picture"}, c.noise_model,
      {"None", "GaussianNoiseModel", "SpeckleNoiseModel", "PoissonNoiseModel", "SaltAndPepperNoiseModel"});
  v.section({.key = "NOISE_MODEL_KWARGS", .doc = "of NOISE_MODEL"}, c.noise_model_kwargs);
}

void describe(DepthCameraConfig& c, FieldVisitor& v) {
  describe_view(c, v);
  v.field({.key = "MIN_DEPTH", .doc = "metres", .low = 0, .high = 1000}, c.min_depth);
  v.field({.key = "MAX_DEPTH", .doc = "metres", .low = 0, .high = 1000}, c.max_depth);
  v.field({.key = "NORMALIZE_DEPTH", .doc = "(depth - min) / (max - min); else metres"}, c.normalize_depth);
  v.choice({.key = "NOISE_MODEL", .doc = "noise of depth, before it is clipped; the agent's map has it too"},
           c.noise_model, {"None", "RedwoodDepthNoiseModel"});
  v.section({.key = "NOISE_MODEL_KWARGS", .doc = "of NOISE_MODEL"}, c.noise_model_kwargs);
}

Problems DepthCameraConfig::validate() const {
  Problems problems;
  if (!(min_depth < max_depth)) {
    problems.push_back(
        {"MAX_DEPTH", "must be greater than MIN_DEPTH; the usual pair is 0.0 and 10.0 metres"});
  }
  if (noise_model == DepthNoiseChoice::kRedwood && noise_model_kwargs.distortion_file.empty()) {
    problems.push_back(
        {"NOISE_MODEL",
         "= RedwoodDepthNoiseModel needs its distortion table; set NOISE_MODEL_KWARGS.distortion_file to "
         "redwood-depth-dist-model.npy of a habitat-sim installation (habitat_sim/sensors/noise_models/data) "
         "or to dist-model.txt of the Redwood indoor data set (redwood-data.org)"});
  }
  return problems;
}

void describe(AgentConfig& c, FieldVisitor& v) {
  v.field({.key = "HEIGHT", .doc = "metres", .low = 0.1, .high = 5}, c.height);
  v.field({.key = "RADIUS", .doc = "metres", .low = 0.01, .high = 2}, c.radius);
}

void describe(SimulatorConfig& c, FieldVisitor& v) {
  v.field({.key = "FORWARD_STEP_SIZE", .doc = "metres", .low = 0.01, .high = 2}, c.forward_step_size);
  v.field({.key = "TURN_ANGLE", .doc = "degrees", .low = 1, .high = 180}, c.turn_angle);
  v.field({.key = "TILT_ANGLE", .doc = "degrees of look_up and look_down", .low = 0, .high = 180},
          c.tilt_angle);
  v.choice({.key = "ACTION_SPACE_CONFIG",
            .doc = "pyrobotnoisy: steps and turns miss as NOISE_MODEL says; v0, v1: they are exact"},
           c.action_space, {"v0", "v1", "pyrobotnoisy"});
  v.field({.key = "GRID_SIZE", .doc = "metres a cell of the agent's own map", .low = 0.02, .high = 2},
          c.grid_size);
  v.field({.key = "MAP_CELLS", .doc = "side of the agent's own map, cells", .low = 16, .high = 4096},
          c.map_cells);
  v.field({.key = "ALLOW_SLIDING", .doc = "slide along walls; else a step ends where it meets one"},
          c.allow_sliding);
  v.choice({.key = "RENDERER",
            .doc = "auto: where the run computes; egl: OpenGL, hardware before software; both else the CPU",
            .shapes_result = false},
           c.renderer, {"auto", "cuda", "cpu", "egl"});
  v.choice({.key = "NO_SLIDE_RULE",
            .doc = "where a step that must not slide ends: as in Habitat up to 0.3.3, or as in 0.3.4"},
           c.no_slide_rule, {"habitat_0.3.3", "habitat_0.3.4"});
  v.field({.key = "SCENE_DATASET",
           .doc = "a .scene_dataset_config.json, for episodes that name none; default: none",
           .shapes_result = false},
          c.scene_dataset);
  v.section({.key = "NOISE_MODEL", .doc = "of ACTION_SPACE_CONFIG: pyrobotnoisy"}, c.noise_model);
  v.section({.key = "RGB_SENSOR", .doc = "colour camera"}, c.rgb_sensor);
  v.section({.key = "DEPTH_SENSOR", .doc = "depth camera"}, c.depth_sensor);
  v.section({.key = "AGENT_0", .doc = "the body, for the navmesh"}, c.agent_0);
}

Problems SimulatorConfig::validate() const {
  Problems problems;
  if (map_cells % 2 != 0) {
    problems.push_back({"MAP_CELLS", "= " + std::to_string(map_cells) +
                                         " must be even (the start is in the middle); use " +
                                         std::to_string(map_cells + 1)});
  }
  return problems;
}

void describe(DataGenerationConfig& c, FieldVisitor& v) {
  v.field({.key = "MAX_EPISODES",
           .doc = "of generate episodes --exp-config; 0: as many as --count asks for",
           .low = 0,
           .high = 1e9},
          c.max_episodes);
  v.field({.key = "SPLIT_RATIO",
           .doc = "of generate episodes --exp-config: part of the scenes that go to train",
           .low = 0,
           .high = 1},
          c.split_ratio);
}

void describe(TaskConfig& c, FieldVisitor& v) {
  v.section({.key = "DATASET", .doc = "which episodes, scenes and drawings"}, c.dataset);
  v.section({.key = "TASK", .doc = "what is observed and measured"}, c.task);
  v.section({.key = "ENVIRONMENT", .doc = "the course of an episode"}, c.environment);
  v.section({.key = "SIMULATOR", .doc = "body, motion and cameras"}, c.simulator);
  v.section({.key = "DATA_GENERATION", .doc = "for inknav generate"}, c.data_generation);
}

}  // namespace inknav::config
