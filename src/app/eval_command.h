// SPDX-License-Identifier: MIT
#pragma once
// inknav eval (and train --run-type eval): one checkpoint, a folder of them, or the best; statistics, report
// and videos through app/evaluation.h.

#include "app/experiment_options.h"

namespace inknav::app {

Action define_eval(CLI::App& app);
base::Result<int> run_eval(const ExperimentOptions& options);

/// What an evaluation runs on. Without EVAL.USE_CKPT_CONFIG that is `wanted`. With it, the network's and the
/// task's settings come from the configuration inside the checkpoint, on which `overrides` (KEY VALUE ... of
/// the command line) are put; what belongs to the evaluation and not to the task (EVAL, the dataset, seed,
/// cache, threads, videos, measurements, renderer) comes from `wanted`. `scratch_dir` takes the checkpoint's
/// configuration as a file.
base::Result<config::ExperimentConfig> evaluation_config(const config::ExperimentConfig& wanted,
                                                         const std::vector<std::string>& overrides,
                                                         const std::filesystem::path& checkpoint,
                                                         const std::filesystem::path& scratch_dir);

}  // namespace inknav::app
