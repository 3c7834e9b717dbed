// SPDX-License-Identifier: MIT
#include "task/json_text.h"

#include <zlib.h>

#include <charconv>
#include <cmath>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/file.h"

namespace inknav::task {

namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KiB window, gzip wrapping

/// The same bytes for the same text: the gzip header carries no time and no name.
std::vector<std::uint8_t> gzip(const std::string& text) {
  z_stream zlib{};
  INKNAV_CHECK(deflateInit2(&zlib, 6, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<std::uint8_t> out(deflateBound(&zlib, text.size()));
  std::string copy = text;  // zlib's next_in is not const
  zlib.next_in = reinterpret_cast<Bytef*>(copy.data());
  zlib.avail_in = static_cast<uInt>(copy.size());
  zlib.next_out = out.data();
  zlib.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&zlib, Z_FINISH);
  INKNAV_CHECK(code == Z_STREAM_END, code);
  out.resize(zlib.total_out);
  deflateEnd(&zlib);
  return out;
}

}  // namespace

void JsonText::separate() {
  if (comma_) text_ += ',';
  comma_ = true;
}

JsonText& JsonText::begin(char open) {
  separate();
  text_ += open;
  comma_ = false;
  return *this;
}

JsonText& JsonText::end(char close) {
  text_ += close;
  comma_ = true;
  return *this;
}

JsonText& JsonText::line() {
  if (comma_) text_ += ',';
  comma_ = false;
  text_ += '\n';
  return *this;
}

JsonText& JsonText::end_line() {
  text_ += '\n';
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  separate();
  append_quoted(name);
  text_ += ':';
  comma_ = false;
  return *this;
}

JsonText& JsonText::text(std::string_view value) {
  separate();
  append_quoted(value);
  return *this;
}

JsonText& JsonText::number(float value) {
  separate();
  char digits[64];
  std::to_chars_result result{};
  if (decimals_ < 0) {
    result = std::to_chars(digits, digits + sizeof(digits), value);
  } else {
    result = std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::fixed, decimals_);
  }
  text_.append(digits, result.ptr);
  return *this;
}

JsonText& JsonText::numbers(const float* values, int count) {
  begin('[');
  for (int i = 0; i < count; ++i) number(values[i]);
  return end(']');
}

JsonText& JsonText::integer(std::int64_t value) {
  separate();
  text_ += std::to_string(value);
  return *this;
}

JsonText& JsonText::null() {
  separate();
  text_ += "null";
  return *this;
}

void JsonText::append_quoted(std::string_view value) {
  constexpr char kHex[] = "0123456789abcdef";
  text_ += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      text_ += "\\u00";
      text_ += kHex[(c >> 4) & 15];
      text_ += kHex[c & 15];
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

base::Status write_json_text(const std::filesystem::path& path, const std::string& text) {
  if (path.extension() != ".gz") return base::write_text_atomic(path, text);
  if (text.size() > (2ull << 30)) {
    return base::Error{base::ErrorCode::kData,
                       path.string() + ": at most 2 GiB of JSON are written into one file, there are " +
                           std::to_string(text.size()) + " bytes; split the episodes"};
  }
  const std::vector<std::uint8_t> packed = gzip(text);
  return base::write_file_atomic(path, std::span<const std::uint8_t>(packed));
}

}  // namespace inknav::task
