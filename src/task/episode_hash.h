// SPDX-License-Identifier: MIT
#pragma once
// Hash of a list of episodes: whether a checkpoint of environments belongs to it. Scenes, ids, starts and
// goals count.

#include <vector>

#include "base/hash.h"
#include "task/episode.h"

namespace inknav::task {

base::Hash128 hash_of(const std::vector<Episode>& episodes);

}  // namespace inknav::task
