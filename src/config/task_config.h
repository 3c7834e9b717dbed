// SPDX-License-Identifier: MIT
#pragma once
// TASK_CONFIG: dataset, task, simulator and data generation (the task file, configs/hwnav_base.yaml).
// Paths may hold "{split}" and "{version}", which expand_path() replaces; DATA_PATH also "{role}" and
// "{scene}".

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/field.h"
#include "config/habitat_config.h"

namespace inknav::config {

enum class RendererChoice : std::uint8_t { kAuto, kCuda, kCpu, kEgl };
/// Of Habitat up to 0.3.3, which all published results without sliding used, or of 0.3.4.
enum class NoSlideRuleChoice : std::uint8_t { kHabitat033, kHabitat034 };

/// Of episodes without a drawing. Auto: an error for HandWritingNav, whose drawings belong to it (a wrong
/// SKETCH_DIR must not pass unseen), synthesis for Habitat's formats, which never have any.
enum class MissingDrawingsChoice : std::uint8_t { kAuto, kSynthesize, kError };
enum class SketchStyleChoice : std::uint8_t { kClean, kL1, kL2, kL3 };

struct DatasetConfig {
  std::string type = "HandWritingNav";
  std::string split = "train";
  std::vector<std::string> content_scenes{"*"};  // scene names to keep; "*" keeps all
  std::string version = "v1";
  std::string scenes_dir = "data/hwnav/scenes";
  std::string data_path = "data/hwnav/{split}/{split}.json.gz";
  std::string sketch_dir = "data/hwnav/{split}/sketches";
  std::vector<std::string> roles{"guide"};  // of RxR, replace {role} in data_path; "*" is guide and follower
  std::vector<std::string> languages{"*"};  // of RxR, to keep; "*" keeps all
  MissingDrawingsChoice missing_drawings = MissingDrawingsChoice::kAuto;
  SketchStyleChoice sketch_style = SketchStyleChoice::kL1;  // of drawings that are synthesised

  Problems validate() const;
};

struct TaskSettings {
  std::string type = "HandWritingNav";  // or one of Habitat's (config/habitat_names.h)
  std::vector<std::string> sensors{"handwriting_instr", "gps", "compass"};
  std::vector<std::string> measurements{"success",          "spl",        "soft_spl",   "ndtw",
                                        "distance_to_goal", "collisions", "path_length"};
  double success_distance = 1.0;  // metres, strict: STOP nearer than this is a success
  std::string goal_sensor_uuid = "handwriting_instr";
  int drawing_size = 128;  // InkNav's own: side in pixels of the planes that the policy reads

  // Habitat's tasks.
  std::vector<std::string> possible_actions{"stop", "move_forward", "turn_left",
                                            "turn_right"};  // their order
  bool end_on_success = false;  // RL.SUCCESS_MEASURE other than 0 ends the episode
  ActionsConfig actions;
  DistanceToGoalConfig distance_to_goal;
  GpsSensorConfig gps_sensor;
  PointGoalSensorConfig pointgoal_sensor;
  PointGoalSensorConfig pointgoal_with_gps_compass_sensor;
  ProximitySensorConfig proximity_sensor;
  NdtwConfig ndtw;
  TopDownMapConfig top_down_map;

  Problems validate() const;
};

struct EnvironmentConfig {
  int max_episode_steps =
      500;  // then the episode is truncated (a time-out, not a failure of the value target)
  IteratorConfig iterator_options;

  Problems validate() const { return {}; }
};

enum class ColourNoiseChoice : std::uint8_t { kNone, kGaussian, kSpeckle, kPoisson, kSaltAndPepper };
enum class DepthNoiseChoice : std::uint8_t { kNone, kRedwood };
enum class ActionSpaceChoice : std::uint8_t { kV0, kV1, kPyrobotNoisy };
enum class RobotChoice : std::uint8_t { kLoCoBot, kLoCoBotLite };
enum class ControllerChoice : std::uint8_t { kIlqr, kProportional, kMovebase };

/// Of RGB_SENSOR.NOISE_MODEL; each model reads its own.
struct ColourNoiseConfig {
  double intensity_constant = 0.2;  // Gaussian and speckle: factor of the noise
  double mean = 0.0;
  double sigma = 1.0;    // standard deviation
  double s_vs_p = 0.5;   // salt and pepper: part of the changed values that become salt
  double amount = 0.05;  // salt and pepper: part of all values that are changed

  Problems validate() const { return {}; }
};

struct DepthNoiseConfig {
  double noise_multiplier = 1.0;
  std::string distortion_file;  // the Redwood model's table, which cannot be part of InkNav

  Problems validate() const { return {}; }
};

/// Of ACTION_SPACE_CONFIG: pyrobotnoisy.
struct ActuationNoiseConfig {
  RobotChoice robot = RobotChoice::kLoCoBot;
  ControllerChoice controller = ControllerChoice::kProportional;
  double noise_multiplier = 0.5;  // as Habitat's default

  Problems validate() const { return {}; }
};

struct CameraConfig {
  int width = 64;                                  // pixels
  int height = 64;                                 // pixels
  double hfov = 90.0;                              // degrees, horizontal
  std::array<double, 3> position{0.0, 1.25, 0.0};  // metres in the agent's frame: right, up, back
  std::array<double, 3> orientation{};             // radians about X, then Y, then Z of that frame
  ColourNoiseChoice noise_model = ColourNoiseChoice::kNone;
  ColourNoiseConfig noise_model_kwargs;

  Problems validate() const { return {}; }
};

struct DepthCameraConfig {
  int width = 64;
  int height = 64;
  double hfov = 90.0;
  std::array<double, 3> position{0.0, 1.25, 0.0};
  std::array<double, 3> orientation{};
  double min_depth = 0.0;       // metres
  double max_depth = 10.0;      // metres
  bool normalize_depth = true;  // (depth - min) / (max - min) after clipping; else metres
  DepthNoiseChoice noise_model = DepthNoiseChoice::kNone;
  DepthNoiseConfig noise_model_kwargs;

  Problems validate() const;
};

struct AgentConfig {
  double height = 1.5;  // metres
  double radius = 0.1;  // metres

  Problems validate() const { return {}; }
};

struct SimulatorConfig {
  double forward_step_size = 0.25;  // metres
  double turn_angle = 10.0;         // degrees
  double tilt_angle = 15.0;         // degrees of a look up or down, for tasks that have them
  ActionSpaceChoice action_space = ActionSpaceChoice::kV0;
  ActuationNoiseConfig noise_model;
  double grid_size = 0.1;     // metres a cell of the agent's own map
  int map_cells = 512;        // InkNav's own: side of the agent's own map, cells
  bool allow_sliding = true;  // along walls; false: a step ends where it meets one
  NoSlideRuleChoice no_slide_rule = NoSlideRuleChoice::kHabitat033;  // with allow_sliding false
  std::string scene_dataset = "default";  // a .scene_dataset_config.json for episodes that name none
  RendererChoice renderer = RendererChoice::kAuto;
  CameraConfig rgb_sensor;
  DepthCameraConfig depth_sensor;
  AgentConfig agent_0;

  Problems validate() const;
};

struct DataGenerationConfig {
  std::int64_t max_episodes = 0;  // generate episodes writes no more than this; 0: as many as --count says
  double split_ratio = 0.9;       // part of the scenes (never of the episodes of one scene) that go to train

  Problems validate() const { return {}; }
};

struct TaskConfig {
  DatasetConfig dataset;
  TaskSettings task;
  EnvironmentConfig environment;
  SimulatorConfig simulator;
  DataGenerationConfig data_generation;

  Problems validate() const { return {}; }
};

/// "data/{version}/{split}/{split}.json" -> "data/v1/val/val.json".
std::string expand_path(std::string_view path, std::string_view split, std::string_view version);
/// expand_path() of data_path for each role; one path when it has no "{role}". "{scene}" is left.
std::vector<std::string> episode_paths(const DatasetConfig& config, std::string_view split);

void describe(DatasetConfig& config, FieldVisitor& visitor);
void describe(TaskSettings& config, FieldVisitor& visitor);
void describe(EnvironmentConfig& config, FieldVisitor& visitor);
void describe(ColourNoiseConfig& config, FieldVisitor& visitor);
void describe(DepthNoiseConfig& config, FieldVisitor& visitor);
void describe(ActuationNoiseConfig& config, FieldVisitor& visitor);
void describe(CameraConfig& config, FieldVisitor& visitor);
void describe(DepthCameraConfig& config, FieldVisitor& visitor);
void describe(AgentConfig& config, FieldVisitor& visitor);
void describe(SimulatorConfig& config, FieldVisitor& visitor);
void describe(DataGenerationConfig& config, FieldVisitor& visitor);
void describe(TaskConfig& config, FieldVisitor& visitor);

}  // namespace inknav::config
