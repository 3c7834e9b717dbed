// SPDX-License-Identifier: MIT
#pragma once
// JsonText: JSON written piece by piece; commas come by themselves. Numbers are the shortest decimals that
// read back as the same float32, or are rounded to a fixed number of decimals. Files end in .json or .json.gz
// and are written atomically; the same text gives the same bytes. Not thread-safe.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace inknav::task {

class JsonText {
 public:
  /// decimals < 0: as many as float32 needs.
  explicit JsonText(int decimals = -1) : decimals_(decimals) {}

  JsonText& begin(char open);  // '{' or '['
  JsonText& end(char close);   // '}' or ']'
  JsonText& key(std::string_view name);
  JsonText& text(std::string_view value);
  JsonText& number(float value);
  JsonText& numbers(const float* values, int count);  // a list
  JsonText& integer(std::int64_t value);
  JsonText& null();
  /// A line break before the next value, or before an end; for files that people look into.
  JsonText& line();
  JsonText& end_line();

  const std::string& text() const { return text_; }

 private:
  void separate();
  void append_quoted(std::string_view value);

  int decimals_;
  bool comma_ = false;  // the next value follows another
  std::string text_;
};

/// By the ending of `path` packed or not. kData when the text is larger than one gzip call takes (2 GiB).
base::Status write_json_text(const std::filesystem::path& path, const std::string& text);

}  // namespace inknav::task
