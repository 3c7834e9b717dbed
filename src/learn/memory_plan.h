// SPDX-License-Identifier: MIT
#pragma once
// MemoryPlan: what a training will hold in memory, part by part, known before anything long is loaded; the
// table that a run prints, and the refusal when there is too little.
//
// Bytes follow from settings by the sizes of the structures themselves. What cannot be counted beforehand is
// marked "~": memory of a computation (measured on one environment and multiplied), scenes that are not
// loaded yet (from the size of their files), ray tracing structures, caches that are still empty.
// A rank that computes on a device holds there what the device column says, the rest on the host.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "learn/trainer.h"
#include "task/navigation_env.h"
#include "task/world_memory.h"

namespace inknav::learn {

/// What a network of some settings takes, counted on the network itself (learn/memory_count.cc).
struct NetworkMemory {
  std::uint64_t parameters = 0;     // numbers
  std::uint64_t bytes_a_row = 0;    // of an update's intermediate results, per row of a minibatch
  std::uint64_t bytes_of_step = 0;  // and independent of the rows
  std::uint64_t state_size = 0;     // numbers an environment carries from step to step
};
NetworkMemory count_network(const TrainerSettings& settings);

/// Bytes of the tensors of a Rollout. Law: equals Rollout::num_bytes() (test).
std::uint64_t rollout_bytes(const PolicySettings& settings, std::int64_t num_steps, std::int64_t num_envs);

/// What the memory table has for the learner of one rank: weights, rollout, an update.
std::uint64_t learner_bytes(const TrainerSettings& settings, const NetworkMemory& network, int num_envs);

struct MemoryQuestion {
  TrainerSettings trainer;
  task::NavigationEnvSettings env;  // of one rank
  NetworkMemory network;
  task::WorldMemory worlds;
  std::uint64_t num_episodes = 0;
  std::uint64_t recorded_envs = 0;  // environments of recorded walks, 0 or as many as env has
  int num_ranks = 1;                // on this machine
  bool on_device = false;
};

struct MemoryRow {
  std::string part;
  std::uint64_t host_bytes = 0;  // of one rank
  std::uint64_t device_bytes = 0;
  bool is_estimate = false;
};

struct MemoryPlan {
  std::vector<MemoryRow> rows;
  int num_ranks = 1;
  std::uint64_t host_bytes() const;  // of one rank, all rows
  std::uint64_t device_bytes() const;
};
MemoryPlan plan_memory(const MemoryQuestion& question);

/// What is there; nullopt: not asked, or not known.
struct MemoryThere {
  std::optional<std::uint64_t> host_bytes;    // for all ranks of this machine
  std::string host_from;                      // "MemAvailable" or a file of a control group
  std::optional<std::uint64_t> device_bytes;  // for each rank
};
MemoryThere memory_there();

/// The table, a line each.
std::vector<std::string> memory_table(const MemoryPlan& plan, const MemoryThere& there);

/// A setting that may be lowered, and what that saves on this machine.
struct MemoryKnob {
  std::string setting;  // "RL.PPO.num_steps 64"
  std::uint64_t host_bytes = 0;
  std::uint64_t device_bytes = 0;
};
/// Largest saving first, those that save nothing left out. Counts networks anew, so it takes about a second.
std::vector<MemoryKnob> memory_knobs(const MemoryQuestion& question);

/// kDeviceMemory, with what is wanted, what is there and which setting saves how much, when the plan does not
/// fit.
base::Status check_memory(const MemoryQuestion& question, const MemoryThere& there);

}  // namespace inknav::learn
