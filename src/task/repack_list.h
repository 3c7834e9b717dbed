// SPDX-License-Identifier: MIT
#pragma once
// repack_list: a list of episodes from .json to .json.gz or back, every byte of its text kept, what we do not
// read (instructions, view points) included. Memory: the text.

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace inknav::task {

struct Repacked {
  std::size_t episodes = 0;
  std::uint64_t bytes = 0;  // of the text
};

/// Packs when `out` ends in .gz. Errors: kData when `in` is no list that load_episodes reads, or longer than
/// 2 GiB; kDisk for writing.
base::Result<Repacked> repack_list(const std::filesystem::path& in, const std::filesystem::path& out);

}  // namespace inknav::task
