// SPDX-License-Identifier: MIT
#include "run/rank_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/log.h"
#include "run/network.h"

namespace inknav::run {
namespace {

constexpr int kPortsOfARun = 8;  // rank 0 takes the first of them that is free
// Ports of SLURM jobs without MASTER_PORT: below those that the system gives to outgoing connections.
constexpr int kFirstJobPort = 10000;
constexpr long kJobPorts = 2500;

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

EnvironmentLookup or_process(const EnvironmentLookup& lookup) {
  return lookup ? lookup : EnvironmentLookup(process_environment);
}

base::Result<int> parse_number(const char* name, const std::string& text, int low, int high) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    return base::Error{
        base::ErrorCode::kUsage,
        fmt::format("environment: {} = \"{}\", a whole number from {} to {} was wanted; start through "
                    "torchrun, srun or inknav train",
                    name, text, low, high)};
  }
  return value;
}

struct VariableNames {
  const char* rank;
  const char* world_size;
  const char* local_rank;
};
constexpr VariableNames kTorchrun{"RANK", "WORLD_SIZE", "LOCAL_RANK"};
constexpr VariableNames kSlurm{"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"};

std::optional<std::string> first_of(const EnvironmentLookup& lookup,
                                    std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = lookup(name); value && !value->empty()) return value;
  }
  return std::nullopt;
}

/// The node of rank 0: SLURM gives out ranks from the first node on.
std::string slurm_address(const EnvironmentLookup& lookup) {
  const auto nodes = first_of(lookup, {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"});
  if (nodes && !first_node(*nodes).empty()) return first_node(*nodes);
  return first_of(lookup, {"SLURM_LAUNCH_NODE_IPADDR", "SLURM_SRUN_COMM_HOST"}).value_or("127.0.0.1");
}

base::Result<int> slurm_port(const EnvironmentLookup& lookup) {
  const auto job = lookup("SLURM_JOB_ID");
  if (!job) {
    return base::Error{base::ErrorCode::kUsage,
                       "environment: SLURM_PROCID is set, MASTER_PORT and SLURM_JOB_ID are not; one of them "
                       "is wanted for the ranks to meet (srun sets SLURM_JOB_ID)"};
  }
  long number = 0;
  std::from_chars(job->data(), job->data() + job->size(), number);
  return kFirstJobPort + static_cast<int>(std::abs(number) % kJobPorts) * kPortsOfARun;
}

/// Whether something says that there is one machine only; nullopt when nothing tells.
std::optional<bool> one_machine(const EnvironmentLookup& lookup, const VariableNames& names, int world_size) {
  if (names.rank == kTorchrun.rank) {
    const auto local = lookup("LOCAL_WORLD_SIZE");
    return local ? std::optional<bool>(*local == std::to_string(world_size)) : std::nullopt;
  }
  const auto nodes = first_of(lookup, {"SLURM_STEP_NUM_NODES", "SLURM_NNODES", "SLURM_JOB_NUM_NODES"});
  return nodes ? std::optional<bool>(*nodes == "1") : std::nullopt;
}

base::Status read_meeting(const EnvironmentLookup& lookup, const VariableNames& names, RankInfo& info) {
  const bool is_slurm = names.rank == kSlurm.rank;
  const auto address = lookup("MASTER_ADDR");
  info.master_addr = address ? *address : is_slurm ? slurm_address(lookup) : "127.0.0.1";
  if (const auto port = lookup("MASTER_PORT")) {
    INKNAV_ASSIGN_OR_RETURN(info.master_port, parse_number("MASTER_PORT", *port, 1, 65535));
  } else if (is_slurm) {
    INKNAV_ASSIGN_OR_RETURN(info.master_port, slurm_port(lookup));
  } else {
    return base::Error{base::ErrorCode::kUsage,
                       "environment: RANK is set, MASTER_PORT is not; both are wanted (torchrun sets them), "
                       "or neither"};
  }
  info.is_port_taken = !is_slurm && lookup("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
  info.is_one_machine =
      is_loopback(info.master_addr) || one_machine(lookup, names, info.world_size).value_or(false);
  // torchrun calls every run "none" unless it is told otherwise.
  info.identity = std::to_string(info.master_port) + "/";
  for (const char* name : {"INKNAV_RUN_TOKEN", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT",
                           "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT"}) {
    info.identity += lookup(name).value_or("") + "/";
  }
  return base::ok_status();
}

base::Result<RankInfo> read_rank(const EnvironmentLookup& lookup, const VariableNames& names) {
  const auto number = [&](const char* name, int low, int high) -> base::Result<int> {
    const auto text = lookup(name);
    if (!text) {
      return base::Error{
          base::ErrorCode::kUsage,
          fmt::format("environment: {} is set, {} is not; both are wanted (torchrun and srun set them), "
                      "or neither",
                      names.rank, name)};
    }
    return parse_number(name, *text, low, high);
  };
  RankInfo info;
  INKNAV_ASSIGN_OR_RETURN(info.world_size, number(names.world_size, 1, 1 << 16));
  INKNAV_ASSIGN_OR_RETURN(info.rank, number(names.rank, 0, info.world_size - 1));
  info.local_rank = info.rank;
  if (lookup(names.local_rank)) {
    INKNAV_ASSIGN_OR_RETURN(info.local_rank, number(names.local_rank, 0, info.world_size - 1));
  }
  if (info.world_size > 1) INKNAV_RETURN_IF_ERROR(read_meeting(lookup, names, info));
  return info;
}

/// The interface over which ranks of several machines meet.
base::Result<NetworkInterface> wanted_interface(const RankInfo& rank, const std::string& named) {
  if (!named.empty()) return find_interface(named);
  const std::vector<NetworkInterface> interfaces = network_interfaces();
  std::string way;
  const std::string from = address_towards(rank.master_addr);
  for (const NetworkInterface& known : interfaces) {
    if (!from.empty() && known.address == from)
      way = fmt::format("; the way to {} is NETWORK_INTERFACE {}", rank.master_addr, known.name);
  }
  return base::Error{base::ErrorCode::kUsage,
                     fmt::format("environment: the {} ranks meet on {}, which is not this machine alone; "
                                 "without NETWORK_INTERFACE ranks meet on loopback only, since whoever "
                                 "reaches them can join; there are: {}{}",
                                 rank.world_size, rank.master_addr, list_interfaces(interfaces), way)};
}

}  // namespace

std::string first_node(const std::string& node_list) {
  std::string name;
  for (std::size_t i = 0; i < node_list.size() && node_list[i] != ','; ++i) {
    if (node_list[i] != '[') {
      name += node_list[i];
      continue;
    }
    const std::size_t end = std::min(node_list.find(']', i), node_list.size());
    const std::string range = node_list.substr(i + 1, end - i - 1);
    name += range.substr(0, range.find_first_of("-,"));
    i = end;
  }
  return name;
}

base::Result<std::optional<RankInfo>> rank_from_environment(const EnvironmentLookup& lookup) {
  const EnvironmentLookup get = or_process(lookup);
  for (const VariableNames& names : {kTorchrun, kSlurm}) {
    // A SLURM allocation of one task is an ordinary shell; so is a stray RANK without a world.
    const auto world_size = get(names.world_size);
    if (!get(names.rank) || (names.rank == kSlurm.rank && world_size.value_or("1") == "1")) continue;
    INKNAV_ASSIGN_OR_RETURN(const RankInfo info, read_rank(get, names));
    return std::optional<RankInfo>(info);
  }
  if (get(kTorchrun.world_size) && get("LOCAL_RANK")) {
    return base::Error{base::ErrorCode::kUsage,
                       "environment: WORLD_SIZE and LOCAL_RANK are set, RANK is not; all three "
                       "are wanted (torchrun sets them), or none"};
  }
  return std::optional<RankInfo>();
}

base::Result<MeetingSettings> meeting_place(const RankInfo& rank, const std::string& interface,
                                            const EnvironmentLookup& lookup) {
  MeetingSettings place;
  place.rank = rank.rank;
  place.world_size = rank.world_size;
  place.identity = rank.identity;
  const int first = rank.master_port + (rank.is_port_taken ? 1 : 0);
  for (int port = first; port < std::min(first + kPortsOfARun, 65536); ++port) place.ports.push_back(port);
  if (place.ports.empty()) {
    return base::Error{base::ErrorCode::kUsage,
                       "environment: MASTER_PORT = 65535 is torchrun's own and has none above it; choose a "
                       "smaller one"};
  }
  if (rank.is_one_machine) return place;

  const EnvironmentLookup get = or_process(lookup);
  const std::string named = interface.empty() ? get("GLOO_SOCKET_IFNAME").value_or("") : interface;
  INKNAV_ASSIGN_OR_RETURN(const NetworkInterface chosen, wanted_interface(rank, named));
  place.from = chosen.address;
  place.address = rank.master_addr;
  if (!rank.is_main()) return place;
  const std::vector<std::string> meant = resolve(rank.master_addr);
  // A name that this machine does not know may still be its own for the others.
  if (!meant.empty() && std::find(meant.begin(), meant.end(), chosen.address) == meant.end()) {
    return base::Error{base::ErrorCode::kUsage,
                       fmt::format("environment: MASTER_ADDR {} ({}) is where rank 0 is wanted, but {} of "
                                   "this machine has {}; name the interface that has it: {}",
                                   rank.master_addr, meant.front(), chosen.name, chosen.address,
                                   list_interfaces(network_interfaces()))};
  }
  place.address = chosen.address;
  base::log_warning(
      "ranks meet on {} ({}), without encryption: whoever reaches that address and knows the run can join; "
      "keep it on a trusted network and set INKNAV_RUN_TOKEN on all ranks",
      chosen.name, chosen.address);
  return place;
}

}  // namespace inknav::run
