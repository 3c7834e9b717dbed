// SPDX-License-Identifier: MIT
#pragma once
// gzip: one member, the same bytes for the same text (its header carries no time and no name).
// And repack_list: a list of episodes from .json to .json.gz or back, every byte of its text kept, what we do
// not read (instructions, view points) included.

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::task {

/// At most 2 GiB of text (a longer one is a bug).
std::vector<std::uint8_t> gzip(std::string_view text);

struct Repacked {
  std::size_t episodes = 0;
  std::uint64_t bytes = 0;  // of the text
};

/// Packs when `out` ends in .gz. Errors: kData when `in` is no list that load_episodes reads, or longer than
/// 2 GiB; kDisk for writing.
base::Result<Repacked> repack_list(const std::filesystem::path& in, const std::filesystem::path& out);

}  // namespace inknav::task
