// SPDX-License-Identifier: MIT
#pragma once
// describe_file: what is inside one file, as text for people: a scene, a navmesh, a list of episodes, a
// drawing or its truth, a folder of demonstrations, a checkpoint or weights of PyTorch. What `inknav data
// show FILE` prints. It says what is there; whether that is sound, `inknav data check` says. Errors: kUsage
// for a file of another kind, kData for one that cannot be read.

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace inknav::app {

/// At most `max_lines` islands, episodes, strokes, walks or tensors.
base::Result<std::string> describe_file(const std::filesystem::path& path, std::size_t max_lines);

}  // namespace inknav::app
