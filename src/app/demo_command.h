// SPDX-License-Identifier: MIT
#pragma once
// inknav demo: from nothing to a report in about ten minutes on two cores: homes, episodes with drawings,
// training, evaluation in unseen homes with unseen drawers. Everything is below one folder.

#include "app/command.h"

namespace inknav::app {

Action define_demo(CLI::App& app);

}  // namespace inknav::app
