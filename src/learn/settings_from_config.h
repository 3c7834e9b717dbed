// SPDX-License-Identifier: MIT
#pragma once
// From the typed configuration to the learner's own settings: the one place where RL.PPO and MODEL keys meet
// the members that obey them.

#include "config/experiment.h"
#include "learn/settings.h"
#include "learn/trainer.h"
#include "task/navigation_env.h"
#include "task/vector_env.h"

namespace inknav::learn {

PolicySettings policy_settings(const config::ExperimentConfig& config, const task::EnvSpec& spec,
                               const task::NavigationEnvSettings& env);
TrainerSettings trainer_settings(const config::ExperimentConfig& config, const task::EnvSpec& spec,
                                 const task::NavigationEnvSettings& env, int world_size);

}  // namespace inknav::learn
