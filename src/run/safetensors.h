// SPDX-License-Identifier: MIT
#pragma once
// safetensors: u64 little-endian header length, JSON header, packed bytes. The one format of checkpoints;
// a "tensor" is a named byte span, so run knows nothing of learning.
//
// The reader trusts nothing: header <= 16 MiB and <= 1e5 tensors, file size == 8 + header + data, spans in
// the file's order without hole or overlap, shape * element size == length with overflow checks, names
// unique. All of this is judged from the header alone, before the data is read or room is made for it. The
// writer puts XXH3-128 of the data and of the header into the metadata; a flipped bit anywhere is found.
// Errors: kData (content), kDisk (system), each with the path. Threads: functions without state.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::run {

/// Names as in the format.
enum class SpanType : std::uint8_t { kU8, kI8, kI32, kI64, kF16, kBF16, kF32, kF64, kBool, kI16 };
std::size_t size_of(SpanType type);
std::string_view name_of(SpanType type);
std::optional<SpanType> span_type_of(std::string_view name);

/// What is written; does not own the bytes. An empty shape is a scalar.
struct NamedSpan {
  std::string name;
  SpanType type = SpanType::kU8;
  std::vector<std::int64_t> shape;
  std::span<const std::uint8_t> bytes;
};

/// The format's "__metadata__": string to string. Keys that begin with "inknav." are the writer's own.
using Metadata = std::map<std::string, std::string>;

/// Of which files the writer's checksums are asked for.
enum class Checksums : std::uint8_t {
  kNeeded,     // our checkpoints: refused without
  kWhereOurs,  // files with keys of the writer, which may be anybody's
  kNone,       // foreign weights
};

/// A file that was read and verified; owns all bytes.
class SafetensorsFile {
 public:
  struct Entry {
    SpanType type = SpanType::kU8;
    std::vector<std::int64_t> shape;
    std::size_t offset = 0;
    std::size_t num_bytes = 0;
  };

  const Metadata& metadata() const { return metadata_; }
  const std::map<std::string, Entry>& entries() const { return entries_; }
  bool contains(std::string_view name) const;
  /// kData with the name if it is not there. The bytes live as long as the file object.
  base::Result<NamedSpan> find(std::string_view name) const;
  /// Metadata value; kData with the key if it is not there.
  base::Result<std::string> meta(std::string_view key) const;
  const std::filesystem::path& path() const { return path_; }
  /// The whole file.
  std::span<const std::uint8_t> bytes() const { return bytes_; }
  /// The data was compared with the writer's checksums.
  bool verified() const { return verified_; }

 private:
  friend base::Result<SafetensorsFile> parse_safetensors(std::vector<std::uint8_t> bytes,
                                                         const std::filesystem::path& path,
                                                         Checksums checksums);
  friend base::Result<SafetensorsFile> read_safetensors(const std::filesystem::path& path,
                                                        Checksums checksums);
  /// Everything but the data, of a file of `file_bytes` that begins with `start` (its header at least).
  static base::Result<SafetensorsFile> judge(std::span<const std::uint8_t> start, std::size_t file_bytes,
                                             const std::filesystem::path& path, Checksums checksums);

  std::filesystem::path path_;
  Metadata metadata_;
  std::map<std::string, Entry> entries_;
  std::size_t data_begin_ = 0;
  bool verified_ = false;
  std::vector<std::uint8_t> bytes_;  // whole file
};

base::Result<SafetensorsFile> parse_safetensors(std::vector<std::uint8_t> bytes,
                                                const std::filesystem::path& path, Checksums checksums);
base::Result<SafetensorsFile> read_safetensors(const std::filesystem::path& path,
                                               Checksums checksums = Checksums::kNeeded);

/// Header of a file with these spans, padded to 8 bytes, with both checksums.
base::Result<std::vector<std::uint8_t>> safetensors_header(std::span<const NamedSpan> spans,
                                                           const Metadata& metadata);

/// tmp + posix_fallocate + write + fsync + rename + fsync(directory).
base::Status write_safetensors(const std::filesystem::path& path, std::span<const NamedSpan> spans,
                               const Metadata& metadata);

}  // namespace inknav::run
