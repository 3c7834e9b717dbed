// SPDX-License-Identifier: MIT
#include "app/train_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "app/command_line.h"
#include "learn/training_run.h"

namespace inknav::app {

Action define_train(CLI::App& app) {
  auto options = std::make_shared<ExperimentOptions>();
  add_experiment_options(app, *options, /*run_type=*/true);
  return [options, &app]() -> base::Result<int> {
    INKNAV_RETURN_IF_ERROR(take_overrides(app, *options));
    return run_train(*options);
  };
}

namespace {

base::Status refuse_diffusion(const ExperimentOptions& options) {
  INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, load_config(options));
  if (!loaded.config.use_diffusion_policy) return base::ok_status();
  const auto origin = loaded.origins.find("USE_DIFFUSION_POLICY");
  return base::Error{
      base::ErrorCode::kUsage,
      (origin == loaded.origins.end() ? std::string("built-in default") : origin->second) +
          ": USE_DIFFUSION_POLICY = True, but the diffusion learner is not in this version; train "
          "PPO with --exp-config configs/train_hwnav.yaml"};
}

}  // namespace

base::Result<int> run_train(const ExperimentOptions& options) {
  if (options.print_config) {
    INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, load_config(options));
    std::cout << config::to_yaml(loaded.config, /*comments=*/true) << std::flush;
    return 0;
  }
  INKNAV_RETURN_IF_ERROR(refuse_diffusion(options));
  INKNAV_ASSIGN_OR_RETURN(const PreparedExperiment prepared, prepare_experiment(options));
  learn::TrainingRequest request;
  request.loaded = prepared.loaded;
  request.model_dir = prepared.model_dir;
  request.existing = options.overwrite ? run::ExistingRun::kOverwrite : run::ExistingRun::kRefuse;
  if (options.resume_from) request.resume_from = *options.resume_from;
  request.devices = prepared.devices;
  request.plan = prepared.plan;
  request.arguments = program_arguments();
  return learn::run_training(request);
}

}  // namespace inknav::app
