// SPDX-License-Identifier: MIT
#pragma once
// The rank that the environment says this process is, and where the ranks of its run meet.
//
//   torchrun, inknav   RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT, LOCAL_WORLD_SIZE
//   SLURM (srun)       SLURM_PROCID, SLURM_NTASKS, SLURM_LOCALID; MASTER_ADDR and MASTER_PORT where set, else
//                      the first node of the step and a port from the number of the job
//
// torchrun's agent may listen on MASTER_PORT itself (TORCHELASTIC_USE_AGENT_STORE); its store speaks the
// language of its own version of PyTorch, so it is left alone and the ports above it are taken.
// Ranks that are all on one machine meet on 127.0.0.1, whatever MASTER_ADDR says. Others meet on a network
// interface that is named: NETWORK_INTERFACE, else GLOO_SOCKET_IFNAME. Errors: kUsage.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/peer_meeting.h"

namespace inknav::run {

struct RankInfo {
  int rank = 0;
  int local_rank = 0;
  int world_size = 1;
  std::string master_addr = "127.0.0.1";
  int master_port = 0;         // 0: single process, no meeting needed
  bool is_port_taken = false;  // master_port is torchrun's own
  bool is_one_machine = true;  // all ranks are on this machine
  std::string identity = {};   // equal on all ranks of one attempt of one run
  bool is_main() const { return rank == 0; }
};

/// nullopt when none says so. kUsage when half set.
/// `lookup` returns a variable's value or nullopt; default: the process environment.
using EnvironmentLookup = std::function<std::optional<std::string>(const char*)>;
base::Result<std::optional<RankInfo>> rank_from_environment(const EnvironmentLookup& lookup = {});

/// "node01" of SLURM's "node[01-04,7],gpu3"; "" of nothing.
std::string first_node(const std::string& node_list);

/// Address and ports of the meeting. `interface`: NETWORK_INTERFACE, "" = not set.
base::Result<MeetingSettings> meeting_place(const RankInfo& rank, const std::string& interface,
                                            const EnvironmentLookup& lookup = {});

}  // namespace inknav::run
