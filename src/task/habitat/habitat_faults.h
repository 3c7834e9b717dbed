// SPDX-License-Identifier: MIT
#pragma once
// Which episodes of one of Habitat's data sets cannot be run, and why; and what the data set must have for a
// task. Pure; one projection for the start and, for the goals, as many as it takes to find one that can be
// reached.

#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "task/episode.h"
#include "task/habitat/task_settings.h"
#include "task/world_set.h"

namespace inknav::task::habitat {

/// kData: ObjectNav without categories, VLN without instructions or with tokens for some of them, walks that
/// are not there.
base::Status check_tables(const HabitatTaskSettings& settings, const Dataset& dataset);

/// Whether instructions are wanted and there are texts alone.
bool lacks_tokens(const HabitatTaskSettings& settings, const Dataset& dataset);

/// [episodes]; empty text: the episode can be run. A goal is where DistanceTo says.
std::vector<std::string> find_faults(const Dataset& dataset, DistanceTo distance_to, const WorldSet& worlds,
                                     base::ThreadPool& pool);

}  // namespace inknav::task::habitat
