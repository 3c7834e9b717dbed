// SPDX-License-Identifier: MIT
#pragma once
// inknav doctor: what is there, what will be used, and why.

#include "app/command.h"

namespace inknav::app {

Action define_doctor(CLI::App& app);

}  // namespace inknav::app
