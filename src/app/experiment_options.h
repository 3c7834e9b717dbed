// SPDX-License-Identifier: MIT
#pragma once
// What train and eval share: the flags of the lineage's train.py, and the way from them to a loaded config,
// devices and ranks. All problems are kUsage.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "base/result.h"
#include "config/load.h"
#include "run/device_choice.h"

namespace inknav::app {

struct ExperimentOptions {
  bool evaluate = false;                 // --run-type eval, or the eval command
  std::string exp_config;                // A[,B...]; "": the shipped one of the run type
  std::optional<std::string> model_dir;  // default runs/<config name>
  std::optional<int> num_gpus;
  std::optional<std::string> gpu_ids;
  std::optional<std::string> resume_from;  // .safetensors, or .pth with weights only
  int eval_interval = 1;
  int prev_ckpt_ind = -1;
  bool eval_best = false;
  bool overwrite = false;
  bool print_config = false;
  std::vector<std::string> overrides;  // trailing KEY VALUE ...
};

/// Adds the flags; `run_type` also adds --run-type (train only). `options` must outlive parsing.
void add_experiment_options(CLI::App& app, ExperimentOptions& options, bool run_type);

/// Call in the action: takes what stood after the flags as overrides; a flag there is an error with a hint.
base::Status take_overrides(const CLI::App& app, ExperimentOptions& options);

struct PreparedExperiment {
  config::LoadedConfig loaded;
  std::filesystem::path model_dir;
  run::DeviceChoice devices;
  run::CpuPlan plan;  // ranks and threads when devices has no GPU
};

/// The model directory: --model-dir or runs/<name of the first config>.
std::filesystem::path model_dir_of(const ExperimentOptions& options);
base::Result<config::LoadedConfig> load_config(const ExperimentOptions& options);
base::Result<PreparedExperiment> prepare_experiment(const ExperimentOptions& options);

}  // namespace inknav::app
