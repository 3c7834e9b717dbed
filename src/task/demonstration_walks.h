// SPDX-License-Identifier: MIT
#pragma once
// The walks of one shard (task/demonstration_generation.h). Internal to the module.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "task/demonstration_generation.h"
#include "task/drawn_map_env.h"

namespace inknav::task::internal {

/// One walk to be made.
struct Run {
  std::int64_t number = 0;  // in the whole set
  std::size_t episode = 0;  // index into the sound episodes
  int world = 0;            // index into the worlds
};

struct WalkResult {
  DemonstrationInfo info;
  std::vector<std::uint8_t> chunk;
  bool success = false;
  std::int64_t student_steps = 0;
  std::int64_t off_route = 0;  // states
};

/// Walks all `runs`; results in their order. `progress(walks, steps)` is called from the calling thread
/// whenever walks have ended.
base::Result<std::vector<WalkResult>> walk_runs(
    const DemonstrationSettings& settings, const Dataset& dataset, std::span<const sim::World> worlds,
    std::span<const Run> runs, base::ThreadPool& pool,
    const std::function<void(std::int64_t, std::int64_t)>& progress);

}  // namespace inknav::task::internal
