// SPDX-License-Identifier: MIT
#pragma once
// inknav generate demos: expert demonstrations for imitation (task/demonstration_generation.h).

#include "app/command.h"

namespace inknav::app {

Action define_generate_demos(CLI::App& app);

}  // namespace inknav::app
