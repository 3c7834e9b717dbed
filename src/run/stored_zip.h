// SPDX-License-Identifier: MIT
#pragma once
// Zip archives of stored (not compressed) entries, which is all that PyTorch writes.
//
// A reader of our own because what has to be refused is in the structure itself, which libraries hide:
// entries that overlap each other or the directory, a name that is there twice, names that leave the folder,
// sizes and checksums that the local header, the directory and the descriptor tell differently, compressed
// entries (there is nothing to inflate, so nothing can blow up), zip64 numbers that differ from the plain
// ones. Files of 4 GiB or more and archives in parts are refused. A checksum of 0 counts as not written:
// PyTorch can be told to leave it out.
// Errors: kData with the path, the entry and the byte. Cost: one pass over the bytes for the checksums.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace inknav::run {

struct ZipEntry {
  std::string name;
  std::span<const std::uint8_t> bytes;  // in the file's own bytes
};

/// Entries in the order of the directory. `path` names the file in errors; `file` must outlive the entries.
base::Result<std::vector<ZipEntry>> parse_stored_zip(std::span<const std::uint8_t> file,
                                                     const std::filesystem::path& path);

/// Frames of an archive with these entries, in this order, every entry's bytes at a multiple of 64 as PyTorch
/// maps them. The file is framing[0], bytes of entry 0, framing[1], ..., framing.back().
/// Names are ours: an empty or doubled one is a bug. Errors: kData for 4 GiB or more, or over 65,000 entries.
base::Result<std::vector<std::vector<std::uint8_t>>> stored_zip_framing(const std::vector<ZipEntry>& entries);

}  // namespace inknav::run
