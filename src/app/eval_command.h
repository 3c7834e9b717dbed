// SPDX-License-Identifier: MIT
#pragma once
// inknav eval (and train --run-type eval): one checkpoint, a folder of them, or the best; statistics, report
// and videos through app/evaluation.h.

#include "app/experiment_options.h"

namespace inknav::app {

Action define_eval(CLI::App& app);
base::Result<int> run_eval(const ExperimentOptions& options);

/// What an evaluation runs on: EVAL, the dataset, seed, cache and threads of `wanted`; with
/// EVAL.USE_CKPT_CONFIG everything else from the configuration inside the checkpoint. `scratch_dir` takes
/// that configuration as a file.
base::Result<config::ExperimentConfig> evaluation_config(const config::ExperimentConfig& wanted,
                                                         const std::filesystem::path& checkpoint,
                                                         const std::filesystem::path& scratch_dir);

}  // namespace inknav::app
