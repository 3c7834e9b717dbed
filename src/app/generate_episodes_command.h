// SPDX-License-Identifier: MIT
#pragma once
// inknav generate episodes: scenes -> episodes with drawings (task/episode_generation.h).

#include "app/command.h"

namespace inknav::app {

Action define_generate_episodes(CLI::App& app);

}  // namespace inknav::app
