// SPDX-License-Identifier: MIT
#pragma once
// The file system that a path lies on: kind, room, and how fast it makes bytes durable.
//
// sync_rate() writes kRateBytes into a file without a name in `folder`, syncs and drops it; nothing stays,
// whatever happens. It costs what the disk takes, some milliseconds on a local one.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace inknav::run {

struct FileSystem {
  std::string kind;  // "ext4", "nfs", "tmpfs"; "0x..." for one without a name here
  bool network = false;
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;  // for us, not for root
};

/// nullopt when there is nothing at `path`.
std::optional<FileSystem> file_system_of(const std::filesystem::path& path);

inline constexpr std::size_t kRateBytes = std::size_t{4} << 20;
/// Bytes a second, written and synced; nullopt where no file without a name can be made.
std::optional<double> sync_rate(const std::filesystem::path& folder);

}  // namespace inknav::run
