// SPDX-License-Identifier: MIT
#include "task/json_value.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace inknav::task {

namespace {
constexpr std::size_t kShortText = 60;
constexpr float kRotationSlack = 0.05f;  // of a quaternion's length; files round to few digits
constexpr float kNormalizeFrom = 1e-6f;  // nearer to 1 it is left as it is, so that writing gives it back
}  // namespace

std::string JsonPlace::text() const {
  if (parent_ == nullptr) return {};
  std::string text = parent_->text();
  if (index_ >= 0) return text + '[' + std::to_string(index_) + ']';
  if (!text.empty()) text += '.';
  text += key_.substr(0, kShortText);
  return text;
}

base::Error JsonPlace::error(std::string_view what) const {
  std::string message = *file_;
  message += ": ";
  message += text();
  message += ' ';
  message += what;
  return base::Error{base::ErrorCode::kData, std::move(message)};
}

base::Error JsonPlace::mismatch(std::string_view wanted, const JsonElement& found) const {
  return error(fmt::format("must be {}, found {}", wanted, short_text(found)));
}

std::string short_text(const JsonElement& value) {
  std::string text = simdjson::minify(value);
  if (text.size() <= kShortText) return text;
  std::size_t end = kShortText - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  return text.substr(0, end) + "...";
}

base::Result<JsonObject> read_object(const JsonElement& value, const JsonPlace& place) {
  JsonObject object;
  if (value.get(object) != simdjson::SUCCESS) return place.mismatch("an object", value);
  return object;
}

base::Result<JsonArray> read_array(const JsonElement& value, const JsonPlace& place) {
  JsonArray array;
  if (value.get(array) != simdjson::SUCCESS) return place.mismatch("a list", value);
  return array;
}

base::Result<std::string_view> read_text(const JsonElement& value, const JsonPlace& place) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return place.mismatch("a text", value);
  return text;
}

base::Status read_identifier(const JsonElement& value, const JsonPlace& place, bool required,
                             std::string& out) {
  std::string_view text;
  std::int64_t number = 0;
  if (value.get(text) == simdjson::SUCCESS) {
    out.assign(text);
  } else if (value.get(number) == simdjson::SUCCESS) {
    out = std::to_string(number);
  } else {
    return place.mismatch("a string or an integer", value);
  }
  if (required && out.empty()) return place.error("must not be empty; give it a name");
  return base::ok_status();
}

base::Status read_number(const JsonElement& value, const JsonPlace& place, double low, double high,
                         float& out) {
  double number = 0.0;
  if (value.get(number) != simdjson::SUCCESS || !(number >= low && number <= high)) {
    return place.mismatch(fmt::format("a number in [{:g}, {:g}]", low, high), value);
  }
  out = static_cast<float>(number);
  return base::ok_status();
}

base::Result<std::int64_t> read_integer(const JsonElement& value, const JsonPlace& place, std::int64_t low,
                                        std::int64_t high) {
  std::int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < low || number > high) {
    return place.mismatch(fmt::format("an integer in [{}, {}]", low, high), value);
  }
  return number;
}

base::Status read_numbers(const JsonElement& value, const JsonPlace& place, std::span<float> out) {
  JsonArray list;
  std::size_t count = 0;
  bool sound = value.get(list) == simdjson::SUCCESS;
  if (sound) {
    for (const JsonElement entry : list) {
      double number = 0.0;
      sound = count < out.size() && entry.get(number) == simdjson::SUCCESS && std::isfinite(number) &&
              std::abs(number) <= kMaxCoordinate;
      if (!sound) break;
      out[count++] = static_cast<float>(number);
    }
  }
  if (sound && count == out.size()) return base::ok_status();
  return place.mismatch(fmt::format("{} finite numbers of at most 1e5", out.size()), value);
}

base::Status read_point(const JsonElement& value, const JsonPlace& place, base::Vec3& out) {
  return read_numbers(value, place, std::span<float>(&out.x, 3));
}

base::Status read_rotation(const JsonElement& value, const JsonPlace& place, base::Quat& out) {
  std::array<float, 4> q{};
  INKNAV_RETURN_IF_ERROR(read_numbers(value, place, q));
  out = base::Quat(q[3], q[0], q[1], q[2]);
  const float norm = glm::length(out);
  if (std::abs(norm - 1.0f) > kRotationSlack) {
    return place.error(
        fmt::format("must be a unit quaternion [x, y, z, w], its length is {:g}; divide by it", norm));
  }
  if (std::abs(norm - 1.0f) > kNormalizeFrom) out = glm::normalize(out);
  return base::ok_status();
}

}  // namespace inknav::task
