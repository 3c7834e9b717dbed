// SPDX-License-Identifier: MIT
#pragma once
// Files: bounded reads and crash-safe writes.
//
// write_file_atomic: write to "<path>.tmp-<pid>", fsync, rename, fsync(directory). A reader sees the old file
// or the new one, never a part; on failure the old file is intact and the temporary one is removed.
// Errors are ErrorCode::kDisk (writes) or ErrorCode::kData (reads), with path and the system's reason.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::base {

Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path, std::size_t max_bytes);
Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t max_bytes);

Status write_file_atomic(const std::filesystem::path& path, std::span<const std::span<const std::uint8_t>> parts);
Status write_file_atomic(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
Status write_text_atomic(const std::filesystem::path& path, std::string_view text);

}  // namespace inknav::base
