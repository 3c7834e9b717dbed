// SPDX-License-Identifier: MIT
#pragma once
// NUM_PROCESSES auto: how many environments a rank gets, found out by a short trial before training, on the
// CPU or on the rank's GPU.
//
// The trial trains for a few updates with a few environments, then with twice as many, and so on, as long as
// that is worth it (next_env_count). The rule then takes the smallest number whose frames a second are close
// to the best, among those that fit into the memory (choose_env_count): more environments than that make
// batches larger and updates rarer for nothing. Both rules are functions of the measurements alone.
// Memory: on the CPU what the process has grown by; on a GPU the plan of learn/memory_plan, of host and
// device, so that a size that does not fit is not tried.
// The number that is chosen is written to config.yaml and into every checkpoint; a resume takes it from there
// and measures nothing, since time decides here and would decide otherwise.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/thread_pool.h"
#include "config/experiment.h"
#include "learn/settings.h"
#include "task/env_from_config.h"
#include "task/episode.h"

namespace inknav::learn {

struct EnvCountMemory {
  std::uint64_t host_bytes = 0;
  std::uint64_t device_bytes = 0;  // 0 on the CPU
};

struct EnvCountTrial {
  int num_envs = 0;
  double frames_per_second = 0.0;
  EnvCountMemory memory;  // of a whole rollout and its update
  double seconds = 0.0;   // that the trial took, everything
};

struct EnvCountLimits {
  EnvCountMemory memory;  // that one rank may use; device_bytes 0: there is no device
  int most_envs = 512;    // of one rank
  double seconds = 5.0;   // for all sizes together
};

struct EnvCountChoice {
  int num_envs = 0;    // of one rank
  std::string reason;  // "64 environments a rank: 812 frames/s of at most 830 (128), ..."
};

/// `trials` by growing num_envs, at least one.
EnvCountChoice choose_env_count(std::span<const EnvCountTrial> trials, const EnvCountLimits& limits);

/// The size to try after these, twice the last one; nullopt when the last one was not at least a twentieth
/// faster than the fastest before it, when the time would be over (three sizes are always tried, as the first
/// ones say little), and when the next size is above most_envs or `planned` does not fit.
std::optional<int> next_env_count(std::span<const EnvCountTrial> trials, const EnvCountLimits& limits,
                                  const std::function<EnvCountMemory(int num_envs)>& planned);

/// Bytes that one of `ranks` ranks on this machine may use: half of what is free, shared by all.
std::uint64_t memory_of_rank(int ranks);

/// Where a trial runs.
struct EnvCountPlace {
  int world_size = 1;
  ComputeSettings compute = {};    // of the training; a staged CPU takes a GPU's way, for tests
  std::uint64_t device_bytes = 0;  // free on the GPU
};

/// The environments of a trial: they render where the training's will.
task::EnvShare trial_share(const EnvCountPlace& place, int num_envs);

/// With a thread for each core that the rank has, at most 128 environments a thread on a GPU, 512 in all on
/// the CPU.
EnvCountLimits env_count_limits(const EnvCountPlace& place, int num_threads);

/// Takes about five seconds on the CPU, up to 20 on a GPU, where graphs are recorded for every size. Errors:
/// those of the environment and of training; memory that runs out ends the trial, after the first size
/// without an error.
base::Result<EnvCountChoice> measure_env_count(const config::ExperimentConfig& config,
                                               const task::Dataset& dataset, const EnvCountPlace& place,
                                               base::ThreadPool& pool);

}  // namespace inknav::learn
