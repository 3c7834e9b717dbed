// SPDX-License-Identifier: MIT
#include "config/hydra.h"

#include <algorithm>
#include <vector>

#include "base/edit_distance.h"

namespace inknav::config {
namespace {

using Kind = HydraKind;

constexpr HydraKey kKeys[] = {
    {"habitat.seed", "SEED"},
    {"habitat.environment.max_episode_steps", "TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_STEPS"},
    {"habitat.environment.iterator_options.shuffle", "TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.SHUFFLE"},
    {"habitat.environment.iterator_options.group_by_scene",
     "TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.GROUP_BY_SCENE"},
    {"habitat.environment.iterator_options.num_episode_sample",
     "TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.NUM_EPISODE_SAMPLE"},
    {"habitat.environment.iterator_options.max_scene_repeat_episodes",
     "TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.MAX_SCENE_REPEAT_EPISODES"},
    {"habitat.environment.iterator_options.max_scene_repeat_steps",
     "TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.MAX_SCENE_REPEAT_STEPS"},
    {"habitat.environment.iterator_options.step_repetition_range",
     "TASK_CONFIG.ENVIRONMENT.ITERATOR_OPTIONS.STEP_REPETITION_RANGE"},
    {"habitat.dataset.type", "TASK_CONFIG.DATASET.TYPE"},
    {"habitat.dataset.split", "TASK_CONFIG.DATASET.SPLIT"},
    {"habitat.dataset.content_scenes", "TASK_CONFIG.DATASET.CONTENT_SCENES"},
    {"habitat.dataset.scenes_dir", "TASK_CONFIG.DATASET.SCENES_DIR"},
    {"habitat.dataset.data_path", "TASK_CONFIG.DATASET.DATA_PATH"},
    {"habitat.task.type", "TASK_CONFIG.TASK.TYPE"},
    {"habitat.task.reward_measure", "RL.REWARD_MEASURE"},
    {"habitat.task.success_measure", "RL.SUCCESS_MEASURE"},
    {"habitat.task.success_reward", "RL.SUCCESS_REWARD"},
    {"habitat.task.slack_reward", "RL.SLACK_REWARD"},
    {"habitat.task.end_on_success", "TASK_CONFIG.TASK.END_ON_SUCCESS"},
    {"habitat.task.actions", "TASK_CONFIG.TASK.POSSIBLE_ACTIONS", Kind::kNames},
    {"habitat.task.actions.velocity_control.lin_vel_range",
     "TASK_CONFIG.TASK.ACTIONS.VELOCITY_CONTROL.LIN_VEL_RANGE"},
    {"habitat.task.actions.velocity_control.ang_vel_range",
     "TASK_CONFIG.TASK.ACTIONS.VELOCITY_CONTROL.ANG_VEL_RANGE"},
    {"habitat.task.actions.velocity_control.min_abs_lin_speed",
     "TASK_CONFIG.TASK.ACTIONS.VELOCITY_CONTROL.MIN_ABS_LIN_SPEED"},
    {"habitat.task.actions.velocity_control.min_abs_ang_speed",
     "TASK_CONFIG.TASK.ACTIONS.VELOCITY_CONTROL.MIN_ABS_ANG_SPEED"},
    {"habitat.task.actions.velocity_control.time_step",
     "TASK_CONFIG.TASK.ACTIONS.VELOCITY_CONTROL.TIME_STEP"},
    {"habitat.task.actions.look_up.tilt_angle", "TASK_CONFIG.SIMULATOR.TILT_ANGLE", Kind::kShared},
    {"habitat.task.actions.look_down.tilt_angle", "TASK_CONFIG.SIMULATOR.TILT_ANGLE", Kind::kShared},
    {"habitat.task.measurements", "TASK_CONFIG.TASK.MEASUREMENTS", Kind::kNames},
    {"habitat.task.measurements.success.success_distance", "TASK_CONFIG.TASK.SUCCESS_DISTANCE"},
    {"habitat.task.measurements.distance_to_goal.distance_to",
     "TASK_CONFIG.TASK.DISTANCE_TO_GOAL.DISTANCE_TO"},
    {"habitat.task.measurements.top_down_map.map_resolution", "TASK_CONFIG.TASK.TOP_DOWN_MAP.MAP_RESOLUTION"},
    {"habitat.task.measurements.top_down_map.draw_source", "TASK_CONFIG.TASK.TOP_DOWN_MAP.DRAW_SOURCE"},
    {"habitat.task.measurements.top_down_map.draw_border", "TASK_CONFIG.TASK.TOP_DOWN_MAP.DRAW_BORDER"},
    {"habitat.task.measurements.top_down_map.draw_shortest_path",
     "TASK_CONFIG.TASK.TOP_DOWN_MAP.DRAW_SHORTEST_PATH"},
    {"habitat.task.measurements.top_down_map.draw_view_points",
     "TASK_CONFIG.TASK.TOP_DOWN_MAP.DRAW_VIEW_POINTS"},
    {"habitat.task.measurements.top_down_map.draw_goal_positions",
     "TASK_CONFIG.TASK.TOP_DOWN_MAP.DRAW_GOAL_POSITIONS"},
    {"habitat.task.measurements.top_down_map.draw_goal_aabbs",
     "TASK_CONFIG.TASK.TOP_DOWN_MAP.DRAW_GOAL_AABBS"},
    {"habitat.task.measurements.top_down_map.fog_of_war.draw",
     "TASK_CONFIG.TASK.TOP_DOWN_MAP.FOG_OF_WAR.DRAW"},
    {"habitat.task.measurements.top_down_map.fog_of_war.visibility_dist",
     "TASK_CONFIG.TASK.TOP_DOWN_MAP.FOG_OF_WAR.VISIBILITY_DIST"},
    {"habitat.task.measurements.top_down_map.fog_of_war.fov", "TASK_CONFIG.TASK.TOP_DOWN_MAP.FOG_OF_WAR.FOV"},
    {"habitat.task.lab_sensors", "TASK_CONFIG.TASK.SENSORS", Kind::kNames},
    {"habitat.task.lab_sensors.gps_sensor.dimensionality", "TASK_CONFIG.TASK.GPS_SENSOR.DIMENSIONALITY"},
    {"habitat.task.lab_sensors.pointgoal_sensor.goal_format",
     "TASK_CONFIG.TASK.POINTGOAL_SENSOR.GOAL_FORMAT"},
    {"habitat.task.lab_sensors.pointgoal_sensor.dimensionality",
     "TASK_CONFIG.TASK.POINTGOAL_SENSOR.DIMENSIONALITY"},
    {"habitat.task.lab_sensors.pointgoal_with_gps_compass_sensor.goal_format",
     "TASK_CONFIG.TASK.POINTGOAL_WITH_GPS_COMPASS_SENSOR.GOAL_FORMAT"},
    {"habitat.task.lab_sensors.pointgoal_with_gps_compass_sensor.dimensionality",
     "TASK_CONFIG.TASK.POINTGOAL_WITH_GPS_COMPASS_SENSOR.DIMENSIONALITY"},
    {"habitat.task.lab_sensors.proximity_sensor.max_detection_radius",
     "TASK_CONFIG.TASK.PROXIMITY_SENSOR.MAX_DETECTION_RADIUS"},
    {"habitat.simulator.forward_step_size", "TASK_CONFIG.SIMULATOR.FORWARD_STEP_SIZE"},
    {"habitat.simulator.turn_angle", "TASK_CONFIG.SIMULATOR.TURN_ANGLE"},
    {"habitat.simulator.tilt_angle", "TASK_CONFIG.SIMULATOR.TILT_ANGLE", Kind::kShared},
    {"habitat.simulator.action_space_config", "TASK_CONFIG.SIMULATOR.ACTION_SPACE_CONFIG"},
    {"habitat.simulator.noise_model.robot", "TASK_CONFIG.SIMULATOR.NOISE_MODEL.ROBOT"},
    {"habitat.simulator.noise_model.controller", "TASK_CONFIG.SIMULATOR.NOISE_MODEL.CONTROLLER"},
    {"habitat.simulator.noise_model.noise_multiplier", "TASK_CONFIG.SIMULATOR.NOISE_MODEL.NOISE_MULTIPLIER"},
    {"habitat.simulator.habitat_sim_v0.allow_sliding", "TASK_CONFIG.SIMULATOR.ALLOW_SLIDING"},
    {"habitat.simulator.agents.main_agent.height", "TASK_CONFIG.SIMULATOR.AGENT_0.HEIGHT"},
    {"habitat.simulator.agents.main_agent.radius", "TASK_CONFIG.SIMULATOR.AGENT_0.RADIUS"},
    {"habitat.simulator.agents.main_agent.sim_sensors", "SENSORS", Kind::kCameras},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.width",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.WIDTH"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.height",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.HEIGHT"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.hfov",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.HFOV"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.position",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.POSITION"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.orientation",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.ORIENTATION"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.NOISE_MODEL"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.intensity_constant",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.NOISE_MODEL_KWARGS.intensity_constant"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.mean",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.NOISE_MODEL_KWARGS.mean"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.sigma",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.NOISE_MODEL_KWARGS.sigma"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.s_vs_p",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.NOISE_MODEL_KWARGS.s_vs_p"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.noise_model_kwargs.amount",
     "TASK_CONFIG.SIMULATOR.RGB_SENSOR.NOISE_MODEL_KWARGS.amount"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.width",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.height",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HEIGHT"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.hfov",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HFOV"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.position",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.POSITION"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.orientation",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.ORIENTATION"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.min_depth",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.MIN_DEPTH"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.max_depth",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.MAX_DEPTH"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.normalize_depth",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.NORMALIZE_DEPTH"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.noise_model",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.NOISE_MODEL"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.noise_model_kwargs.noise_multiplier",
     "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.NOISE_MODEL_KWARGS.noise_multiplier"},
    {"habitat_baselines.num_environments", "NUM_PROCESSES"},
    {"habitat_baselines.num_updates", "NUM_UPDATES"},
    {"habitat_baselines.log_interval", "LOG_INTERVAL"},
    {"habitat_baselines.log_file", "LOG_FILE"},
    {"habitat_baselines.checkpoint_interval", "CHECKPOINT_INTERVAL"},
    {"habitat_baselines.checkpoint_folder", "CHECKPOINT_FOLDER"},
    {"habitat_baselines.tensorboard_dir", "TENSORBOARD_DIR"},
    {"habitat_baselines.video_dir", "VIDEO_DIR"},
    {"habitat_baselines.eval_ckpt_path_dir", "EVAL_CKPT_PATH_DIR"},
    {"habitat_baselines.test_episode_count", "EVAL.EPISODES", Kind::kAllIsMinusOne},
    {"habitat_baselines.eval.split", "EVAL.SPLIT"},
    {"habitat_baselines.eval.use_ckpt_config", "EVAL.USE_CKPT_CONFIG"},
    {"habitat_baselines.eval.video_option", "VIDEO_OPTION"},
    {"habitat_baselines.rl.ppo.clip_param", "RL.PPO.clip_param"},
    {"habitat_baselines.rl.ppo.ppo_epoch", "RL.PPO.ppo_epoch"},
    {"habitat_baselines.rl.ppo.num_mini_batch", "RL.PPO.num_mini_batch"},
    {"habitat_baselines.rl.ppo.value_loss_coef", "RL.PPO.value_loss_coef"},
    {"habitat_baselines.rl.ppo.entropy_coef", "RL.PPO.entropy_coef"},
    {"habitat_baselines.rl.ppo.lr", "RL.PPO.lr"},
    {"habitat_baselines.rl.ppo.eps", "RL.PPO.eps"},
    {"habitat_baselines.rl.ppo.max_grad_norm", "RL.PPO.max_grad_norm"},
    {"habitat_baselines.rl.ppo.num_steps", "RL.PPO.num_steps"},
    {"habitat_baselines.rl.ppo.hidden_size", "RL.PPO.hidden_size"},
    {"habitat_baselines.rl.ppo.use_gae", "RL.PPO.use_gae"},
    {"habitat_baselines.rl.ppo.use_linear_lr_decay", "RL.PPO.use_linear_lr_decay"},
    {"habitat_baselines.rl.ppo.use_double_buffered_sampler", "RL.PPO.use_double_buffered_sampler"},
    {"habitat_baselines.rl.ppo.use_linear_clip_decay", "RL.PPO.use_linear_clip_decay"},
    {"habitat_baselines.rl.ppo.gamma", "RL.PPO.gamma"},
    {"habitat_baselines.rl.ppo.tau", "RL.PPO.tau"},
    {"habitat_baselines.rl.ppo.reward_window_size", "RL.PPO.reward_window_size"},
    {"habitat_baselines.rl.ppo.use_normalized_advantage", "RL.PPO.normalize_advantage"},
    {"habitat_baselines.rl.ppo.use_clipped_value_loss", "RL.PPO.use_clipped_value_loss"},
    {"habitat_baselines.rl.ddppo.sync_frac", "RL.PPO.sync_frac"},
    {"habitat_baselines.rl.ddppo.rnn_type", "RL.PPO.rnn_type"},
    {"habitat_baselines.rl.ddppo.backbone", "MODEL.BACKBONE"},
};

struct Without {
  std::string_view hydra;  // and all below it
  std::string_view reason;
};
constexpr Without kWithout[] = {
    {"habitat.environment.max_episode_seconds", "time is counted in steps, so that runs can be repeated"},
    {"habitat.environment.iterator_options.cycle", "training goes round, evaluation runs each episode once"},
    {"habitat.task.measurements.top_down_map.map_padding", "the map is shown whole"},
    {"habitat.task.measurements.top_down_map.max_episode_steps",
     "the way takes its colours over TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_STEPS"},
    {"habitat.task.goal_sensor_uuid", "TASK_CONFIG.TASK.TYPE says where to go"},
    {"habitat.simulator.type", "there is one simulator here"},
    {"habitat.simulator.agents.main_agent.max_climb", "bodies climb 0.2 m, Habitat's default"},
    {"habitat.simulator.agents.main_agent.max_slope", "bodies climb 45 degrees, Habitat's default"},
    {"habitat.simulator.agents.main_agent.sim_sensors.rgb_sensor.sensor_subtype",
     "cameras are pinhole cameras, Habitat's default"},
    {"habitat.simulator.agents.main_agent.sim_sensors.depth_sensor.sensor_subtype",
     "cameras are pinhole cameras, Habitat's default"},
    {"habitat.simulator.scene", "scenes come from the dataset"},
    {"habitat.simulator.scene_dataset", "scenes come from the dataset"},
    {"habitat.simulator.habitat_sim_v0.gpu_device_id", "devices are chosen by GPU_IDS and NUM_GPUS"},
    {"habitat.simulator.habitat_sim_v0", "bodies are moved on the navmesh, without dynamics"},
    {"habitat.gym", "environments are arrays here, without Gym"},
    {"habitat_baselines.total_num_steps",
     "NUM_UPDATES says how long: total steps / (NUM_PROCESSES * RL.PPO.num_steps)"},
    {"habitat_baselines.num_checkpoints", "CHECKPOINT_INTERVAL says when"},
    {"habitat_baselines.trainer_name", "there is one trainer here; --num-gpus says how many ranks it has"},
    {"habitat_baselines.torch_gpu_id", "devices are chosen by GPU_IDS and NUM_GPUS"},
    {"habitat_baselines.force_blind_policy", "EXTRA_RGB and EXTRA_DEPTH say what the policy sees"},
    {"habitat_baselines.load_resume_state_config",
     "--resume-from FILE resumes, with the given configuration"},
    {"habitat_baselines.vector_env_factory", "environments are arrays here, without worker processes"},
    {"habitat_baselines.rl.policy", "the network is under MODEL"},
    {"habitat_baselines.rl.ddppo.num_recurrent_layers", "the recurrent core has one layer"},
    {"habitat_baselines.rl.ddppo.distrib_backend", "chosen by the machine: NCCL on GPUs, else Gloo"},
    {"habitat_baselines.rl.ddppo", "weights to begin with are given by --resume-from"},
    {"habitat_baselines.rl.preemption", "a run saves itself at SIGTERM and SIGUSR1"},
};

base::Error usage(std::string message) { return {base::ErrorCode::kUsage, std::move(message)}; }

bool is_below(std::string_view key, std::string_view section) {
  return key.size() > section.size() && key.starts_with(section) && key[section.size()] == '.';
}

/// The key or section with the same parent whose name is nearest; else the nearest of all keys; "" for none.
std::string nearest_key(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  const std::string parent = key.substr(0, dot == std::string::npos ? 0 : dot + 1),
                    name = key.substr(parent.size());
  std::vector<std::string> siblings, all;
  for (const HydraKey& row : kKeys) {
    all.emplace_back(row.hydra);
    if (!parent.empty() && row.hydra.starts_with(parent)) {
      const std::string_view rest = row.hydra.substr(parent.size());
      siblings.emplace_back(rest.substr(0, rest.find('.')));
    }
  }
  const std::string sibling =
      base::nearest_word(name, siblings, std::max<int>(2, static_cast<int>(name.size()) / 3));
  if (!sibling.empty()) return parent + sibling;
  constexpr std::size_t kCompared = 64;  // bytes: base::nearest_word sees no more
  return key.size() <= kCompared ? base::nearest_word(key, all, 6) : std::string();
}

std::string remedy_of(const std::string& key) {
  for (const Without& row : kWithout) {
    if (key == row.hydra || is_below(key, row.hydra))
      return key + " has no counterpart here: " + std::string(row.reason);
  }
  const std::string nearest = nearest_key(key);
  return key + " has no counterpart here" +
         (nearest.empty() ? "; docs/coming-from-habitat.md lists the keys that have one"
                          : "; did you mean " + nearest + "?");
}

/// A scalar of our own making, at the place of what it stands for.
YamlNode scalar(std::string text, const YamlNode& at) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.line = at.line;
  node.column = at.column;
  node.text = std::move(text);
  return node;
}

class Translator {
 public:
  Translator(YamlNode& root, const std::string& place) : root_(root), place_(place) {}

  base::Status section(const std::string& path, const YamlNode::Entry& entry) {
    const HydraKey* row = find(path);
    if (row != nullptr && row->kind != Kind::kNames && row->kind != Kind::kCameras)
      return put(*row, entry, value_of(*row, entry.value));
    if (row != nullptr) INKNAV_RETURN_IF_ERROR(put_names(*row, path, entry));
    if (is_one_of_a_kind(path)) return base::ok_status();
    const bool inner =
        row != nullptr || std::any_of(std::begin(kKeys), std::end(kKeys),
                                      [&](const HydraKey& k) { return is_below(k.hydra, path); });
    const bool is_map = entry.value.kind == YamlNode::Kind::kMap;
    const bool is_item = is_listed_item(path);
    if (!is_map && (row != nullptr || (is_item && entry.value.kind == YamlNode::Kind::kNull)))
      return base::ok_status();
    if (!is_map || !(inner || is_item)) return error(entry, remedy_of(path));
    for (const YamlNode::Entry& child : entry.value.entries)
      INKNAV_RETURN_IF_ERROR(section(path + "." + child.key, child));
    return base::ok_status();
  }

  base::Error error(const YamlNode::Entry& entry, const std::string& text) const {
    std::string message = place_;
    if (entry.line > 0) {
      message += ':';
      message += std::to_string(entry.line);
      message += ':';
      message += std::to_string(entry.column);
    }
    message += ": ";
    message += text;
    return usage(std::move(message));
  }

 private:
  static const HydraKey* find(std::string_view path) {
    const auto* found = std::find_if(std::begin(kKeys), std::end(kKeys),
                                     [&](const HydraKey& row) { return row.hydra == path; });
    return found == std::end(kKeys) ? nullptr : found;
  }
  /// An action, measure or sensor in a section whose keys are a list.
  static bool is_listed_item(const std::string& path) {
    const HydraKey* parent = find(path.substr(0, path.rfind('.')));
    return parent != nullptr && (parent->kind == Kind::kNames || parent->kind == Kind::kCameras);
  }
  /// `type` of such an item names its implementation.
  static bool is_one_of_a_kind(const std::string& path) {
    return path.ends_with(".type") && is_listed_item(path.substr(0, path.rfind('.')));
  }

  /// A list is said by items that are empty or have a `type`; other items only have settings changed, as
  /// measurements.success.success_distance does.
  static bool declares_names(const YamlNode& section) {
    return std::any_of(section.entries.begin(), section.entries.end(), [](const YamlNode::Entry& item) {
      return item.value.kind == YamlNode::Kind::kNull || item.value.find("type") != nullptr ||
             (item.value.kind == YamlNode::Kind::kMap && item.value.entries.empty());
    });
  }

  static YamlNode value_of(const HydraKey& row, const YamlNode& value) {
    if (row.kind == Kind::kAllIsMinusOne && value.kind == YamlNode::Kind::kScalar && value.text == "-1")
      return scalar("0", value);
    return value;
  }

  static bool is_same(const YamlNode& a, const YamlNode& b) {
    return a.kind == YamlNode::Kind::kScalar && b.kind == YamlNode::Kind::kScalar && a.text == b.text;
  }

  base::Status put_names(const HydraKey& row, const std::string& path, const YamlNode::Entry& entry) {
    YamlNode list = entry.value;
    if (list.kind == YamlNode::Kind::kMap) {
      list.kind = YamlNode::Kind::kSequence;
      list.entries.clear();
      for (const YamlNode::Entry& item : entry.value.entries)
        list.items.push_back(scalar(item.key, item.value));
      if (!declares_names(entry.value)) return base::ok_status();
    }
    if (list.kind != YamlNode::Kind::kSequence)
      return error(entry, path + " must be a section whose keys are names, or a list [a, b]");
    if (row.kind == Kind::kCameras) {
      const auto has = [&](std::string_view name) {
        return std::any_of(list.items.begin(), list.items.end(),
                           [&](const YamlNode& item) { return item.text.ends_with(name); });
      };
      const bool rgb = has("rgb_sensor"), depth = has("depth_sensor");
      INKNAV_RETURN_IF_ERROR(
          put({row.hydra, "EXTRA_RGB"}, entry, scalar(rgb ? "True" : "False", entry.value)));
      INKNAV_RETURN_IF_ERROR(
          put({row.hydra, "EXTRA_DEPTH"}, entry, scalar(depth ? "True" : "False", entry.value)));
    }
    return put(row, entry, std::move(list));
  }

  base::Status put(const HydraKey& row, const YamlNode::Entry& at, YamlNode value) {
    YamlNode* node = &root_;
    std::string_view rest = row.ours;
    for (;;) {
      const std::size_t dot = rest.find('.');
      const std::string part(rest.substr(0, dot));
      node->kind = YamlNode::Kind::kMap;
      auto found = std::find_if(node->entries.begin(), node->entries.end(),
                                [&](const YamlNode::Entry& entry) { return entry.key == part; });
      const bool is_new = found == node->entries.end();
      if (is_new) {
        node->entries.push_back({part, at.line, at.column, {}});
        found = node->entries.end() - 1;
      }
      if (dot == std::string_view::npos) {
        if (!is_new && row.kind == Kind::kShared) {
          if (is_same(found->value, value)) return base::ok_status();
          return error(at, std::string(row.hydra) + " = " + value.text + ", but " + std::string(row.ours) +
                               ", which is the same here, is " + found->value.text +
                               " already; give both one value");
        }
        if (!is_new) {
          return error(at, std::string(row.hydra) + " and " + std::string(row.ours) +
                               " are the same key and both are set; remove one");
        }
        found->value = std::move(value);
        return base::ok_status();
      }
      node = &found->value;
      rest = rest.substr(dot + 1);
    }
  }

  YamlNode& root_;
  const std::string& place_;
};

}  // namespace

std::span<const HydraKey> hydra_keys() { return kKeys; }

bool is_hydra_override(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = word.substr(0, equals);
  return key.starts_with("habitat.") || key.starts_with("habitat_baselines.") || key.starts_with("+") ||
         key.starts_with("~");
}

base::Status translate_hydra(YamlNode& root, const std::string& place) {
  if (root.kind != YamlNode::Kind::kMap) return base::ok_status();
  std::vector<YamlNode::Entry> theirs;
  for (auto entry = root.entries.begin(); entry != root.entries.end();) {
    if (entry->key == "defaults") {
      return Translator(root, place)
          .error(*entry,
                 "defaults: composes files by Hydra, which is not done here; take the list out and name the "
                 "files in their order, --exp-config configs/habitat/pointnav_gibson.yaml,yours.yaml");
    }
    if (entry->key == "habitat" || entry->key == "habitat_baselines") {
      theirs.push_back(std::move(*entry));
      entry = root.entries.erase(entry);
    } else {
      ++entry;
    }
  }
  Translator translator(root, place);
  for (const YamlNode::Entry& entry : theirs) INKNAV_RETURN_IF_ERROR(translator.section(entry.key, entry));
  return base::ok_status();
}

base::Status check_composition(std::string_view text, const std::string& place) {
  int line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view row = text.substr(begin, end - begin);
    begin = end + 1;
    if (row.empty() || row.front() != '#') continue;
    row.remove_prefix(std::min(row.find_first_not_of("# \t"), row.size()));
    if (!row.starts_with("@package")) continue;
    return usage(place + ":" + std::to_string(line + 1) +
                 ":1: # @package moves a file's keys by Hydra, which is not done here; take the line out and "
                 "write the keys where they belong, below habitat: or habitat_baselines:");
  }
  return base::ok_status();
}

}  // namespace inknav::config
