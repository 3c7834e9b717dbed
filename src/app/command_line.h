// SPDX-License-Identifier: MIT
#pragma once
// The command line: argv -> sub-command -> action -> exit code.
// A wrong line is one sentence on stderr and exit code 2; what an action returns as an error is one line on
// stderr and its documented code (DESIGN.md: 0 done, 2 usage, 3 data, 4 diverged, 5 device memory, 6 disk,
// 7 peer lost, 75 preempted). Help goes to stdout, exit code 0.

#include <span>
#include <string>
#include <vector>

#include "app/command.h"

namespace inknav::app {

int run_command_line(const std::vector<std::string>& arguments, std::span<const Command> table);

/// argv of this process, argv[0] first; set by run_command_line, for starting ranks of ourselves.
const std::vector<std::string>& program_arguments();

}  // namespace inknav::app
