// SPDX-License-Identifier: MIT
#include "run/shown_text.h"

#include <cstddef>
#include <cstdint>

namespace inknav::run {
namespace {

constexpr std::size_t kMaxShown = 80;

/// Bytes of the character that begins at `at`; 0 when it is a control character or no UTF-8 (overlong
/// forms, surrogates and what lies beyond U+10FFFF are none).
std::size_t character_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7F ? 1 : 0;
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < size) return 0;
  std::uint32_t code = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(at + i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool control = code < 0xA0 || code == 0x2028 || code == 0x2029 || (code >= 0x202A && code <= 0x202E);
  return overlong || surrogate || control || code > 0x10FFFF ? 0 : size;
}

}  // namespace

bool is_plain_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = character_size(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string shown_text(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    if (at >= kMaxShown) return out + "...\"";
    const std::size_t size = character_size(text, at);
    if (size > 0) {
      out += text.substr(at, size);
      at += size;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[at++]);
    out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out + "\"";
}

}  // namespace inknav::run
