// SPDX-License-Identifier: MIT
#include "app/train_command.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "app/eval_command.h"
#include "learn/training_run.h"
#include "run/checkpoint_store.h"
#include "run/launch.h"
#include "run/run_directory.h"
#include "run/torch_weights.h"
#include "task/env_from_config.h"

namespace inknav::app {

Action define_train(CLI::App& app) {
  auto options = std::make_shared<ExperimentOptions>();
  add_experiment_options(app, *options, /*run_type=*/true);
  return [options, &app]() -> base::Result<int> {
    INKNAV_RETURN_IF_ERROR(take_overrides(app, *options));
    return options->evaluate ? run_eval(*options) : run_train(*options);
  };
}

namespace {

/// USE_EXPERT_ACTIONS is of eval: a policy that is trained on actions it did not choose learns nothing.
base::Status refuse_expert(const config::LoadedConfig& loaded) {
  if (!loaded.config.use_expert_actions) return base::ok_status();
  const auto origin = loaded.origins.find("USE_EXPERT_ACTIONS");
  return base::Error{
      base::ErrorCode::kUsage,
      (origin == loaded.origins.end() ? std::string("built-in default") : origin->second) +
          ": USE_EXPERT_ACTIONS = True belongs to inknav eval, where it shows the upper bound; to "
          "let the expert act in a part of the rollouts set RL.PPO.expert_mix_start"};
}

/// What would otherwise only be found out after minutes of loading scenes.
base::Status check_early(const ExperimentOptions& options, const PreparedExperiment& prepared) {
  const config::ExperimentConfig& config = prepared.loaded.config;
  INKNAV_RETURN_IF_ERROR(config::check_trainable(config));
  INKNAV_RETURN_IF_ERROR(task::check_lists(config, config.task_config.dataset.split));
  if (options.resume_from) {
    const std::filesystem::path checkpoint(*options.resume_from);
    std::error_code ignored;
    if (!std::filesystem::exists(checkpoint, ignored)) {
      return base::Error{base::ErrorCode::kUsage, "command line: --resume-from " + *options.resume_from +
                                                      " is not there; checkpoints are in <model-dir>/data/"};
    }
    if (std::filesystem::is_directory(checkpoint, ignored)) {
      const auto newest = run::newest_checkpoint(checkpoint);
      return base::Error{base::ErrorCode::kUsage,
                         "command line: --resume-from " + *options.resume_from +
                             " is a folder; name a checkpoint" +
                             (newest ? ", the newest in it is " + newest->string() : " in it, it has none")};
    }
    // Weights from elsewhere begin a new run, which needs a folder of its own.
    if (!run::is_torch_name(checkpoint)) return base::ok_status();
  }
  // Other ranks find what rank 0 has begun to write.
  INKNAV_ASSIGN_OR_RETURN(const std::optional<run::RankInfo> rank, run::rank_from_environment());
  if (rank && rank->world_size > 1) return base::ok_status();
  return run::RunDirectory::check(
      prepared.model_dir, options.overwrite ? run::ExistingRun::kOverwrite : run::ExistingRun::kRefuse);
}

}  // namespace

base::Result<int> run_train(const ExperimentOptions& options) {
  if (options.print_config) return print_config(options);
  INKNAV_ASSIGN_OR_RETURN(const PreparedExperiment prepared, prepare_experiment(options));
  INKNAV_RETURN_IF_ERROR(refuse_expert(prepared.loaded));
  INKNAV_RETURN_IF_ERROR(check_early(options, prepared));
  return learn::run_training(training_request(options, prepared));
}

}  // namespace inknav::app
