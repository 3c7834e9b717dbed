// SPDX-License-Identifier: MIT
#pragma once
// Starts the N ranks of a run on this machine: copies of this program with RANK, WORLD_SIZE and so on set
// (run/rank_environment.h). Forwards signals, waits, and ends the others when one dies.
//
// The ranks meet on 127.0.0.1 only, and know a random token, so that no other process can join.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/rank_environment.h"

namespace inknav::run {

struct LaunchRequest {
  int num_ranks = 1;
  std::vector<std::string> arguments;   // argv of ourselves, argv[0] included
  std::filesystem::path program = {};   // what the ranks run; "": ourselves
  std::filesystem::path log_file = {};  // where the first failure is written as well, if it is there
  double grace_s = 30.0;                // between the forwarded stop and SIGKILL: ranks save
  double loss_grace_s = 1.0;            // between a rank's death and SIGKILL: nothing is left to save
};

/// Starts the ranks, waits for all. Returns the exit code of the run: 0, 75 and the like when all ranks
/// agree; the first failing rank's own documented code; kPeer (7) with "rank 1 was ended by signal 9
/// (Killed)" in the log when a rank died or could not be loaded (exit code 127). A rank that ends with 7 has
/// seen another one go, so it is named as the cause only when there is no other. A rank whose program cannot
/// be run is an error kPeer that names program and errno; those before it are ended.
base::Result<int> launch_ranks(const LaunchRequest& request);

/// A free TCP port on loopback.
base::Result<int> free_loopback_port();

}  // namespace inknav::run
