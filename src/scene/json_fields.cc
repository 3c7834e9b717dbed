// SPDX-License-Identifier: MIT
#include "scene/json_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

/// Greatest nesting of brackets outside strings.
int nesting_depth(std::span<const std::uint8_t> text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = static_cast<char>(text[i]);
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

base::Result<const Json*> find_typed(const Json& object, const char* key, Json::value_t type,
                                     const char* wanted, const JsonPlace& place) {
  const auto it = object.find(key);
  if (it == object.end()) return static_cast<const Json*>(nullptr);
  if (it->type() != type) return json_error(place, fmt::format("'{}' must be {}", key, wanted));
  return &*it;
}

}  // namespace

std::string JsonPlace::text() const {
  if (*list == '\0') return "the file";
  return is_list ? fmt::format("{}[{}]", list, index) : std::string(list);
}

base::Error json_error(const JsonPlace& place, std::string_view what) {
  return {base::ErrorCode::kData, fmt::format("{}: {}", place.text(), what)};
}

base::Result<Json> parse_json(std::span<const std::uint8_t> text) {
  const JsonPlace top;
  if (text.size() > kMaxJsonBytes) {
    return json_error(
        top, fmt::format("at most {} bytes of JSON are read, {} are there", kMaxJsonBytes, text.size()));
  }
  if (nesting_depth(text) > kMaxJsonDepth) {
    return json_error(top, fmt::format("the JSON is nested deeper than {}", kMaxJsonDepth));
  }
  try {
    Json root = Json::parse(text.begin(), text.end());
    if (!root.is_object())
      return json_error(top, "a JSON object is wanted at the top, something else is there");
    return root;
  } catch (const Json::exception& exception) {
    return json_error(top, fmt::format("valid JSON is wanted: {}", exception.what()));
  }
}

base::Result<const Json*> find_object(const Json& object, const char* key, const JsonPlace& place) {
  return find_typed(object, key, Json::value_t::object, "an object", place);
}

base::Result<const Json*> find_array(const Json& object, const char* key, const JsonPlace& place) {
  return find_typed(object, key, Json::value_t::array, "an array", place);
}

base::Result<int> read_index(const Json& object, const char* key, std::size_t limit, const JsonPlace& place,
                             int absent) {
  const auto it = object.find(key);
  if (it == object.end()) return absent;
  if (!it->is_number_unsigned() || it->get<std::uint64_t>() >= limit ||
      it->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
    return json_error(place,
                      fmt::format("'{}' must be a whole number below {}, found {}", key, limit,
                                  it->dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40)));
  }
  return static_cast<int>(it->get<std::uint64_t>());
}

base::Result<std::size_t> read_size(const Json& object, const char* key, std::size_t absent,
                                    const JsonPlace& place) {
  const auto it = object.find(key);
  if (it == object.end()) return absent;
  // 2^48 bytes or elements: far beyond any limit, and sums and products of two stay within 64 bits.
  if (!it->is_number_unsigned() || it->get<std::uint64_t>() > (std::uint64_t{1} << 48)) {
    return json_error(place,
                      fmt::format("'{}' must be a whole number, found {}", key,
                                  it->dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40)));
  }
  return static_cast<std::size_t>(it->get<std::uint64_t>());
}

base::Result<double> read_number(const Json& object, const char* key, double absent, const JsonPlace& place) {
  const auto it = object.find(key);
  if (it == object.end()) return absent;
  if (!it->is_number() || !std::isfinite(it->get<double>())) {
    return json_error(place, fmt::format("'{}' must be a finite number", key));
  }
  return it->get<double>();
}

base::Result<bool> read_bool(const Json& object, const char* key, bool absent, const JsonPlace& place) {
  const auto it = object.find(key);
  if (it == object.end()) return absent;
  if (!it->is_boolean()) return json_error(place, fmt::format("'{}' must be true or false", key));
  return it->get<bool>();
}

base::Result<std::string> read_string(const Json& object, const char* key, std::string absent,
                                      const JsonPlace& place) {
  const auto it = object.find(key);
  if (it == object.end()) return absent;
  if (!it->is_string()) return json_error(place, fmt::format("'{}' must be a string", key));
  return it->get<std::string>();
}

base::Result<bool> read_numbers(const Json& object, const char* key, std::span<double> out,
                                const JsonPlace& place) {
  const auto it = object.find(key);
  if (it == object.end()) return false;
  const bool right_size = it->is_array() && it->size() == out.size();
  if (!right_size)
    return json_error(place, fmt::format("'{}' must be an array of {} numbers", key, out.size()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Json& value = (*it)[i];
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
      return json_error(place, fmt::format("'{}' must be an array of {} finite numbers", key, out.size()));
    }
    out[i] = value.get<double>();
  }
  return true;
}

}  // namespace inknav::scene::internal
