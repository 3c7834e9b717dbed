// SPDX-License-Identifier: MIT
#pragma once
// Strict reading of JSON that came from outside: every key is wanted and known, every number is finite and in
// range, nesting and size are bounded. Internal to this module (pulls in nlohmann/json).
//
// Fields reads one object. The first fault is kept and every later read returns a default, so a reader is
// written straight down and asks finish() once. Messages read "<where>.<key>: <wanted>, found <what>".

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"

namespace inknav::sketch::internal {

inline constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 20;
inline constexpr int kMaxJsonDepth = 12;

/// Parses text that must be one JSON object. `name` is the file or other origin for messages.
base::Result<nlohmann::json> parse_object(std::string_view text, std::string_view name);

class Fields {
 public:
  Fields(const nlohmann::json& value, std::string where);

  double number(const char* key, double low, double high);
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high);
  std::uint64_t unsigned_integer(const char* key);
  bool boolean(const char* key);
  std::string text(const char* key, std::size_t max_length);
  base::Vec2 point(const char* key, double limit);
  /// A flat array of numbers in [-limit, limit] whose length is a multiple of `stride`, at most `max_count`.
  std::vector<double> numbers(const char* key, std::size_t stride, std::size_t max_count, double limit);
  /// The member itself (null JSON when absent, and then a fault is kept).
  const nlohmann::json& member(const char* key);
  /// The member if it is an array of at most `max_count`, else an empty array and a fault.
  const nlohmann::json& array(const char* key, std::size_t max_count);

  const std::string& where() const { return where_; }
  void fail(const std::string& key, const std::string& message);
  /// The first fault, or an unknown key, or success.
  base::Status finish();

 private:
  const nlohmann::json& value_;
  std::string where_;
  std::string fault_;
  std::vector<std::string> read_;
};

}  // namespace inknav::sketch::internal
