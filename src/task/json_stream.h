// SPDX-License-Identifier: MIT
#pragma once
// JsonStream: a JSON file too large for a tree, read piece by piece: the outer objects and lists are walked,
// and one value at a time (an episode, a goal) is parsed whole.
//
//   stream.begin_object(); while (*stream.next_key(key)) { if (key == "episodes") ...; else stream.skip(); }
//   stream.finish();
//
// The file is untrusted: at most 16 levels, kMaxValueBytes and kMaxValues for one value, and InflateBuffer's
// limits. Every byte is checked: what is walked, parsed or skipped must be JSON and UTF-8. Once a call has
// failed, no other may follow. Errors are kData with file and byte. Memory: one value and simdjson's tables
// for it (12 bytes a byte of the longest). About 1 GB/s without unpacking. Not thread-safe.

#include <simdjson.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "task/inflate_stream.h"

namespace inknav::task {

class JsonStream {
 public:
  static constexpr int kMaxDepth = 16;
  static constexpr std::size_t kMaxValueBytes = 16u << 20;
  static constexpr std::size_t kMaxValues = 200'000;  // in one value

  static base::Result<JsonStream> open(const std::filesystem::path& path);

  const std::string& name() const { return name_; }
  /// What the next value begins with: { [ " t f n or a part of a number; 0 at the end of the file.
  char peek();

  /// The next value must be an object (a list); error `wanted` + ", found ..." otherwise.
  base::Status begin_object(std::string_view wanted);
  base::Status begin_array(std::string_view wanted);
  /// The next key of the innermost object; false: the object has ended.
  base::Result<bool> next_key(std::string& key);
  /// Whether the innermost list has another element, which is then the next value.
  base::Result<bool> next_element();
  /// The next value, whole. Valid until the next call of this object.
  base::Result<simdjson::dom::element> value();
  base::Status skip();
  /// Nothing but white space is left.
  base::Status finish();

  std::uint64_t bytes_read() const { return base_ + at_; }
  /// Of buffers and the parser, now and at most so far (they never shrink).
  std::size_t buffer_bytes() const { return text_.capacity() + parser_->capacity() * kParserBytes; }

 private:
  static constexpr std::size_t kParserBytes = 14;  // simdjson: tape 8, text 5/3, index 4 a byte of capacity
  explicit JsonStream(std::unique_ptr<InflateBuffer> file);
  bool refill();
  void skip_space();
  base::Status begin(char open, std::string_view wanted);
  base::Result<bool> next(char close);
  base::Result<std::string_view> take();
  base::Status scan_structure(std::size_t& end);
  base::Status scan_string(std::size_t& end);
  base::Status too_large() const;
  base::Result<simdjson::dom::element> parse(std::string_view text);
  base::Error error(std::string_view what) const;
  base::Error fault(std::uint64_t position, std::string_view reason) const;

  std::unique_ptr<InflateBuffer> file_;
  std::string name_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  std::vector<char> text_;  // text_[at_, end_) is read and not used yet; SIMDJSON_PADDING bytes follow
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint64_t base_ = 0;  // place of text_[0] in the unpacked file
  std::vector<bool>
      levels_;  // the objects and lists around the next value: whether anything was read of them
};

}  // namespace inknav::task
