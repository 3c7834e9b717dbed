// SPDX-License-Identifier: MIT
#pragma once
// Writing Habitat's episode files in the form in which task/habitat/read_dataset.h (and habitat-lab) reads
// them, in one file without a content folder. What is read again is equal: every float32 is written with as
// many digits as it needs, but for ObjectNav with five decimals, as habitat-lab does (half of 1e-5 metres).

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "task/habitat/habitat_dataset.h"

namespace inknav::task::habitat {

/// `episodes` may be any part of those that belong to `tables`, in any order. .json or .json.gz, atomically.
/// The ground truth has a file of its own (save_ground_truth).
base::Status write_dataset(const std::filesystem::path& path, const std::vector<Episode>& episodes,
                           const HabitatDataset& tables);

}  // namespace inknav::task::habitat
