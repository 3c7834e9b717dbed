// SPDX-License-Identifier: MIT
#pragma once
// NUM_PROCESSES auto: how many environments a rank gets, found out by a short trial before training.
//
// The trial trains for two updates with a few environments, then with twice as many, and so on, until a
// larger number would not be tried in the time that is left. The rule then takes the smallest number whose
// frames a second are close to the best, among those that fit into the memory: more environments than that
// make batches larger and updates rarer for nothing.
// The number that is chosen is written to config.yaml and into every checkpoint; a resume takes it from there
// and measures nothing, since time decides here and would decide otherwise.

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "base/thread_pool.h"
#include "config/experiment.h"
#include "task/episode.h"

namespace inknav::learn {

struct EnvCountTrial {
  int num_envs = 0;
  double frames_per_second = 0.0;
  std::uint64_t bytes = 0;  // of memory, for a whole rollout
};

struct EnvCountChoice {
  int num_envs = 0;    // of one rank
  std::string reason;  // "64 environments a rank: 812 frames/s of at most 830 (128), ..."
};

/// `trials` by growing num_envs, at least one; `memory_bytes` is what one rank may use.
EnvCountChoice choose_env_count(std::span<const EnvCountTrial> trials, std::uint64_t memory_bytes);

/// Bytes that one of `ranks` ranks on this machine may use: half of what is free, shared by all.
std::uint64_t memory_of_rank(int ranks);

/// Takes a few seconds. Errors: those of the environment and of training.
base::Result<EnvCountChoice> measure_env_count(const config::ExperimentConfig& config,
                                               const task::Dataset& dataset, int world_size,
                                               base::ThreadPool& pool);

}  // namespace inknav::learn
