// SPDX-License-Identifier: MIT
#pragma once
// Files: bounded reads and crash-safe writes.
//
// write_file_atomic: write to "<path>.tmp-<pid>-<n>", fsync, rename, fsync(directory). A reader sees the old
// file or the new one, never a part. On failure the temporary one is removed and the old file is intact; the
// one exception is a failing fsync of the directory, after which the new file is in place but might not
// survive a power cut (the error is still returned). The folder must exist. A symbolic link at `path` is
// replaced. Space is asked for before the first byte is written, so a full disk fails early. Reads accept
// regular files only. max_bytes bounds what is allocated, whatever the file says about itself. Errors are
// ErrorCode::kDisk (writes) or ErrorCode::kData (reads), with path and the system's reason. Threads: safe;
// two writers of one path leave the bytes of one of them.

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

struct FileStart {
  std::vector<std::uint8_t> bytes;  // fewer than asked for only where the file ends
  std::size_t file_bytes = 0;       // of the whole file
};
/// The first `count` bytes, so that a large file can be judged before it is read; of a file of at most
/// `max_bytes`.
Result<FileStart> read_file_start(const std::filesystem::path& path, std::size_t count,
                                  std::size_t max_bytes);

Status write_file_atomic(const std::filesystem::path& path,
                         std::span<const std::span<const std::uint8_t>> parts);
Status write_file_atomic(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
Status write_text_atomic(const std::filesystem::path& path, std::string_view text);

}  // namespace inknav::base
