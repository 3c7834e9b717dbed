// SPDX-License-Identifier: MIT
#pragma once
// What train and eval share: the flags of the lineage's train.py, and the way from them to a loaded config,
// devices and ranks; and what train, demo and bench train share: the way from there to a training run. All
// problems are kUsage.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "base/result.h"
#include "config/load.h"
#include "learn/cuda/torch_cuda.h"
#include "learn/training_run.h"
#include "run/device_choice.h"

namespace inknav::app {

struct ExperimentOptions {
  bool evaluate = false;                 // --run-type eval, or the eval command
  std::string exp_config;                // A[,B...]; "": the shipped one of the run type
  std::optional<std::string> model_dir;  // default runs/<config name>
  std::optional<int> num_gpus;
  std::optional<std::string> gpu_ids;
  std::optional<std::string> resume_from;  // .safetensors, or .pth with weights only
  std::optional<int> eval_interval;        // every so many-th checkpoint
  int prev_ckpt_ind = -1;
  bool eval_best = false;
  bool overwrite = false;
  bool print_config = false;
  std::vector<std::string> overrides;  // trailing KEY VALUE ...
  bool operator==(const ExperimentOptions&) const = default;
};

/// Adds the flags; `run_type` also adds --run-type (train only). `options` must outlive parsing.
void add_experiment_options(CLI::App& app, ExperimentOptions& options, bool run_type);

/// Call in the action: takes what stood after the flags as overrides; a flag there is an error with a hint.
base::Status take_overrides(const CLI::App& app, ExperimentOptions& options);

struct PreparedExperiment {
  config::LoadedConfig loaded;
  std::filesystem::path model_dir;
  run::DeviceChoice devices;
  run::CpuPlan plan;  // ranks and threads; one rank a GPU where there are any
};

/// The model directory: --model-dir or runs/<name of the first config>.
std::filesystem::path model_dir_of(const ExperimentOptions& options);
base::Result<config::LoadedConfig> load_config(const ExperimentOptions& options);
/// --print-config: the resolved settings as YAML on stdout; 0.
base::Result<int> print_config(const ExperimentOptions& options);
/// kUsage with the plug-in's sentence where RENDERER asks for CUDA by name and it cannot be used; egl and
/// auto are replaced where they are not there (task::choose_backend).
base::Status check_renderer(const config::LoadedConfig& loaded);

base::Result<PreparedExperiment> prepare_experiment(const ExperimentOptions& options);

/// run::choose_devices, but only what libtorch can compute on here: GPUs that were asked for by name and
/// cannot be used are an error, GPUs that merely are there a clear line, and the run is on the CPU.
/// `prepare` opens a GPU (learn/cuda/torch_cuda.h).
using PrepareGpu = std::function<base::Status(int gpu)>;
base::Result<run::DeviceChoice> choose_usable_devices(const run::DeviceRequest& request,
                                                      const run::GpuList& present,
                                                      const PrepareGpu& prepare = learn::prepare_gpu);

/// A training run of these options, for every command that trains: what to do, and the command line by which
/// its ranks do the same.
learn::TrainingRequest training_request(const ExperimentOptions& options, PreparedExperiment prepared);

/// argv of `inknav train` that says the same as `options`; law: reading it gives `options` back.
std::vector<std::string> train_arguments(const ExperimentOptions& options);

/// KEY VALUE ... by which an experiment finds what `generate episodes --out` wrote into `episodes`, the
/// scenes and a cache.
std::vector<std::string> data_overrides(const std::filesystem::path& episodes,
                                        const std::filesystem::path& scenes,
                                        const std::filesystem::path& cache);

/// A file that comes with InkNav, "configs/demo_ppo.yaml": as it is named from the working directory, else
/// from the clone in which the program was built; the name itself where neither has it.
std::string shipped_file(const std::string& name);

}  // namespace inknav::app
