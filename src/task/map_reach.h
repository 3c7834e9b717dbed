// SPDX-License-Identifier: MIT
#pragma once
// Whether the agent's own map is large enough for the ways of a dataset. The map has a fixed size with the
// start in its middle and drops what falls outside, so on a longer way the agent would explore nothing.

#include <optional>
#include <string>
#include <vector>

#include "sim/mapper.h"
#include "task/episode.h"

namespace inknav::task {

/// A sentence for the log with the MAP_CELLS that would do; nullopt when every way stays on the map.
std::optional<std::string> map_too_small(const std::vector<Episode>& episodes,
                                         const sim::MapperSettings& mapper);

}  // namespace inknav::task
