// SPDX-License-Identifier: MIT
#include "task/json_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

namespace inknav::task {

namespace {

using CharClass = std::array<bool, 256>;

constexpr CharClass class_of(std::string_view chars) {
  CharClass found{};
  for (const char c : chars) found[static_cast<unsigned char>(c)] = true;
  return found;
}

constexpr CharClass kSpace = class_of(" \t\r\n");
constexpr CharClass kStructure = class_of("\"{}[]");
constexpr CharClass kInString = class_of("\"\\");
constexpr CharClass kAfterScalar = class_of(" \t\r\n,]}:\"[{");

bool in(const CharClass& chars, char c) { return chars[static_cast<unsigned char>(c)]; }

/// nlohmann's words for what is wrong with a value that simdjson refused, and where.
struct Fault {
  std::size_t position = 0;
  std::string reason;
};

struct FaultFinder : nlohmann::json_sax<nlohmann::json> {
  Fault fault;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(nlohmann::json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(std::string&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& exception) override {
    fault.position = position;
    fault.reason = exception.what();
    const std::size_t colon = fault.reason.find(": ");
    if (colon != std::string::npos) fault.reason = fault.reason.substr(colon + 2);
    return false;
  }
};

/// Values in `text`, strings told apart from structure.
std::size_t count_values(std::string_view text) {
  std::size_t values = 1;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else {
      values += c == ',' || c == '[' || c == '{' ? 1 : 0;
    }
  }
  return values;
}

}  // namespace

JsonStream::JsonStream(std::unique_ptr<InflateBuffer> file)
    : file_(std::move(file)), parser_(std::make_unique<simdjson::dom::parser>()) {}

base::Result<JsonStream> JsonStream::open(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(auto file, InflateBuffer::open(path));
  JsonStream stream(std::move(file));
  stream.name_ = path.string();
  return stream;
}

base::Error JsonStream::error(std::string_view what) const {
  const base::Status status =
      file_->status();  // a cut or damaged packing is the cause of what follows from it
  if (!status.ok()) return status.error();
  std::string message = name_;
  message += ": ";
  message += what;
  return base::Error{base::ErrorCode::kData, std::move(message)};
}

base::Error JsonStream::fault(std::uint64_t position, std::string_view reason) const {
  std::string what = "JSON is wanted, at byte " + std::to_string(position) + " found a fault (";
  what += reason;
  what += "); the file is cut or damaged, copy it again";
  return error(what);
}

base::Status JsonStream::too_large() const {
  return error("a value of more than " + std::to_string(kMaxValueBytes) + " bytes, which begins at byte " +
               std::to_string(base_ + at_) + "; it is no episode file");
}

/// More text behind end_; what lies before at_ is dropped.
bool JsonStream::refill() {
  const std::string_view block = file_->read_block();
  if (block.empty()) return false;
  file_->token_done();  // values have a limit of their own here
  if (at_ > 0) {
    std::memmove(text_.data(), text_.data() + at_, end_ - at_);
    base_ += at_;
    end_ -= at_;
    at_ = 0;
  }
  const std::size_t wanted = end_ + block.size() + simdjson::SIMDJSON_PADDING;
  if (text_.size() < wanted) text_.resize(std::max(wanted, text_.size() * 3 / 2));
  std::memcpy(text_.data() + end_, block.data(), block.size());
  end_ += block.size();
  return true;
}

void JsonStream::skip_space() {
  for (;;) {
    while (at_ < end_ && in(kSpace, text_[at_])) ++at_;
    if (at_ < end_ || !refill()) return;
  }
}

char JsonStream::peek() {
  skip_space();
  return at_ < end_ ? text_[at_] : '\0';
}

base::Status JsonStream::begin(char open, std::string_view wanted) {
  const char found = peek();
  if (found == '\0') return fault(base_ + at_, "the file ends where a value should begin");
  if (found != open) {
    std::string message(wanted);
    message += ", found ";
    message += found == '[' ? "a list" : found == '{' ? "an object" : "a bare value";
    return error(message + "; is this the right file?");
  }
  ++at_;
  levels_.push_back(false);
  if (static_cast<int>(levels_.size()) > kMaxDepth) {
    return error("nested deeper than " + std::to_string(kMaxDepth) + "; it is no episode file");
  }
  return base::ok_status();
}

base::Status JsonStream::begin_object(std::string_view wanted) { return begin('{', wanted); }
base::Status JsonStream::begin_array(std::string_view wanted) { return begin('[', wanted); }

base::Result<bool> JsonStream::next(char close) {
  INKNAV_CHECK(!levels_.empty());
  char found = peek();
  if (found == close) {
    ++at_;
    levels_.pop_back();
    return false;
  }
  if (levels_.back()) {
    if (found != ',') {
      return fault(base_ + at_, found == '\0' ? "the file ends inside a list or an object"
                                              : "a comma or the end of the list or object is wanted");
    }
    ++at_;
    found = peek();
  }
  levels_.back() = true;
  if (found == '\0') return fault(base_ + at_, "the file ends inside a list or an object");
  return true;
}

base::Result<bool> JsonStream::next_element() { return next(']'); }

base::Result<bool> JsonStream::next_key(std::string& key) {
  INKNAV_ASSIGN_OR_RETURN(const bool more, next('}'));
  if (!more) return false;
  if (peek() != '"') return fault(base_ + at_, "a key in quotes is wanted");
  INKNAV_ASSIGN_OR_RETURN(const simdjson::dom::element text, value());
  const std::string_view view = text.get_string().value_unsafe();
  key.assign(view);
  if (peek() != ':') return fault(base_ + at_, "a colon is wanted after a key");
  ++at_;
  return true;
}

/// `end` is one behind the opening quote at first and one behind the closing quote then.
base::Status JsonStream::scan_string(std::size_t& end) {
  for (;;) {
    while (end < end_ && !in(kInString, text_[end])) ++end;
    if (end < end_ && text_[end] == '"') {
      ++end;
      return base::ok_status();
    }
    if (end + 1 < end_) {
      end += 2;  // a backslash takes the next char with it
      continue;
    }
    if (end - at_ > kMaxValueBytes) return too_large();
    const std::size_t before = at_;
    if (!refill()) return fault(base_ + end, "the file ends inside a text");
    end -= before - at_;
  }
}

base::Status JsonStream::scan_structure(std::size_t& end) {
  int depth = 0;
  for (;;) {
    while (end < end_ && !in(kStructure, text_[end])) ++end;
    if (end - at_ > kMaxValueBytes) return too_large();
    if (end == end_) {
      const std::size_t before = at_;
      if (!refill()) return fault(base_ + end, "the file ends inside a list or an object");
      end -= before - at_;
      continue;
    }
    const char c = text_[end++];
    if (c == '"') {
      INKNAV_RETURN_IF_ERROR(scan_string(end));
    } else if (c == '{' || c == '[') {
      if (++depth + static_cast<int>(levels_.size()) > kMaxDepth) {
        return error("nested deeper than " + std::to_string(kMaxDepth) + "; it is no episode file");
      }
    } else if (--depth == 0) {
      return base::ok_status();
    }
  }
}

/// The text of the next value, which is used up.
base::Result<std::string_view> JsonStream::take() {
  const char first = peek();
  if (first == '\0') return fault(base_ + at_, "the file ends where a value should begin");
  std::size_t end = at_ + 1;
  if (first == '"') {
    INKNAV_RETURN_IF_ERROR(scan_string(end));
  } else if (first == '{' || first == '[') {
    end = at_;
    INKNAV_RETURN_IF_ERROR(scan_structure(end));
  } else {
    for (;;) {
      while (end < end_ && !in(kAfterScalar, text_[end])) ++end;
      if (end < end_) break;
      if (end - at_ > kMaxValueBytes) return too_large().error();
      const std::size_t before = at_;
      if (!refill()) break;
      end -= before - at_;
    }
  }
  if (end - at_ > kMaxValueBytes) return too_large().error();
  const std::string_view text(text_.data() + at_, end - at_);
  at_ = end;
  return text;
}

base::Result<simdjson::dom::element> JsonStream::parse(std::string_view text) {
  if (text.size() > 2 * kMaxValues && count_values(text) > kMaxValues) {
    return error("a value at byte " + std::to_string(base_ + at_ - text.size()) +
                 " has too many values, more than " + std::to_string(kMaxValues) + "; it is no episode file");
  }
  simdjson::dom::element element;
  const simdjson::error_code code = parser_->parse(text.data(), text.size(), false).get(element);
  if (code == simdjson::SUCCESS) return element;
  FaultFinder finder;
  nlohmann::json::sax_parse(text.begin(), text.end(), &finder);
  if (finder.fault.reason.empty()) finder.fault.reason = simdjson::error_message(code);
  return fault(base_ + at_ - text.size() + finder.fault.position, finder.fault.reason);
}

base::Result<simdjson::dom::element> JsonStream::value() {
  INKNAV_ASSIGN_OR_RETURN(const std::string_view text, take());
  return parse(text);
}

base::Status JsonStream::skip() {
  const auto skipped = value();
  if (!skipped.ok()) return skipped.error();
  return base::ok_status();
}

base::Status JsonStream::finish() {
  INKNAV_CHECK(levels_.empty());
  const char found = peek();
  INKNAV_RETURN_IF_ERROR(file_->status());
  if (found != '\0') return fault(base_ + at_, "the end of the file is wanted");
  return base::ok_status();
}

}  // namespace inknav::task
