// SPDX-License-Identifier: MIT
#pragma once
// Experiment files + overrides -> ExperimentConfig, and back to YAML.
//
// Precedence, low to high: built-in defaults, experiment files left to right, the task file that
// BASE_TASK_CONFIG_PATH names (fills TASK_CONFIG), paths derived from the model directory, overrides.
// A file is data of a stranger: at most 1 MiB, depth 32, 10,000 nodes, no anchors, aliases or tags, no key
// twice; an override value at most 4 KiB. Keys are strict: an unknown key is an error with the nearest known
// name; keys of the lineage without a meaning here are accepted and named once in `notices`.
// Files and overrides may use the keys of Habitat-Lab's Hydra files as well (config/hydra.h).
// Errors are kUsage in the form "<file>:<line>:<column>: <key> ...; <what to do>".

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/experiment.h"

namespace inknav::config {

struct LoadRequest {
  std::vector<std::filesystem::path> files{};  // later files win
  std::filesystem::path model_dir{};           // "": no paths are derived
  /// KEY VALUE KEY VALUE ..., values in YAML syntax; between the pairs, Hydra's habitat.a.b=value.
  std::vector<std::string> overrides{};
};

struct LoadedConfig {
  ExperimentConfig config;
  std::vector<std::string> notices;            // one line each, for the log
  std::map<std::string, std::string> origins;  // dotted key -> "file:line:column" or "command line"
};

base::Result<LoadedConfig> load_experiment(const LoadRequest& request);
/// Of one file whose text is at hand, as of the configuration inside a checkpoint; `name` is what errors call
/// it.
base::Result<LoadedConfig> load_experiment_text(const std::string& text, const std::string& name);

/// "A,B" -> {A, B}; an empty part is an error.
base::Result<std::vector<std::filesystem::path>> split_config_list(std::string_view list);

/// The whole config as YAML that load_experiment reads back to the same values. With comments: each key's
/// meaning and, where it is not the default, the default.
std::string to_yaml(const ExperimentConfig& config, bool comments);

/// Settings that shape the result (not paths, intervals, devices and the like) and differ, in printing order:
/// "RL.PPO.lr = 0.001, was 0.0007".
std::vector<std::string> changed_settings(const ExperimentConfig& before, const ExperimentConfig& now);

/// Whether num_mini_batch divides `environments` of a rank; error kUsage that lists the divisors.
base::Status check_mini_batches(const LoadedConfig& loaded, int environments);

/// Whether there is a network that reads what tells an agent of TASK.TYPE where to go; kUsage, for training.
base::Status check_trainable(const ExperimentConfig& config);

/// Learning rate for `world_size` ranks by RL.LR_SCALING.
double scaled_learning_rate(double lr, LearningRateScaling scaling, int world_size);

}  // namespace inknav::config
