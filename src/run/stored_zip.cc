// SPDX-License-Identifier: MIT
#include "run/stored_zip.h"

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "run/shown_text.h"

namespace inknav::run {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint32_t kLocalHeader = 0x04034b50, kDirectoryHeader = 0x02014b50, kDescriptor = 0x08074b50,
                        kEnd = 0x06054b50, kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr std::size_t kLocalSize = 30, kDirectorySize = 46, kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20,
                      kDescriptorSize = 16;
constexpr std::uint16_t kHasDescriptor = 0x0008, kUtf8Names = 0x0800;
constexpr std::uint16_t kZip64Extra = 0x0001, kPaddingExtra = 0x4246;
constexpr std::size_t kMaxEntries = 65000;
constexpr std::size_t kMaxNameBytes = 512;
constexpr std::uint64_t kMaxBytes = 0xFFFFFFFEu;
constexpr std::size_t kAlignment = 64;

/// Little-endian number of `count` bytes, at most 8; the caller has checked that they are there.
std::uint64_t number(Bytes bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

/// What one header says of an entry.
struct Claim {
  std::uint64_t flags = 0, method = 0, crc = 0, packed = 0, size = 0;
};

Claim claim_at(Bytes file, std::size_t flags_at, std::size_t crc_at) {
  return {number(file, flags_at, 2), number(file, flags_at + 2, 2), number(file, crc_at, 4),
          number(file, crc_at + 4, 4), number(file, crc_at + 8, 4)};
}

class ZipParser {
 public:
  ZipParser(Bytes file, const std::filesystem::path& path) : file_(file), path_(path) {}

  base::Result<std::vector<ZipEntry>> parse() {
    if (file_.size() > kMaxBytes) return bad(0, "found a file of 4 GiB or more");
    INKNAV_RETURN_IF_ERROR(read_end());
    std::vector<ZipEntry> entries;
    std::set<std::string, std::less<>> names;
    std::size_t at = directory_;
    for (std::uint64_t i = 0; i < count_; ++i) {
      ZipEntry entry;
      INKNAV_ASSIGN_OR_RETURN(at, read_directory_entry(at, entry));
      if (!names.insert(entry.name).second) return bad(at, "found " + shown_text(entry.name) + " twice");
      entries.push_back(std::move(entry));
    }
    if (at != directory_end_) return bad(at, "found a directory of another length than it says");
    INKNAV_RETURN_IF_ERROR(check_overlaps());
    INKNAV_RETURN_IF_ERROR(check_sums(entries));  // now that no byte is in two entries: one pass
    return entries;
  }

 private:
  base::Error bad(std::size_t at, const std::string& found) const {
    return {base::ErrorCode::kData, path_.string() + ": a zip archive as PyTorch writes it was wanted, " +
                                        found + " (byte " + std::to_string(at) +
                                        "); the file is damaged or was packed anew, take the original"};
  }

  /// The end record must be the very end, without a comment: nothing may stand behind it.
  base::Status read_end() {
    if (file_.size() < kEndSize || number(file_, file_.size() - kEndSize, 4) != kEnd) {
      return bad(file_.size(), "found no end record at the end; it is cut off or no archive");
    }
    const std::size_t end = file_.size() - kEndSize;
    count_ = number(file_, end + 10, 2);
    const std::uint64_t size = number(file_, end + 12, 4), offset = number(file_, end + 16, 4);
    if (number(file_, end + 4, 4) != 0 || number(file_, end + 8, 2) != count_) {
      return bad(end, "found an archive in parts");
    }
    if (number(file_, end + 20, 2) != 0) return bad(end, "found a comment");
    if (count_ > kMaxEntries) return bad(end, "found more than 65000 entries (zip64)");
    INKNAV_ASSIGN_OR_RETURN(directory_end_, end_of_directory(end, size, offset));
    if (size > directory_end_ || offset != directory_end_ - size) {
      return bad(end, "found a directory that is not where the end record says");
    }
    directory_ = static_cast<std::size_t>(offset);
    return base::ok_status();
  }

  /// PyTorch adds the zip64 end record to every file; it must repeat the plain one.
  base::Result<std::size_t> end_of_directory(std::size_t end, std::uint64_t size, std::uint64_t offset) {
    if (end < kLocatorSize + kEnd64Size || number(file_, end - kLocatorSize, 4) != kEnd64Locator) return end;
    const std::size_t locator = end - kLocatorSize, end64 = locator - kEnd64Size;
    const bool sound = number(file_, locator + 4, 4) == 0 && number(file_, locator + 8, 8) == end64 &&
                       number(file_, locator + 16, 4) == 1 && number(file_, end64, 4) == kEnd64 &&
                       number(file_, end64 + 4, 8) == kEnd64Size - 12 && number(file_, end64 + 16, 8) == 0 &&
                       number(file_, end64 + 24, 8) == count_ && number(file_, end64 + 32, 8) == count_ &&
                       number(file_, end64 + 40, 8) == size && number(file_, end64 + 48, 8) == offset;
    if (!sound) return bad(end64, "found a zip64 end record that differs from the plain one");
    return end64;
  }

  base::Result<std::size_t> read_directory_entry(std::size_t at, ZipEntry& entry) {
    if (at > directory_end_ || directory_end_ - at < kDirectorySize ||
        number(file_, at, 4) != kDirectoryHeader) {
      return bad(at, "found a damaged directory");
    }
    const Claim claim = claim_at(file_, at + 8, at + 16);
    const std::size_t name_size = number(file_, at + 28, 2), extra_size = number(file_, at + 30, 2);
    const std::size_t local = number(file_, at + 42, 4);
    const std::size_t next = at + kDirectorySize + name_size + extra_size;
    if (number(file_, at + 32, 4) != 0) return bad(at, "found an entry with a comment or in parts");
    if (next > directory_end_) return bad(at, "found a directory entry that is cut off");
    INKNAV_RETURN_IF_ERROR(take_name(at + kDirectorySize, name_size, entry));
    INKNAV_RETURN_IF_ERROR(check_extra(at + kDirectorySize + name_size, extra_size, entry.name));
    if (claim.method != 0) {
      return bad(at, "found " + shown_text(entry.name) + " compressed (method " +
                         std::to_string(claim.method) +
                         "), as in TorchScript programs; only stored entries are read");
    }
    if ((claim.flags & ~std::uint64_t{kHasDescriptor | kUtf8Names}) != 0) {
      return bad(at, "found " + shown_text(entry.name) + " encrypted or in an unknown form");
    }
    if (claim.packed != claim.size || claim.size > kMaxBytes) {
      return bad(at, "found " + shown_text(entry.name) + " with two sizes (or zip64)");
    }
    INKNAV_RETURN_IF_ERROR(read_local(local, claim, entry));
    return next;
  }

  base::Status take_name(std::size_t at, std::size_t size, ZipEntry& entry) {
    if (size == 0 || size > kMaxNameBytes) return bad(at, "found an entry without a name, or a long one");
    entry.name.assign(reinterpret_cast<const char*>(file_.data()) + at, size);
    bool safe = entry.name.front() != '/' && entry.name.back() != '/';
    for (std::size_t begin = 0; safe && begin <= size;) {
      const std::size_t end = std::min(entry.name.find('/', begin), size);
      const std::string_view part = std::string_view(entry.name).substr(begin, end - begin);
      safe = !part.empty() && part != "." && part != "..";
      begin = end + 1;
    }
    for (const char c : entry.name) {
      safe = safe && static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '\\' && c != ':';
    }
    if (!safe)
      return bad(at, "found the name " + shown_text(entry.name) + ", which is no plain relative path");
    return base::ok_status();
  }

  base::Status check_extra(std::size_t at, std::size_t size, const std::string& name) const {
    const std::size_t end = at + size;
    while (end - at >= 4) {
      const std::size_t length = number(file_, at + 2, 2);
      if (number(file_, at, 2) == kZip64Extra) return bad(at, "found zip64 sizes of " + shown_text(name));
      if (length > end - at - 4) return bad(at, "found a damaged extra field of " + shown_text(name));
      at += 4 + length;
    }
    return base::ok_status();
  }

  base::Status read_local(std::size_t at, const Claim& directory, ZipEntry& entry) {
    const auto wrong = [&](const char* what) { return bad(at, "found " + shown_text(entry.name) + what); };
    if (at > directory_ || directory_ - at < kLocalSize || number(file_, at, 4) != kLocalHeader) {
      return wrong(" without a local header");
    }
    Claim local = claim_at(file_, at + 6, at + 14);
    const std::size_t name_size = number(file_, at + 26, 2), extra_size = number(file_, at + 28, 2);
    const std::size_t begin = at + kLocalSize + name_size + extra_size;
    if (begin > directory_) return wrong(" with a header that reaches into the directory");
    const std::string_view name(reinterpret_cast<const char*>(file_.data()) + at + kLocalSize, name_size);
    if (name != entry.name) return wrong(" under another name in its local header");
    INKNAV_RETURN_IF_ERROR(check_extra(at + kLocalSize + name_size, extra_size, entry.name));
    if (directory.size > directory_ - begin) return wrong(" larger than the file");
    const std::size_t end = begin + static_cast<std::size_t>(directory.size);
    std::size_t reach = end;
    if ((directory.flags & kHasDescriptor) != 0) {
      if (local.crc == 0 && local.packed == 0 && local.size == 0) {
        local.crc = directory.crc;
        local.packed = local.size = directory.size;
      }
      if (directory_ - end < kDescriptorSize || number(file_, end, 4) != kDescriptor ||
          number(file_, end + 4, 4) != directory.crc || number(file_, end + 8, 4) != directory.size ||
          number(file_, end + 12, 4) != directory.size) {
        return wrong(" with a descriptor that differs from the directory");
      }
      reach += kDescriptorSize;
    }
    if (local.flags != directory.flags || local.method != directory.method || local.crc != directory.crc ||
        local.size != directory.size || local.packed != directory.size) {
      return wrong(" with a local header that differs from the directory");
    }
    entry.bytes = file_.subspan(begin, end - begin);
    ranges_.emplace_back(at, reach);
    sums_.push_back(directory.crc);
    return base::ok_status();
  }

  base::Status check_overlaps() {
    std::sort(ranges_.begin(), ranges_.end());
    for (std::size_t i = 1; i < ranges_.size(); ++i) {
      if (ranges_[i].first < ranges_[i - 1].second)
        return bad(ranges_[i].first, "found entries that overlap");
    }
    return base::ok_status();
  }

  base::Status check_sums(const std::vector<ZipEntry>& entries) const {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Bytes bytes = entries[i].bytes;
      if (sums_[i] == 0 || sums_[i] == crc32_z(0, bytes.data(), bytes.size())) continue;
      return bad(static_cast<std::size_t>(bytes.data() - file_.data()),
                 "found " + shown_text(entries[i].name) + " with content that does not fit its checksum");
    }
    return base::ok_status();
  }

  Bytes file_;
  std::filesystem::path path_;
  std::uint64_t count_ = 0;
  std::size_t directory_ = 0, directory_end_ = 0;
  std::vector<std::pair<std::size_t, std::size_t>> ranges_;  // of the entries with their headers
  std::vector<std::uint64_t> sums_;                          // their checksums, 0: not written
};

void put(std::vector<std::uint8_t>& out, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// What local header and directory have in common, from the version to the length of the name.
void put_claim(std::vector<std::uint8_t>& out, const ZipEntry& entry) {
  constexpr std::uint64_t kFirstDay = 0x0021;  // 1980-01-01: the same weights give the same bytes
  put(out, 20, 2);
  put(out, kUtf8Names, 2);
  put(out, 0, 4);  // stored, midnight
  put(out, kFirstDay, 2);
  put(out, crc32_z(0, entry.bytes.data(), entry.bytes.size()), 4);
  put(out, entry.bytes.size(), 4);
  put(out, entry.bytes.size(), 4);
  put(out, entry.name.size(), 2);
}

void put_name(std::vector<std::uint8_t>& out, const std::string& name) {
  out.insert(out.end(), name.begin(), name.end());
}

}  // namespace

base::Result<std::vector<ZipEntry>> parse_stored_zip(std::span<const std::uint8_t> file,
                                                     const std::filesystem::path& path) {
  return ZipParser(file, path).parse();
}

base::Result<std::vector<std::vector<std::uint8_t>>> stored_zip_framing(
    const std::vector<ZipEntry>& entries) {
  std::vector<std::vector<std::uint8_t>> framing;
  std::vector<std::uint8_t> directory;
  std::set<std::string, std::less<>> names;
  std::uint64_t offset = 0;
  for (const ZipEntry& entry : entries) {
    INKNAV_CHECK(!entry.name.empty() && names.insert(entry.name).second, entry.name);
    std::vector<std::uint8_t> local;
    put(local, kLocalHeader, 4);
    put_claim(local, entry);
    const std::size_t begin = offset + kLocalSize + entry.name.size() + 4;
    const std::size_t padding = (kAlignment - begin % kAlignment) % kAlignment;
    put(local, padding + 4, 2);
    put_name(local, entry.name);
    put(local, kPaddingExtra, 2);
    put(local, padding, 2);
    local.insert(local.end(), padding, std::uint8_t{'Z'});
    put(directory, kDirectoryHeader, 4);
    put(directory, 20, 2);
    put_claim(directory, entry);
    directory.insert(directory.end(), 2 + 2 + 2 + 2 + 4,
                     std::uint8_t{0});  // no extra field, comment, attributes
    put(directory, offset, 4);
    put_name(directory, entry.name);
    offset += local.size() + entry.bytes.size();
    framing.push_back(std::move(local));
  }
  if (offset + directory.size() > kMaxBytes || entries.size() > kMaxEntries) {
    return base::Error{base::ErrorCode::kData,
                       "weights to be written as .pth: less than 4 GiB in at most 65000 tensors are wanted, "
                       "found " +
                           std::to_string(offset) + " bytes in " + std::to_string(entries.size()) +
                           "; keep them as .safetensors"};
  }
  const std::size_t directory_size = directory.size();
  put(directory, kEnd, 4);
  put(directory, 0, 4);
  put(directory, entries.size(), 2);
  put(directory, entries.size(), 2);
  put(directory, directory_size, 4);
  put(directory, offset, 4);
  put(directory, 0, 2);
  framing.push_back(std::move(directory));
  return framing;
}

}  // namespace inknav::run
