// SPDX-License-Identifier: MIT
#pragma once
// DemonstrationFit: whether a training can learn from a set of demonstrations, and which walks belong to its
// episodes.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "task/demonstration_reader.h"
#include "task/episode.h"
#include "task/navigation_env.h"

namespace inknav::task {

/// A setting in which two differ, as texts.
struct Misfit {
  std::string key;  // of the configuration
  std::string recorded, wanted;
};
/// The first setting of camera or body in which demonstrations differ from the environment of `settings`.
std::optional<Misfit> find_misfit(const DemonstrationFormat& format, const NavigationEnvSettings& settings);

/// kUsage, with the key, when the set was seen by another camera or body than the environment of `settings`
/// has, or holds shorter paths than it wants. `folder` is named in errors.
base::Status check_fits(const DemonstrationFormat& format, const NavigationEnvSettings& settings,
                        const std::filesystem::path& folder);

struct JoinedWalk {
  std::size_t walk = 0;     // in the set
  std::size_t episode = 0;  // in the dataset
};
/// The walks of the episodes of `dataset`, joined by scene and episode id; kData when there is none. Others
/// are counted in the log.
base::Result<std::vector<JoinedWalk>> join_walks(const DemonstrationSet& set, const Dataset& dataset,
                                                 const std::filesystem::path& folder);

}  // namespace inknav::task
