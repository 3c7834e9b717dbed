// SPDX-License-Identifier: MIT
#include "run/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/hash.h"

namespace inknav::run {
namespace {

constexpr std::size_t kMaxHeaderBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxTensors = 100000;
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 30;
constexpr std::size_t kMaxJsonDepth = 4;
constexpr const char* kMetadataKey = "__metadata__";
constexpr std::string_view kOwnPrefix = "inknav.";
constexpr const char* kDataHashKey = "inknav.data_xxh3";
constexpr const char* kHeaderHashKey = "inknav.header_xxh3";
constexpr const char* kEmptyHash = "00000000000000000000000000000000";

struct TypeRow {
  SpanType type;
  std::string_view name;
  std::size_t size;
};
constexpr TypeRow kTypes[] = {
    {SpanType::kU8, "U8", 1},   {SpanType::kI8, "I8", 1},   {SpanType::kI32, "I32", 4},
    {SpanType::kI64, "I64", 8}, {SpanType::kF16, "F16", 2}, {SpanType::kBF16, "BF16", 2},
    {SpanType::kF32, "F32", 4}, {SpanType::kF64, "F64", 8}, {SpanType::kBool, "BOOL", 1},
    {SpanType::kI16, "I16", 2},
};

const TypeRow& row_of(SpanType type) { return kTypes[static_cast<std::size_t>(type)]; }

base::Error bad_file(const std::filesystem::path& path, const std::string& found) {
  return {base::ErrorCode::kData, path.string() + ": a whole safetensors file was wanted, " + found +
                                      "; the file is damaged, use another checkpoint"};
}

/// Product of the shape and the element size; nullopt on overflow or a negative extent.
std::optional<std::size_t> bytes_of(SpanType type, const std::vector<std::int64_t>& shape) {
  std::size_t bytes = size_of(type);
  for (const std::int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    if (__builtin_mul_overflow(bytes, static_cast<std::size_t>(extent), &bytes)) return std::nullopt;
  }
  return bytes;
}

/// Parses the header, refusing what nlohmann's default parser lets pass: doubled keys and deep nesting.
base::Result<nlohmann::json> parse_header(std::string_view text, const std::filesystem::path& path) {
  std::vector<std::set<std::string>> keys;
  bool doubled = false;
  bool deep = false;
  const auto watch = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) {
      keys.emplace_back();
      deep = deep || keys.size() > kMaxJsonDepth;
    } else if (event == Event::object_end) {
      keys.pop_back();
    } else if (event == Event::key) {
      doubled = doubled || !keys.back().insert(value.get<std::string>()).second;
    }
    return !deep;
  };
  nlohmann::json header = nlohmann::json::parse(text, watch, /*allow_exceptions=*/false);
  if (header.is_discarded() || !header.is_object()) return bad_file(path, "found a header that is not JSON");
  if (doubled) return bad_file(path, "found a name twice in the header");
  if (deep) return bad_file(path, "found a header nested too deeply");
  return header;
}

base::Result<SafetensorsFile::Entry> entry_of(const nlohmann::json& json, const std::string& name,
                                              std::size_t data_bytes, const std::filesystem::path& path) {
  const auto bad = [&](const char* what) { return bad_file(path, "found tensor " + name + " with " + what); };
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets")) {
    return bad("fields other than dtype, shape, data_offsets");
  }
  SafetensorsFile::Entry entry;
  if (!json["dtype"].is_string()) return bad("a dtype that is not a text");
  const auto type = span_type_of(json["dtype"].get<std::string>());
  if (!type) return bad("an unknown dtype");
  entry.type = *type;
  if (!json["shape"].is_array() || json["shape"].size() > 16) return bad("a bad shape");
  for (const auto& extent : json["shape"]) {
    if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > (std::uint64_t{1} << 48)) {
      return bad("a bad shape");
    }
    entry.shape.push_back(extent.get<std::int64_t>());
  }
  const auto& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    return bad("bad offsets");
  }
  const auto begin = offsets[0].get<std::uint64_t>();
  const auto end = offsets[1].get<std::uint64_t>();
  if (begin > end || end > data_bytes) return bad("offsets outside the file");
  entry.offset = begin;
  entry.num_bytes = end - begin;
  const auto wanted = bytes_of(entry.type, entry.shape);
  if (!wanted || *wanted != entry.num_bytes) return bad("a length that is not that of its shape");
  return entry;
}

/// Spans must tile the data: no hole, no overlap, nothing behind them.
bool tiles(const std::map<std::string, SafetensorsFile::Entry>& entries, std::size_t data_bytes) {
  std::vector<std::pair<std::size_t, std::size_t>> spans;
  for (const auto& [name, entry] : entries) spans.emplace_back(entry.offset, entry.offset + entry.num_bytes);
  std::sort(spans.begin(), spans.end());
  std::size_t end = 0;
  for (const auto& [first, last] : spans) {
    if (first != end) return false;
    end = last;
  }
  return end == data_bytes;
}

/// The header's hash is taken with zeros in its own place.
std::string header_hash(std::span<const std::uint8_t> header, std::string_view stored) {
  std::string text(reinterpret_cast<const char*>(header.data()), header.size());
  const std::string field = std::string("\"") + kHeaderHashKey + "\":\"";
  const std::size_t at = text.find(field);
  if (at == std::string::npos || text.compare(at + field.size(), stored.size(), stored) != 0) return "";
  text.replace(at + field.size(), stored.size(), kEmptyHash);
  return base::xxh3_128(text.data(), text.size()).hex();
}

/// Whether the header has the writer's checksums and fits its own.
base::Status verify_header(const Metadata& metadata, std::span<const std::uint8_t> header,
                           const std::filesystem::path& path) {
  const auto stored = metadata.find(kHeaderHashKey);
  if (stored == metadata.end() || !metadata.contains(kDataHashKey)) {
    return bad_file(path, "found no checksums (not written by InkNav, or damaged)");
  }
  if (header_hash(header, stored->second) != stored->second) {
    return bad_file(path, "found a header that does not fit its checksum");
  }
  return base::ok_status();
}

bool is_ours(const Metadata& metadata) {
  return std::any_of(metadata.begin(), metadata.end(),
                     [](const auto& entry) { return entry.first.starts_with(kOwnPrefix); });
}

/// The header's length, from a file's first 8 bytes.
base::Result<std::size_t> header_length(std::span<const std::uint8_t> start, std::size_t file_bytes,
                                        const std::filesystem::path& path) {
  if (start.size() < 8) return bad_file(path, "found " + std::to_string(file_bytes) + " bytes");
  std::uint64_t length = 0;
  std::memcpy(&length, start.data(), 8);
  if (length > kMaxHeaderBytes || length > file_bytes - 8) {
    return bad_file(path, "found a header length of " + std::to_string(length) + " in a file of " +
                              std::to_string(file_bytes) + " bytes");
  }
  return static_cast<std::size_t>(length);
}

/// Wide types first, then by name: every tensor is aligned to its element.
std::vector<const NamedSpan*> packed_order(std::span<const NamedSpan> spans) {
  std::vector<const NamedSpan*> order;
  for (const NamedSpan& span : spans) order.push_back(&span);
  std::sort(order.begin(), order.end(), [](const NamedSpan* a, const NamedSpan* b) {
    const std::size_t a_size = size_of(a->type), b_size = size_of(b->type);
    return a_size != b_size ? a_size > b_size : a->name < b->name;
  });
  return order;
}

std::vector<std::uint8_t> framed(const std::string& json) {
  const std::uint64_t length = (json.size() + 7) / 8 * 8;
  std::vector<std::uint8_t> header(8 + length, std::uint8_t{' '});
  std::memcpy(header.data(), &length, 8);
  std::memcpy(header.data() + 8, json.data(), json.size());
  return header;
}

}  // namespace

std::size_t size_of(SpanType type) { return row_of(type).size; }
std::string_view name_of(SpanType type) { return row_of(type).name; }

std::optional<SpanType> span_type_of(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

bool SafetensorsFile::contains(std::string_view name) const { return entries_.contains(std::string(name)); }

base::Result<NamedSpan> SafetensorsFile::find(std::string_view name) const {
  const auto found = entries_.find(std::string(name));
  if (found == entries_.end()) {
    return base::Error{base::ErrorCode::kData, path_.string() + ": tensor " + std::string(name) +
                                                   " was wanted and is not there; is it a checkpoint of this "
                                                   "network?"};
  }
  const Entry& entry = found->second;
  NamedSpan span;
  span.name = found->first;
  span.type = entry.type;
  span.shape = entry.shape;
  span.bytes = std::span(bytes_).subspan(data_begin_ + entry.offset, entry.num_bytes);
  return span;
}

base::Result<std::string> SafetensorsFile::meta(std::string_view key) const {
  const auto found = metadata_.find(std::string(key));
  if (found == metadata_.end()) {
    return base::Error{base::ErrorCode::kData, path_.string() + ": \"" + std::string(key) +
                                                   "\" was wanted in the metadata and is not there"};
  }
  return found->second;
}

base::Result<SafetensorsFile> SafetensorsFile::judge(std::span<const std::uint8_t> start,
                                                     std::size_t file_bytes,
                                                     const std::filesystem::path& path, Checksums checksums) {
  INKNAV_ASSIGN_OR_RETURN(const std::size_t header_bytes, header_length(start, file_bytes, path));
  SafetensorsFile file;
  file.path_ = path;
  file.data_begin_ = 8 + header_bytes;
  if (start.size() < file.data_begin_) return bad_file(path, "found a file that has become shorter");
  const std::size_t data_bytes = file_bytes - file.data_begin_;
  const std::span<const std::uint8_t> header = start.subspan(8, header_bytes);
  INKNAV_ASSIGN_OR_RETURN(const nlohmann::json json,
                          parse_header({reinterpret_cast<const char*>(header.data()), header.size()}, path));
  if (json.size() > kMaxTensors) return bad_file(path, "found more than 100000 tensors");
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadataKey) {
      if (!value.is_object()) return bad_file(path, "found metadata that is not a map");
      for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) return bad_file(path, "found metadata that is not text");
        file.metadata_[key] = text.get<std::string>();
      }
      continue;
    }
    INKNAV_ASSIGN_OR_RETURN(file.entries_[name], entry_of(value, name, data_bytes, path));
  }
  if (!tiles(file.entries_, data_bytes)) return bad_file(path, "found tensors with holes or overlaps");
  file.verified_ =
      checksums == Checksums::kNeeded || (checksums == Checksums::kWhereOurs && is_ours(file.metadata_));
  if (file.verified_) INKNAV_RETURN_IF_ERROR(verify_header(file.metadata_, header, path));
  return file;
}

base::Result<SafetensorsFile> parse_safetensors(std::vector<std::uint8_t> bytes,
                                                const std::filesystem::path& path, Checksums checksums) {
  INKNAV_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::judge(bytes, bytes.size(), path, checksums));
  const std::span<const std::uint8_t> data = std::span(bytes).subspan(file.data_begin_);
  if (file.verified_ && base::xxh3_128(data).hex() != file.metadata_.at(kDataHashKey)) {
    return bad_file(path, "found data that does not fit its checksum");
  }
  file.bytes_ = std::move(bytes);
  return file;
}

base::Result<SafetensorsFile> read_safetensors(const std::filesystem::path& path, Checksums checksums) {
  INKNAV_ASSIGN_OR_RETURN(const base::FileStart length, base::read_file_start(path, 8, kMaxFileBytes));
  INKNAV_ASSIGN_OR_RETURN(const std::size_t header_bytes,
                          header_length(length.bytes, length.file_bytes, path));
  INKNAV_ASSIGN_OR_RETURN(const base::FileStart start,
                          base::read_file_start(path, 8 + header_bytes, kMaxFileBytes));
  INKNAV_RETURN_IF_ERROR(SafetensorsFile::judge(start.bytes, start.file_bytes, path, checksums));
  // Judged again as a whole: the file may be another one by now.
  INKNAV_ASSIGN_OR_RETURN(std::vector<std::uint8_t> bytes, base::read_file(path, kMaxFileBytes));
  return parse_safetensors(std::move(bytes), path, checksums);
}

base::Result<std::vector<std::uint8_t>> safetensors_header(std::span<const NamedSpan> spans,
                                                           const Metadata& metadata) {
  base::Hasher data_hash;
  nlohmann::json json = nlohmann::json::object();
  std::size_t offset = 0;
  for (const NamedSpan* span : packed_order(spans)) {
    const auto bytes = bytes_of(span->type, span->shape);
    INKNAV_CHECK(bytes && *bytes == span->bytes.size(), span->name, span->bytes.size());
    INKNAV_CHECK(span->name != kMetadataKey && !json.contains(span->name), span->name);
    json[span->name] = {{"dtype", name_of(span->type)},
                        {"shape", span->shape},
                        {"data_offsets", {offset, offset + span->bytes.size()}}};
    offset += span->bytes.size();
    data_hash.update(span->bytes.data(), span->bytes.size());
  }
  nlohmann::json meta = metadata;
  meta[kDataHashKey] = data_hash.digest().hex();
  meta[kHeaderHashKey] = kEmptyHash;
  json[kMetadataKey] = meta;
  std::vector<std::uint8_t> header;
  try {
    header = framed(json.dump());
  } catch (const nlohmann::json::exception& error) {
    return base::Error{base::ErrorCode::kData,
                       std::string("checkpoint metadata must be UTF-8, found: ") + error.what()};
  }
  if (header.size() - 8 > kMaxHeaderBytes) {
    return base::Error{base::ErrorCode::kData, "checkpoint header: at most 16 MiB can be written, found " +
                                                   std::to_string(header.size()) +
                                                   " bytes; shorten the metadata"};
  }
  const std::string hash = base::xxh3_128(header.data() + 8, header.size() - 8).hex();
  const std::string field = std::string("\"") + kHeaderHashKey + "\":\"";
  const auto at = std::search(header.begin(), header.end(), field.begin(), field.end());
  INKNAV_CHECK(at != header.end());
  std::copy(hash.begin(), hash.end(), at + static_cast<std::ptrdiff_t>(field.size()));
  return header;
}

base::Status write_safetensors(const std::filesystem::path& path, std::span<const NamedSpan> spans,
                               const Metadata& metadata) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> header, safetensors_header(spans, metadata));
  std::vector<std::span<const std::uint8_t>> parts{header};
  for (const NamedSpan* span : packed_order(spans)) parts.push_back(span->bytes);
  return base::write_file_atomic(path, parts);
}

}  // namespace inknav::run
