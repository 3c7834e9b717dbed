// SPDX-License-Identifier: MIT
#pragma once
// Other processes of this program: a training that still goes on, or one that was left over. Ranks end with
// the process that started them, so whatever is found was started by somebody on purpose.

#include <filesystem>
#include <string>
#include <vector>

namespace inknav::run {

struct OtherRun {
  int pid = 0;
  std::string words;       // its command line without the program
  bool is_orphan = false;  // its parent has gone: started in the background, or left over
};

/// Processes of a program with our file name, but neither `self` nor the processes above it nor those below
/// such a one (its ranks), by number. A script of our name, as the front door while it sets up, is no run.
std::vector<OtherRun> other_runs(const std::filesystem::path& proc = "/proc", int self = 0);

}  // namespace inknav::run
