// SPDX-License-Identifier: MIT
#pragma once
// Configuration -> settings and dataset of the navigation environment: the one place where TASK_CONFIG and RL
// (reward) keys are turned into task and sim settings. Errors: kData (dataset), kUsage (nothing selected).

#include <memory>
#include <string_view>

#include "base/result.h"
#include "config/experiment.h"
#include "task/drawing_synthesis.h"
#include "task/navigation_env.h"
#include "task/replay_env.h"

namespace inknav::task {

/// Which of all environments this process runs.
struct EnvShare {
  int first = 0;
  int count = 1;
  int total = 1;
  int gpu = -1;  // that this process computes on, among the visible devices; -1: the CPU
};

/// What TASK_CONFIG.SIMULATOR.RENDERER means: auto renders where the process computes, auto and egl may be
/// replaced by the CPU, cuda and cpu are what they say.
void choose_backend(config::RendererChoice wanted, bool on_device, sim::SimulatorSettings& simulator);

/// Rank `rank` of `world_size` gets an equal share; earlier ranks get the remainder.
EnvShare share_of_rank(int total, int rank, int world_size);

/// Settings of a training environment; evaluation clears `shuffle` and sets `drawing_mode`.
NavigationEnvSettings env_settings(const config::ExperimentConfig& config, const EnvShare& share);

/// Threads that step this process's environments: one, the caller's, with USE_SYNC_VECENV, else `planned`.
int step_threads(const config::ExperimentConfig& config, int planned);

/// The demonstrations of DIFFUSION_DATA_DIR (A[,B...]), of the training's split, beside the environment of
/// `settings`.
base::Result<std::unique_ptr<ReplayEnv>> load_demonstrations(const config::ExperimentConfig& config,
                                                             const NavigationEnvSettings& settings,
                                                             const Dataset& dataset, base::ThreadPool& pool);

/// Whether every list that load_dataset would read for `split` can be opened; the error is its own. Reads
/// next to nothing, so that a command can ask before it begins anything.
base::Status check_lists(const config::ExperimentConfig& config, std::string_view split);

/// Episodes of TASK_CONFIG.DATASET for `split`, in the format of TYPE, restricted to CONTENT_SCENES; for VLN
/// with the walks of "<file>_gt.json.gz" if that is there.
base::Result<Dataset> load_dataset(const config::ExperimentConfig& config, std::string_view split);

/// What drawings look like that are made where there is none.
DrawingRecipe drawing_recipe(const config::ExperimentConfig& config, std::string_view split);

}  // namespace inknav::task
