// SPDX-License-Identifier: MIT
#include "config/load.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "config/hydra.h"
#include "config/listing.h"
#include "config/reader.h"
#include "config/yaml_tree.h"

namespace inknav::config {
namespace {

constexpr std::size_t kMaxOverrideBytes = 4096;
constexpr const char* kCommandLine = "command line";
constexpr std::string_view kTaskFileKey = "BASE_TASK_CONFIG_PATH";

base::Error usage(std::string message) { return {base::ErrorCode::kUsage, std::move(message)}; }

/// Collects what the passes over files and overrides leave behind.
struct Loader {
  LoadedConfig loaded;
  std::map<std::string, std::string> ignored;

  base::Status finish(const TreeReader& reader) {
    if (!reader.errors().empty()) {
      std::vector<Finding> findings = reader.errors();
      std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
        return a.line != b.line ? a.line < b.line : a.column < b.column;
      });
      const Finding& first = findings.front();
      std::string message = reader.place(first.line, first.column) + ": " + first.text;
      if (findings.size() > 1) {
        message += " (and " + std::to_string(findings.size() - 1) + " more in the same place)";
      }
      return usage(message);
    }
    for (const auto& [key, reason] : reader.ignored()) ignored.emplace(key, reason);
    for (const auto& [key, place] : reader.origins()) loaded.origins[key] = place;
    return base::ok_status();
  }
};

/// With Hydra's keys turned into ours.
base::Result<YamlNode> parse_tree(const std::string& text, const std::string& name) {
  INKNAV_RETURN_IF_ERROR(check_composition(text, name));
  INKNAV_ASSIGN_OR_RETURN(YamlNode tree, parse_yaml(text, name));
  INKNAV_RETURN_IF_ERROR(translate_hydra(tree, name));
  return tree;
}

base::Result<YamlNode> read_tree(const std::filesystem::path& path, std::string_view what) {
  auto text = base::read_text_file(path, YamlLimits{}.bytes);
  if (!text.ok()) {
    std::error_code ignored;
    const bool there = std::filesystem::exists(path, ignored);
    return usage(path.string() + ": " + std::string(what) +
                 (there ? " is not readable (" + text.error().message + ")" : " is not there") +
                 "; check the path (shipped ones are in configs/)");
  }
  return parse_tree(*text, path.string());
}

base::Status read_experiment(Loader& loader, const YamlNode& tree, const std::string& name) {
  TreeReader reader(tree, name, "");
  reader.read(loader.loaded.config);
  return loader.finish(reader);
}

/// Puts `value` at the dotted key into `root`, replacing what is there.
void put(YamlNode& root, std::string_view dotted_key, YamlNode value) {
  root.kind = YamlNode::Kind::kMap;
  const std::size_t dot = dotted_key.find('.');
  const std::string part(dotted_key.substr(0, dot));
  auto found = std::find_if(root.entries.begin(), root.entries.end(),
                            [&](const YamlNode::Entry& entry) { return entry.key == part; });
  if (found == root.entries.end()) {
    root.entries.push_back({part, 0, 0, {}});
    found = root.entries.end() - 1;
  }
  if (dot == std::string_view::npos) {
    found->value = std::move(value);
  } else {
    put(found->value, dotted_key.substr(dot + 1), std::move(value));
  }
}

void drop_positions(YamlNode& node) {
  node.line = node.column = 0;
  for (YamlNode& item : node.items) drop_positions(item);
  for (YamlNode::Entry& entry : node.entries) {
    entry.line = entry.column = 0;
    drop_positions(entry.value);
  }
}

struct Override {
  std::string key, value;
};

/// KEY VALUE pairs and, of Hydra's keys, KEY=VALUE.
base::Result<std::vector<Override>> pairs_of(const std::vector<std::string>& words) {
  std::vector<Override> pairs;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_hydra_override(words[i])) {
      const std::size_t equals = words[i].find('=');
      pairs.push_back({words[i].substr(0, equals), words[i].substr(equals + 1)});
    } else if (i + 1 == words.size()) {
      return usage("command line: KEY VALUE pairs were wanted after the flags, found " + words.back() +
                   " without a value; write for example: RL.PPO.lr 1e-3 NUM_UPDATES 500");
    } else {
      pairs.push_back({words[i], words[i + 1]});
      ++i;
    }
  }
  return pairs;
}

base::Result<YamlNode> override_tree(const std::vector<std::string>& overrides) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<Override> pairs, pairs_of(overrides));
  YamlNode root;
  for (const auto& [key, value] : pairs) {
    if (key.size() > kMaxOverrideBytes || value.size() > kMaxOverrideBytes) {
      return usage("command line: an override of at most 4096 bytes is read, " + key.substr(0, 60) +
                   " has more");
    }
    if (key.starts_with("+") || key.starts_with("~")) {
      return usage("command line: " + key.substr(0, 60) +
                   ": Hydra's + and ~ add and remove parts of a composition, which is not done here; write "
                   "the key alone, or a whole list as habitat.task.measurements=[a, b]");
    }
    const bool well_formed = !key.empty() && key.front() != '.' && key.back() != '.' &&
                             key.find("..") == std::string::npos &&
                             key.find_first_of(" \t\n:") == std::string::npos;
    if (!well_formed) {
      return usage("command line: a key like RL.PPO.lr was wanted, found \"" + key.substr(0, 60) +
                   "\"; overrides are KEY VALUE pairs after the flags");
    }
    INKNAV_ASSIGN_OR_RETURN(YamlNode node, parse_yaml(value, "command line: value of " + key));
    drop_positions(node);
    put(root, key, std::move(node));
  }
  INKNAV_RETURN_IF_ERROR(translate_hydra(root, kCommandLine));
  return root;
}

base::Status apply_overrides(Loader& loader, const YamlNode& tree) {
  TreeReader reader(tree, kCommandLine, "");
  reader.read(loader.loaded.config);
  return loader.finish(reader);
}

/// As given, else beside the file that names it, else beside that file's folder (configs/x.yaml names
/// configs/base.yaml).
std::filesystem::path find_task_file(const std::string& name, const std::string& origin) {
  const std::filesystem::path path(name);
  std::error_code ignored;
  if (path.is_absolute() || std::filesystem::exists(path, ignored)) return path;
  const std::size_t column = origin.rfind(':');
  const std::size_t line = column == std::string::npos ? column : origin.rfind(':', column - 1);
  if (line == std::string::npos) return path;
  const std::filesystem::path folder = std::filesystem::path(origin.substr(0, line)).parent_path();
  for (const std::filesystem::path& root : {folder, folder / ".."}) {
    if (std::filesystem::exists(root / path, ignored)) return (root / path).lexically_normal();
  }
  return path;
}

/// The task file wins over TASK_CONFIG of an experiment file, which is easily overlooked: it is said.
void note_replaced(Loader& loader, const std::map<std::string, std::string>& origins,
                   const std::vector<ListedKey>& before) {
  const std::vector<ListedKey> after = list_keys(loader.loaded.config);
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto origin = origins.find(after[i].path);
    if (origin == origins.end() || origin->second == kCommandLine || before[i].value == after[i].value)
      continue;
    loader.loaded.notices.push_back(origin->second + ": " + after[i].path + " = " + before[i].value +
                                    " is replaced by " + after[i].value + " of the task file (" +
                                    loader.loaded.origins.at(after[i].path) +
                                    "); change it there or on the command line");
  }
}

base::Status apply_task_file(Loader& loader) {
  ExperimentConfig& config = loader.loaded.config;
  if (config.base_task_config_path.empty()) return base::ok_status();
  const auto origin = loader.loaded.origins.find(std::string(kTaskFileKey));
  const bool named = origin != loader.loaded.origins.end();
  const std::filesystem::path path =
      find_task_file(config.base_task_config_path, named ? origin->second : std::string());
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    // Without a file the built-in defaults stand, which are those of the shipped one.
    if (!named) return base::ok_status();
    return usage(origin->second + ": BASE_TASK_CONFIG_PATH = " + config.base_task_config_path +
                 " is not there; the shipped one is configs/hwnav_base.yaml");
  }
  INKNAV_ASSIGN_OR_RETURN(const YamlNode tree, read_tree(path, "the task file"));
  const std::map<std::string, std::string> origins = loader.loaded.origins;
  const std::vector<ListedKey> before = list_keys(config);
  TreeReader reader(tree, path.string(), "TASK_CONFIG");
  reader.read(config.task_config);
  INKNAV_RETURN_IF_ERROR(loader.finish(reader));
  note_replaced(loader, origins, before);
  return base::ok_status();
}

void derive_paths(ExperimentConfig& config, const std::filesystem::path& model_dir) {
  if (model_dir.empty()) return;
  config.tensorboard_dir = (model_dir / "tb").string();
  config.checkpoint_folder = (model_dir / "data").string();
  config.eval_ckpt_path_dir = (model_dir / "data").string();
  config.video_dir = (model_dir / "video_dir").string();
  config.log_file = (model_dir / "train.log").string();
}

std::string origin_of(const LoadedConfig& loaded, const std::string& key) {
  const auto found = loaded.origins.find(key);
  return found == loaded.origins.end() ? "built-in default" : found->second;
}

base::Status check_problems(const LoadedConfig& loaded) {
  const Problems problems = all_problems(loaded.config);
  if (problems.empty()) return base::ok_status();
  std::string message =
      origin_of(loaded, problems.front().key) + ": " + problems.front().key + " " + problems.front().text;
  if (problems.size() > 1) message += " (and " + std::to_string(problems.size() - 1) + " more)";
  return usage(message);
}

/// What follows when the files are read.
base::Result<LoadedConfig> complete(Loader loader, const LoadRequest& request) {
  INKNAV_ASSIGN_OR_RETURN(const YamlNode overrides, override_tree(request.overrides));
  // Once to learn whether the command line names another task file, once more because it wins over that file.
  INKNAV_RETURN_IF_ERROR(apply_overrides(loader, overrides));
  INKNAV_RETURN_IF_ERROR(apply_task_file(loader));
  derive_paths(loader.loaded.config, request.model_dir);
  INKNAV_RETURN_IF_ERROR(apply_overrides(loader, overrides));
  INKNAV_RETURN_IF_ERROR(check_problems(loader.loaded));
  loader.loaded.config.base_task_config_path.clear();
  for (const Problem& note : without_effect(loader.loaded.config)) {
    loader.loaded.notices.push_back(origin_of(loader.loaded, note.key) + ": " + note.key + " " + note.text);
  }
  for (const auto& [key, reason] : loader.ignored) {
    loader.loaded.notices.push_back(key + " is ignored: " + reason);
  }
  return std::move(loader.loaded);
}

}  // namespace

base::Result<LoadedConfig> load_experiment(const LoadRequest& request) {
  Loader loader;
  for (const std::filesystem::path& file : request.files) {
    INKNAV_ASSIGN_OR_RETURN(const YamlNode tree, read_tree(file, "the experiment file"));
    INKNAV_RETURN_IF_ERROR(read_experiment(loader, tree, file.string()));
  }
  return complete(std::move(loader), request);
}

base::Result<LoadedConfig> load_experiment_text(const std::string& text, const std::string& name) {
  Loader loader;
  INKNAV_ASSIGN_OR_RETURN(const YamlNode tree, parse_tree(text, name));
  INKNAV_RETURN_IF_ERROR(read_experiment(loader, tree, name));
  return complete(std::move(loader), {});
}

base::Result<std::vector<std::filesystem::path>> split_config_list(std::string_view list) {
  std::vector<std::filesystem::path> files;
  for (std::size_t begin = 0;;) {
    const std::size_t comma = list.find(',', begin);
    const std::string_view part = list.substr(begin, comma == std::string_view::npos ? comma : comma - begin);
    if (part.empty()) {
      return usage("command line: --exp-config A[,B...] was wanted, found \"" + std::string(list) +
                   "\" with an empty name; remove the comma");
    }
    files.emplace_back(part);
    if (comma == std::string_view::npos) return files;
    begin = comma + 1;
  }
}

base::Status check_mini_batches(const LoadedConfig& loaded, int environments) {
  const int batches = loaded.config.rl.ppo.num_mini_batch;
  if (environments >= 1 && environments % batches == 0) return base::ok_status();
  std::vector<int> divisors;
  for (int i = 1; i <= environments; ++i) {
    if (environments % i == 0) divisors.push_back(i);
  }
  std::string list;
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    if (i > 0) list += i + 1 == divisors.size() ? " or " : ", ";
    list += std::to_string(divisors[i]);
  }
  return usage(origin_of(loaded, "RL.PPO.num_mini_batch") + ": RL.PPO.num_mini_batch = " +
               std::to_string(batches) + " does not divide " + std::to_string(environments) +
               (environments == 1 ? " environment; use " : " environments; use ") + list);
}

base::Status check_trainable(const ExperimentConfig& config) {
  if (config.reads_drawing() || !config.goal_field().empty()) return base::ok_status();
  return usage(
      "TASK_CONFIG.TASK.TYPE = " + config.task_config.task.type +
      ": no network here reads its goal (a picture or an instruction), so it cannot be trained; inknav "
      "eval with USE_EXPERT_ACTIONS True walks it by the follower, and Nav-v0 and ObjectNav-v1 can be "
      "trained");
}

double scaled_learning_rate(double lr, LearningRateScaling scaling, int world_size) {
  switch (scaling) {
    case LearningRateScaling::kNone:
      return lr;
    case LearningRateScaling::kSqrt:
      return lr * std::sqrt(static_cast<double>(world_size));
    case LearningRateScaling::kLinear:
      return lr * world_size;
  }
  return lr;
}

}  // namespace inknav::config
