// SPDX-License-Identifier: MIT
#include "config/legacy.h"

namespace inknav::config {
namespace {

struct Legacy {
  std::string_view key;  // "*" as a whole part matches any one part
  std::string_view reason;
};

constexpr std::string_view kAudio = "there is no sound here";
constexpr std::string_view kFixed = "there is one implementation here, chosen by the keys that are kept";
constexpr std::string_view kDevice = "devices are chosen by GPU_IDS and NUM_GPUS";
constexpr std::string_view kData = "scenes come from TASK_CONFIG.DATASET";
constexpr std::string_view kPhysics = "bodies are moved on the navmesh, without dynamics";
constexpr std::string_view kWalks = "walks are read from <file>_gt.json.gz beside the episodes";
constexpr std::string_view kRound = "training goes round, evaluation runs each episode once";
constexpr std::string_view kCommand = "the command line is recorded in train.log";
constexpr std::string_view kVideo = "videos show every step";

constexpr Legacy kLegacy[] = {
    {"BASELINE_TYPE", kFixed},
    {"CMD_TRAILING_OPTS", kCommand},
    {"ENV_NAME", kFixed},
    {"FOLLOW_SHORTEST_PATH", "USE_EXPERT_ACTIONS does this"},
    {"FORCE_BLIND_POLICY", "EXTRA_RGB and EXTRA_DEPTH say what the policy gets"},
    {"FORCE_TORCH_SINGLE_THREADED", "NUM_THREADS says how many threads there are"},
    {"SIMULATOR_GPU_ID", kDevice},
    {"TORCH_GPU_ID", kDevice},
    {"USE_VECENV", "environments are always stepped as arrays, without worker processes"},
    {"MODEL_DIR", "--model-dir says where a run is written"},
    {"NUM_CHECKPOINTS", "CHECKPOINT_INTERVAL says when"},
    {"ORBSLAM2", "the agent's map is folded from exact depth and pose"},
    {"TOTAL_NUM_STEPS", "NUM_UPDATES says how long"},
    {"TRAINER_NAME", kFixed},
    {"VIEW_CHANGE_FPS", kVideo},
    {"EVAL.RECORD_EPISODE", kVideo},
    {"RL.DDPPO", "ranks and their backend are chosen by the machine"},
    {"RL.POLICY", "the network is under MODEL"},
    {"RL.PPO.use_normalized_advantage", "normalize_advantage does this"},
    {"RL.PPO.policy_type", "the network is under MODEL"},
    {"RL.PPO.use_external_memory", "the recurrent core is rnn_type"},
    {"RL.PPO.SCENE_MEMORY_TRANSFORMER", "the recurrent core is rnn_type"},
    {"RL.PPO.BELIEF_PREDICTOR", kAudio},
    {"RL.PPO.use_belief_predictor", kAudio},
    {"RL.PPO.use_belief_encoding", kAudio},
    {"RL.PPO.use_state_memory", "the recurrent core is rnn_type"},
    {"TASK_CONFIG.SEED", "SEED seeds everything"},
    {"TASK_CONFIG.PYROBOT", "there is no robot driver here"},
    {"TASK_CONFIG.DATASET.CONTENT_SCENES_PATH", kData},
    {"TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_SECONDS", "time is counted in steps"},
    {"TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.CYCLE", kRound},
    {"TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.NAME", kFixed},
    {"TASK_CONFIG.TASK.*.SENSOR_TYPE", kFixed},
    {"TASK_CONFIG.TASK.NDTW.SPLIT", kWalks},
    {"TASK_CONFIG.TASK.NDTW.GT_PATH", kWalks},
    {"TASK_CONFIG.SIMULATOR.AUDIO", kAudio},
    {"TASK_CONFIG.SIMULATOR.AGENTS", "there is one agent, AGENT_0"},
    {"TASK_CONFIG.SIMULATOR.CONTINUOUS_VIEW_CHANGE", kVideo},
    {"TASK_CONFIG.SIMULATOR.DEFAULT_AGENT_ID", "there is one agent, AGENT_0"},
    {"TASK_CONFIG.SIMULATOR.LAG_OBSERVATIONS", "observations are those of the step"},
    {"TASK_CONFIG.SIMULATOR.HABITAT_SIM_V0", kDevice},
    {"TASK_CONFIG.SIMULATOR.SCENE", kData},
    {"TASK_CONFIG.SIMULATOR.SCENE_OBSERVATION_DIR", "every view is rendered"},
    {"TASK_CONFIG.SIMULATOR.USE_RENDERED_OBSERVATIONS", "every view is rendered"},
    {"TASK_CONFIG.SIMULATOR.SEED", "SEED seeds everything"},
    {"TASK_CONFIG.SIMULATOR.SEMANTIC_SENSOR", "scenes carry no semantic labels"},
    {"TASK_CONFIG.SIMULATOR.STEP_TIME", kAudio},
    {"TASK_CONFIG.SIMULATOR.TYPE", kFixed},
    {"TASK_CONFIG.SIMULATOR.VIEW_CHANGE_FPS", kVideo},
    {"TASK_CONFIG.SIMULATOR.*.TYPE", kFixed},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.SENSORS", "SENSORS says which cameras there are"},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.MASS", kPhysics},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.COEFFICIENT_OF_RESTITUTION", kPhysics},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.LINEAR_ACCELERATION", kPhysics},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.ANGULAR_ACCELERATION", kPhysics},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.LINEAR_FRICTION", kPhysics},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.ANGULAR_FRICTION", kPhysics},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.IS_SET_START_STATE", "the start is the episode's"},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.START_POSITION", "the start is the episode's"},
    {"TASK_CONFIG.SIMULATOR.AGENT_0.START_ROTATION", "the start is the episode's"},
    {"TASK_CONFIG.TASK.ACTIONS.*", "TASK_CONFIG.TASK.POSSIBLE_ACTIONS lists the actions"},
    {"TASK_CONFIG.TASK.ACTIONS.*.TYPE", kFixed},
    {"TASK_CONFIG.TASK.ACTION_SPACE_CONFIG", "TASK_CONFIG.TASK.POSSIBLE_ACTIONS lists the actions"},
    {"TASK_CONFIG.TASK.AUDIOGOAL_SENSOR", kAudio},
    {"TASK_CONFIG.TASK.SPECTROGRAM_SENSOR", kAudio},
    {"TASK_CONFIG.TASK.*.TYPE", kFixed},
    {"TASK_CONFIG.TASK.COLLISIONS", kFixed},
    {"TASK_CONFIG.TASK.COMPASS_SENSOR", kFixed},
    {"TASK_CONFIG.TASK.HANDWRITING_GOAL_SENSOR", kFixed},
    {"TASK_CONFIG.TASK.HANDWRITING_INSTR_SENSOR", kFixed},
    {"TASK_CONFIG.TASK.SLAM_SENSOR", kFixed},
    {"TASK_CONFIG.TASK.SOFT_SPL", kFixed},
    {"TASK_CONFIG.TASK.SPL", kFixed},
    {"TASK_CONFIG.TASK.SUCCESS", "the distance is TASK_CONFIG.TASK.SUCCESS_DISTANCE"},
    {"TASK_CONFIG.TASK.TOP_DOWN_MAP.MAP_PADDING", "the map is shown whole"},
    {"TASK_CONFIG.TASK.TOP_DOWN_MAP.MAX_EPISODE_STEPS",
     "the way takes its colours over TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_STEPS"},
};

constexpr Legacy kMoved[] = {
    {"RL.PPO.num_updates", "NUM_UPDATES"},
    {"RL.PPO.num_processes", "NUM_PROCESSES"},
    {"RL.PPO.use_clip_decay", "RL.PPO.use_linear_clip_decay"},
    {"RL.PPO.use_lr_decay", "RL.PPO.use_linear_lr_decay"},
    {"TASK_CONFIG.TASK.SUCCESS.SUCCESS_DISTANCE", "TASK_CONFIG.TASK.SUCCESS_DISTANCE"},
    {"TASK_CONFIG.SIMULATOR.HABITAT_SIM_V0.ALLOW_SLIDING", "TASK_CONFIG.SIMULATOR.ALLOW_SLIDING"},
};

std::string_view take_part(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  return part;
}

bool matches(std::string_view pattern, std::string_view key) {
  while (!pattern.empty() && !key.empty()) {
    const std::string_view wanted = take_part(pattern);
    const std::string_view found = take_part(key);
    if (wanted != "*" && wanted != found) return false;
  }
  return pattern.empty() && key.empty();
}

template <std::size_t kCount>
std::optional<std::string_view> look_up(const Legacy (&table)[kCount], std::string_view key) {
  for (const Legacy& row : table) {
    if (matches(row.key, key)) return row.reason;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> ignored_reason(std::string_view dotted_key) {
  return look_up(kLegacy, dotted_key);
}

std::optional<std::string_view> moved_to(std::string_view dotted_key) { return look_up(kMoved, dotted_key); }

}  // namespace inknav::config
