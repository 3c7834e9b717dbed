// SPDX-License-Identifier: MIT
#pragma once
// inknav generate homes: a folder of furnished homes as .glb (scene/home/home_set.h).

#include "app/command.h"

namespace inknav::app {

Action define_generate_homes(CLI::App& app);

}  // namespace inknav::app
