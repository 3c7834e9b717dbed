// SPDX-License-Identifier: MIT
#include "sketch/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace inknav::sketch::internal {
namespace {

using nlohmann::json;

base::Error data_error(std::string message) { return {base::ErrorCode::kData, std::move(message)}; }

int nesting(std::string_view text) {
  int depth = 0, greatest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') greatest = std::max(greatest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return greatest;
}

const json& null_json() {
  static const json kNull;
  return kNull;
}
const json& empty_array() {
  static const json kEmpty = json::array();
  return kEmpty;
}

}  // namespace

base::Result<json> parse_object(std::string_view text, std::string_view name) {
  if (text.size() > kMaxJsonBytes) {
    return data_error(
        fmt::format("{}: at most {} bytes of JSON are read, found {}", name, kMaxJsonBytes, text.size()));
  }
  if (const int depth = nesting(text); depth > kMaxJsonDepth) {
    return data_error(
        fmt::format("{}: at most {} levels of nesting are read, found {}", name, kMaxJsonDepth, depth));
  }
  try {
    json value = json::parse(text.begin(), text.end());
    if (!value.is_object()) {
      return data_error(fmt::format("{}: a JSON object is wanted, found {}", name, value.type_name()));
    }
    return value;
  } catch (const json::exception& e) {
    return data_error(
        fmt::format("{}: not valid JSON ({}); the file is damaged or truncated", name, e.what()));
  }
}

Fields::Fields(const json& value, std::string where) : value_(value), where_(std::move(where)) {
  if (!value_.is_object())
    fault_ = fmt::format("{}: an object is wanted, found {}", where_, value_.type_name());
}

void Fields::fail(const std::string& key, const std::string& message) {
  if (fault_.empty()) fault_ = fmt::format("{}.{}: {}", where_, key, message);
}

const json& Fields::member(const char* key) {
  read_.emplace_back(key);
  if (!value_.is_object()) return null_json();
  const auto found = value_.find(key);
  if (found == value_.end()) {
    fail(key, "is wanted and is not there");
    return null_json();
  }
  return *found;
}

double Fields::number(const char* key, double low, double high) {
  const json& value = member(key);
  if (!value.is_number()) {
    fail(key, fmt::format("a number is wanted, found {}", value.type_name()));
    return low;
  }
  const double x = value.get<double>();
  if (!(x >= low && x <= high)) {
    fail(key, fmt::format("a number in [{}, {}] is wanted, found {}", low, high, x));
    return low;
  }
  return x;
}

std::int64_t Fields::integer(const char* key, std::int64_t low, std::int64_t high) {
  const json& value = member(key);
  const bool fits =
      value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
  if (!fits || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
    fail(key, fmt::format("an integer in [{}, {}] is wanted, found {}", low, high,
                          value.is_number() ? value.dump() : value.type_name()));
    return low;
  }
  return value.get<std::int64_t>();
}

std::uint64_t Fields::unsigned_integer(const char* key) {
  const json& value = member(key);
  if (!value.is_number_unsigned()) {
    fail(key, fmt::format("a non-negative integer is wanted, found {}",
                          value.is_number() ? value.dump() : value.type_name()));
    return 0;
  }
  return value.get<std::uint64_t>();
}

bool Fields::boolean(const char* key) {
  const json& value = member(key);
  if (!value.is_boolean()) {
    fail(key, fmt::format("true or false is wanted, found {}", value.type_name()));
    return false;
  }
  return value.get<bool>();
}

std::string Fields::text(const char* key, std::size_t max_length) {
  const json& value = member(key);
  if (!value.is_string()) {
    fail(key, fmt::format("a text is wanted, found {}", value.type_name()));
    return {};
  }
  const auto& found = value.get_ref<const std::string&>();
  if (found.size() > max_length) {
    fail(key, fmt::format("at most {} characters are wanted, found {}", max_length, found.size()));
    return {};
  }
  return found;
}

const json& Fields::array(const char* key, std::size_t max_count) {
  const json& value = member(key);
  if (!value.is_array()) {
    fail(key, fmt::format("an array is wanted, found {}", value.type_name()));
    return empty_array();
  }
  if (value.size() > max_count) {
    fail(key, fmt::format("at most {} entries are wanted, found {}", max_count, value.size()));
    return empty_array();
  }
  return value;
}

std::vector<double> Fields::numbers(const char* key, std::size_t stride, std::size_t max_count,
                                    double limit) {
  const json& value = array(key, max_count);
  std::vector<double> result;
  if (value.size() % stride != 0) {
    fail(key, fmt::format("a multiple of {} numbers is wanted, found {}", stride, value.size()));
    return result;
  }
  result.reserve(value.size());
  for (const json& entry : value) {
    const double x = entry.is_number() ? entry.get<double>() : NAN;
    if (!(std::abs(x) <= limit)) {
      fail(fmt::format("{}[{}]", key, result.size()),
           fmt::format("a number within +-{} is wanted, found {}", limit,
                       entry.is_number() ? entry.dump() : entry.type_name()));
      return {};
    }
    result.push_back(x);
  }
  return result;
}

base::Vec2 Fields::point(const char* key, double limit) {
  const std::vector<double> xy = numbers(key, 2, 2, limit);
  if (xy.size() != 2) {
    fail(key, "two numbers are wanted");
    return base::Vec2(0.0f);
  }
  return base::Vec2(static_cast<float>(xy[0]), static_cast<float>(xy[1]));
}

base::Status Fields::finish() {
  if (!fault_.empty()) return data_error(fault_);
  for (const auto& item : value_.items()) {
    if (std::find(read_.begin(), read_.end(), item.key()) == read_.end()) {
      return data_error(fmt::format("{}.{}: unknown key; written by a newer version?", where_, item.key()));
    }
  }
  return base::ok_status();
}

}  // namespace inknav::sketch::internal
