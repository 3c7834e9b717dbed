// SPDX-License-Identifier: MIT
#pragma once
// Ranks: either this process IS one (torchrun or SLURM set RANK, WORLD_SIZE, ...), or it starts N copies of
// itself with those variables set, forwards signals, waits, and ends the others when one dies.
//
// Ranks that we start meet on 127.0.0.1 only. MASTER_ADDR given from outside is used as it is, with a warning
// when it is not loopback, because the transport has no authorisation.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace inknav::run {

struct RankInfo {
  int rank = 0;
  int local_rank = 0;
  int world_size = 1;
  std::string master_addr = "127.0.0.1";
  int master_port = 0;  // 0: single process, no meeting needed
  bool is_main() const { return rank == 0; }
};

/// The rank that the environment says we are: RANK/WORLD_SIZE/LOCAL_RANK/MASTER_ADDR/MASTER_PORT, or SLURM's
/// SLURM_PROCID/SLURM_NTASKS/SLURM_LOCALID with MASTER_*; nullopt when none says so. kUsage when half set.
/// `lookup` returns a variable's value or nullopt; default: the process environment.
using EnvironmentLookup = std::function<std::optional<std::string>(const char*)>;
base::Result<std::optional<RankInfo>> rank_from_environment(const EnvironmentLookup& lookup = {});

struct LaunchRequest {
  int num_ranks = 1;
  std::vector<std::string> arguments;  // argv of ourselves, argv[0] included
  std::filesystem::path program = {};  // what the ranks run; "": ourselves
  double grace_s = 30.0;               // between the forwarded stop or a peer's death and SIGKILL
};

/// Starts the ranks, waits for all. Returns the exit code of the run: 0, 75 and the like when all ranks
/// agree; the first failing rank's own documented code; kPeer (7) with "rank 1 was ended by signal 9
/// (Killed)" in the log when a rank died or could not be loaded (exit code 127). A rank whose program cannot
/// be run is an error kPeer that names program and errno; those before it are ended.
base::Result<int> launch_ranks(const LaunchRequest& request);

/// A free TCP port on loopback.
base::Result<int> free_loopback_port();

}  // namespace inknav::run
