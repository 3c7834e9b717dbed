// SPDX-License-Identifier: MIT
#pragma once
// For tests: pickles and archives put together by hand, sound ones and ones that lie.

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inknav::run::testing_files {

using Bytes = std::vector<std::uint8_t>;

inline Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

inline std::string little(std::uint64_t value, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

// Opcodes of pickle protocol 2, as text to be joined.
inline const std::string kBegin = "\x80\x02";
inline std::string text(std::string_view value) { return "X" + little(value.size(), 4) + std::string(value); }
inline std::string integer(std::int64_t value) {
  return "\x8a\x08" + little(static_cast<std::uint64_t>(value), 8);
}
inline std::string global(std::string_view module, std::string_view name) {
  std::string line(1, 'c');  // put together piece by piece: g++ 12 warns of the short form
  line += module;
  line += '\n';
  line += name;
  line += '\n';
  return line;
}
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::string out = "(";
  for (const std::int64_t value : values) out += integer(value);
  return out + "t";
}
inline const std::string kOrderedDict = global("collections", "OrderedDict") + ")R";

inline std::string storage(std::string_view type, std::string_view key, std::int64_t elements) {
  return "(" + text("storage") + global("torch", type) + text(key) + text("cpu") + integer(elements) + "tQ";
}

struct TensorText {
  std::string type = "FloatStorage";
  std::string key = "0";
  std::int64_t elements = 6;
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes = {2, 3}, strides = {3, 1};
};
inline std::string tensor(const TensorText& t) {
  return global("torch._utils", "_rebuild_tensor_v2") + "(" + storage(t.type, t.key, t.elements) +
         integer(t.offset) + integers(t.sizes) + integers(t.strides) + "\x89" + kOrderedDict + "tR";
}
/// {"state_dict": OrderedDict(entries)}, entries being texts and tensors in turn; `beside` likewise in the
/// outer dict.
inline std::string checkpoint(const std::string& entries, const std::string& beside = "") {
  return kBegin + "}(" + text("state_dict") + kOrderedDict + "(" + entries + "u" + beside + "u.";
}

/// An entry of an archive; what is set differs from the truth.
struct RawEntry {
  std::string name;
  std::string content = {};
  std::optional<std::string> local_name = {};
  std::optional<std::uint32_t> size = {}, packed_size = {}, crc = {}, local_size = {}, local_crc = {};
  std::optional<std::uint32_t> offset = {}, descriptor_size = {};
  std::uint16_t flags = 0, local_flags = 0, method = 0;
  std::string extra = {}, local_extra = {};
  bool descriptor = false;  // as PyTorch writes: zeros in the local header, the numbers behind the content
};

struct RawEnd {
  std::optional<std::uint16_t> count = {};
  std::optional<std::uint32_t> directory_size = {}, directory_offset = {};
  std::optional<std::uint64_t> count64 = {}, size64 = {}, offset64 = {};
  bool zip64 = false;
  std::string behind = {};  // after the end record
};

inline std::string raw_zip(const std::vector<RawEntry>& entries, const RawEnd& end = {}) {
  std::string file, directory;
  for (const RawEntry& e : entries) {
    const auto true_crc = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(e.content.data()), e.content.size()));
    const auto true_size = static_cast<std::uint32_t>(e.content.size());
    const std::uint32_t crc = e.crc.value_or(true_crc), size = e.size.value_or(true_size);
    const std::uint32_t packed = e.packed_size.value_or(size);
    const std::uint16_t flag = e.descriptor ? 8 : 0;
    const std::string local_name = e.local_name.value_or(e.name);
    const std::size_t offset = file.size();
    file += "PK\x03\x04" + little(20, 2) + little(e.flags | e.local_flags | flag, 2) + little(e.method, 2) +
            little(0, 4) + little(e.descriptor ? 0 : e.local_crc.value_or(crc), 4) +
            little(e.descriptor ? 0 : e.local_size.value_or(packed), 4) +
            little(e.descriptor ? 0 : e.local_size.value_or(size), 4) + little(local_name.size(), 2) +
            little(e.local_extra.size(), 2) + local_name + e.local_extra + e.content;
    if (e.descriptor) {
      const std::uint32_t told = e.descriptor_size.value_or(size);
      file += "PK\x07\x08" + little(crc, 4) + little(told, 4) + little(told, 4);
    }
    directory += "PK\x01\x02" + little(20, 2) + little(20, 2) + little(e.flags | flag, 2) +
                 little(e.method, 2) + little(0, 4) + little(crc, 4) + little(packed, 4) + little(size, 4) +
                 little(e.name.size(), 2) + little(e.extra.size(), 2) + std::string(10, '\0') +
                 little(e.offset.value_or(static_cast<std::uint32_t>(offset)), 4) + e.name + e.extra;
  }
  const std::uint32_t at = end.directory_offset.value_or(static_cast<std::uint32_t>(file.size()));
  const std::uint32_t size = end.directory_size.value_or(static_cast<std::uint32_t>(directory.size()));
  const std::uint16_t count = end.count.value_or(static_cast<std::uint16_t>(entries.size()));
  file += directory;
  if (end.zip64) {
    const std::size_t end64 = file.size();
    const std::uint64_t count64 = end.count64.value_or(count);
    file += "PK\x06\x06" + little(44, 8) + little(0x2d031e, 4) + little(0, 8) + little(count64, 8) +
            little(count64, 8) + little(end.size64.value_or(size), 8) + little(end.offset64.value_or(at), 8);
    file += "PK\x06\x07" + little(0, 4) + little(end64, 8) + little(1, 4);
  }
  return file + "PK\x05\x06" + little(0, 4) + little(count, 2) + little(count, 2) + little(size, 4) +
         little(at, 4) + little(0, 2) + end.behind;
}

/// A weight file with this pickle and these storages, laid out as torch.save of 2.x does.
inline std::string weight_file(const std::string& pickle,
                               const std::vector<std::pair<std::string, std::string>>& storages) {
  std::vector<RawEntry> entries = {
      {.name = "weights/data.pkl", .content = pickle, .descriptor = true},
      {.name = "weights/.format_version", .content = "1", .descriptor = true},
      {.name = "weights/.storage_alignment", .content = "64", .descriptor = true},
      {.name = "weights/byteorder", .content = "little", .descriptor = true}};
  for (const auto& [key, content] : storages) {
    entries.push_back({.name = "weights/data/" + key, .content = content, .descriptor = true});
  }
  entries.push_back({.name = "weights/version", .content = "3\n", .descriptor = true});
  entries.push_back(
      {.name = "weights/.data/serialization_id", .content = std::string(40, '7'), .descriptor = true});
  return raw_zip(entries, {.zip64 = true});
}

}  // namespace inknav::run::testing_files
