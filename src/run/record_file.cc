// SPDX-License-Identifier: MIT
#include "run/record_file.h"

#include <array>
#include <cstring>

namespace inknav::run {
namespace {

constexpr std::size_t kHeaderBytes = 12;  // length and its checksum
constexpr std::size_t kFooterBytes = 4;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1u) != 0 ? 0x82F63B78u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = make_table();

/// The framing stores checksums rotated and offset, so that a checksum of checksums is not degenerate.
std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

template <typename T>
void append_value(std::string& file, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  file.append(bytes, sizeof(T));
}

template <typename T>
T value_at(std::string_view file, std::size_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return value;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFu] ^ (crc >> 8);
  return ~crc;
}

void append_record(std::string& file, std::string_view payload) {
  std::string length;
  append_value(length, std::uint64_t{payload.size()});
  file += length;
  append_value(file, masked_crc32c(length));
  file += payload;
  append_value(file, masked_crc32c(payload));
}

std::vector<std::string_view> read_records(std::string_view file) {
  std::vector<std::string_view> records;
  std::size_t offset = 0;
  while (file.size() - offset >= kHeaderBytes + kFooterBytes) {
    if (value_at<std::uint32_t>(file, offset + 8) != masked_crc32c(file.substr(offset, 8))) break;
    const auto length = value_at<std::uint64_t>(file, offset);
    if (length > file.size() - offset - kHeaderBytes - kFooterBytes) break;
    const std::string_view payload = file.substr(offset + kHeaderBytes, length);
    if (value_at<std::uint32_t>(file, offset + kHeaderBytes + length) != masked_crc32c(payload)) break;
    records.push_back(payload);
    offset += kHeaderBytes + length + kFooterBytes;
  }
  return records;
}

}  // namespace inknav::run
