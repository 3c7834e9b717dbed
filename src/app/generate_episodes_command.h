// SPDX-License-Identifier: MIT
#pragma once
// inknav generate episodes: scenes -> episodes with drawings (task/episode_generation.h). A list that exists
// is kept unless --overwrite is given: kUsage, before anything is made.

#include "app/command.h"

namespace inknav::app {

Action define_generate_episodes(CLI::App& app);

}  // namespace inknav::app
