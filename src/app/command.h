// SPDX-License-Identifier: MIT
#pragma once
// A sub-command of inknav. Each lives in <name>_command.{h,cc}, wiring only: it adds its options to the CLI11
// sub-command and returns what is to be done once the line was read. Registration is one row of the table in
// commands.cc; a row without `define` is a command that this version does not have.
//
//   Action define_doctor(CLI::App& app) {
//     auto options = std::make_shared<DoctorOptions>();
//     app.add_flag("--json", options->json, "machine-readable");
//     return [options] { return run_doctor(*options); };
//   }

#include <functional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace CLI {
class App;
}

namespace inknav::app {

/// Returns the exit code, or an error that main prints on one line (its code is the exit code).
using Action = std::function<base::Result<int>()>;
using Define = Action (*)(CLI::App& app);

struct Command {
  std::string_view path;     // "train", "generate homes"
  std::string_view summary;  // one line
  Define define = nullptr;   // nullptr: not in this version
};

/// All commands, in the order of the help.
std::span<const Command> commands();

}  // namespace inknav::app
