// SPDX-License-Identifier: MIT
#pragma once
// TFRecord framing: u64 length, masked CRC32C of the length, payload, masked CRC32C of the payload.
// Pure functions on bytes.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inknav::run {

/// CRC-32C (Castagnoli polynomial 0x1EDC6F41, reflected), as in RFC 3720.
std::uint32_t crc32c(std::string_view bytes);

void append_record(std::string& file, std::string_view payload);

/// Payloads of all whole, intact records from the start; stops at the first broken one.
std::vector<std::string_view> read_records(std::string_view file);

}  // namespace inknav::run
