// SPDX-License-Identifier: MIT
#pragma once
// Typed reading of one parsed JSON value. Every function takes the place of the value, which costs nothing
// until an error names it: "val.json.gz: episodes[12].goals[0].position must be 3 finite numbers ...". Pure;
// errors are kData.

#include <simdjson.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/geometry.h"
#include "base/result.h"

namespace inknav::task {

using JsonElement = simdjson::dom::element;
using JsonObject = simdjson::dom::object;
using JsonArray = simdjson::dom::array;

/// Where a value stands: a chain of keys and indices on the caller's stack. A place must outlive those made
/// from it.
class JsonPlace {
 public:
  explicit JsonPlace(const std::string& file) : file_(&file) {}
  JsonPlace key(std::string_view name) const { return {this, name, -1}; }
  JsonPlace index(std::size_t i) const { return {this, {}, static_cast<std::int64_t>(i)}; }

  /// "episodes[12].goals[0].position", without the file.
  std::string text() const;
  /// "<file>: <text()> <what>"
  base::Error error(std::string_view what) const;
  /// error("must be <wanted>, found <value>")
  base::Error mismatch(std::string_view wanted, const JsonElement& found) const;

 private:
  JsonPlace(const JsonPlace* parent, std::string_view key, std::int64_t index)
      : file_(parent->file_), parent_(parent), key_(key), index_(index) {}

  const std::string* file_;
  const JsonPlace* parent_ = nullptr;
  std::string_view key_;
  std::int64_t index_ = -1;
};

/// JSON of the value, at most 60 bytes, whole characters.
std::string short_text(const JsonElement& value);

inline constexpr double kMaxCoordinate = 1e5;  // metres

base::Result<JsonObject> read_object(const JsonElement& value, const JsonPlace& place);
base::Result<JsonArray> read_array(const JsonElement& value, const JsonPlace& place);
base::Result<std::string_view> read_text(const JsonElement& value, const JsonPlace& place);
/// A text, or an integer in decimals; not empty with `required`.
base::Status read_identifier(const JsonElement& value, const JsonPlace& place, bool required,
                             std::string& out);
/// In [low, high].
base::Status read_number(const JsonElement& value, const JsonPlace& place, double low, double high,
                         float& out);
base::Result<std::int64_t> read_integer(const JsonElement& value, const JsonPlace& place, std::int64_t low,
                                        std::int64_t high);
/// Exactly out.size() finite numbers of at most kMaxCoordinate.
base::Status read_numbers(const JsonElement& value, const JsonPlace& place, std::span<float> out);
base::Status read_point(const JsonElement& value, const JsonPlace& place, base::Vec3& out);
/// A unit quaternion [x, y, z, w], to 5 %; normalised.
base::Status read_rotation(const JsonElement& value, const JsonPlace& place, base::Quat& out);

}  // namespace inknav::task
