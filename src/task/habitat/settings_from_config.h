// SPDX-License-Identifier: MIT
#pragma once
// Configuration -> settings of Habitat's tasks; task/env_from_config.h asks for them when TASK.TYPE is one of
// them. Pure.

#include "config/experiment.h"
#include "task/habitat/task_settings.h"

namespace inknav::task::habitat {

/// `config` must have passed its checks: all names are known.
HabitatTaskSettings task_settings(const config::ExperimentConfig& config);

/// Of the action velocity_control.
sim::VelocitySettings velocity_settings(const config::VelocityControlConfig& config);

}  // namespace inknav::task::habitat
