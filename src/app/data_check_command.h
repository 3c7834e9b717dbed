// SPDX-License-Identifier: MIT
#pragma once
// inknav data check: validates a dataset (task/dataset_check.h).

#include "app/command.h"

namespace inknav::app {

Action define_data_check(CLI::App& app);

}  // namespace inknav::app
