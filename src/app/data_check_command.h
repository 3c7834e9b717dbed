// SPDX-License-Identifier: MIT
#pragma once
// inknav data check: everything about a data set that can be told before a night is spent on it
// (task/check/folder_check.h, run/weights_check.h). Exit codes: 0 sound, 3 not, 130 stopped by Ctrl-C.

#include "app/command.h"

namespace inknav::app {

Action define_data_check(CLI::App& app);

}  // namespace inknav::app
