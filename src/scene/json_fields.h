// SPDX-License-Identifier: MIT
#pragma once
// Checked reading of untrusted JSON objects. Internal to the module. Every function names the place in its
// error (kData). A key that is absent gives the stated default; a key of the wrong type is an error.

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::scene::internal {

using Json = nlohmann::json;

/// Where in the document: "accessors[12]", or "stages.default_attributes" for what is no list.
struct JsonPlace {
  const char* list = "";
  std::size_t index = 0;
  bool is_list = true;
  std::string text() const;
};

base::Error json_error(const JsonPlace& place, std::string_view what);

/// Parses after checking size and nesting depth (scene/limits.h); the root must be an object.
base::Result<Json> parse_json(std::span<const std::uint8_t> text);

/// Null when absent. Error unless the value is an object (array).
base::Result<const Json*> find_object(const Json& object, const char* key, const JsonPlace& place);
base::Result<const Json*> find_array(const Json& object, const char* key, const JsonPlace& place);

/// Integer in [0, limit); `absent` when the key is not there and `required` is false.
base::Result<int> read_index(const Json& object, const char* key, std::size_t limit, const JsonPlace& place,
                             int absent = -1);
base::Result<std::size_t> read_size(const Json& object, const char* key, std::size_t absent,
                                    const JsonPlace& place);
base::Result<double> read_number(const Json& object, const char* key, double absent, const JsonPlace& place);
base::Result<bool> read_bool(const Json& object, const char* key, bool absent, const JsonPlace& place);
base::Result<std::string> read_string(const Json& object, const char* key, std::string absent,
                                      const JsonPlace& place);
/// Finite numbers into `out`, which keeps its values when the key is absent; the array must have out.size()
/// of them. Returns whether it was there.
base::Result<bool> read_numbers(const Json& object, const char* key, std::span<double> out,
                                const JsonPlace& place);

}  // namespace inknav::scene::internal
