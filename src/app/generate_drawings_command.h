// SPDX-License-Identifier: MIT
#pragma once
// inknav generate drawings: drawings for a list of episodes that has none (task/drawing_generation.h).

#include "app/command.h"

namespace inknav::app {

Action define_generate_drawings(CLI::App& app);

}  // namespace inknav::app
