// SPDX-License-Identifier: MIT
#pragma once
// inknav train.

#include "app/command.h"
#include "app/experiment_options.h"

namespace inknav::app {

Action define_train(CLI::App& app);
base::Result<int> run_train(const ExperimentOptions& options);

}  // namespace inknav::app
