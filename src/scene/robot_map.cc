// SPDX-License-Identifier: MIT
#include "scene/robot_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "scene/asset_folder.h"
#include "scene/image.h"
#include "scene/limits.h"
#include "scene/pgm.h"

namespace inknav::scene {
namespace {

constexpr std::size_t kMaxYamlBytes = 64u << 10;

base::Error map_error(const std::filesystem::path& path, std::string_view what) {
  return {base::ErrorCode::kData, fmt::format("{}: {}", path.string(), what)};
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

/// Text before a comment, quotes respected.
std::string_view without_comment(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
      return line.substr(0, i);
    }
  }
  return line;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

/// The flat YAML of map_server: "key: value" lines; a list stands in brackets or on "- value" lines and is
/// kept as its items with commas between. Nothing nests, so a general YAML parser and its hazards are not
/// needed.
std::map<std::string, std::string> read_flat_yaml(std::string_view text) {
  std::map<std::string, std::string> values;
  std::string last;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view raw = without_comment(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view line = trimmed(raw);
    if (line.empty() || line == "---" || line == "...") continue;
    const bool open_bracket = !last.empty() && values[last].starts_with('[') && !values[last].ends_with(']');
    if (!last.empty() && (line.starts_with("- ") || open_bracket)) {
      std::string& list = values[last];
      if (open_bracket) {
        list.append(line);
      } else {
        if (!list.empty()) list.push_back(',');
        list.append(trimmed(line.substr(2)));
      }
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    last = std::string(unquoted(trimmed(line.substr(0, colon))));
    values[last] = std::string(unquoted(trimmed(line.substr(colon + 1))));
  }
  return values;
}

class MapSettings {
 public:
  MapSettings(const std::filesystem::path& path, std::map<std::string, std::string> values)
      : path_(path), values_(std::move(values)) {}

  base::Result<std::string> text(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end() || found->second.empty()) {
      return map_error(path_, fmt::format("a robot's map is wanted, the key '{}' is missing", key));
    }
    return found->second;
  }

  base::Result<double> number(const std::string& key, double low, double high) const {
    INKNAV_ASSIGN_OR_RETURN(const std::string value, text(key));
    return parse(key, value, low, high);
  }

  base::Result<std::array<double, 3>> triple(const std::string& key, double low, double high) const {
    INKNAV_ASSIGN_OR_RETURN(const std::string value, text(key));
    std::string_view rest = value;
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    std::array<double, 3> out{};
    for (std::size_t i = 0; i < 3; ++i) {
      const std::size_t comma = rest.find(',');
      if ((comma == std::string_view::npos) != (i == 2)) {
        return map_error(path_,
                         fmt::format("'{}' must be three numbers, found '{}'", key, value.substr(0, 60)));
      }
      INKNAV_ASSIGN_OR_RETURN(out[i], parse(key, trimmed(rest.substr(0, comma)), low, high));
      rest.remove_prefix(i == 2 ? rest.size() : comma + 1);
    }
    return out;
  }

  base::Result<bool> flag(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) return false;
    const std::string& value = found->second;
    if (value == "0" || value == "false" || value == "False") return false;
    if (value == "1" || value == "true" || value == "True") return true;
    return map_error(path_, fmt::format("'{}' must be 0 or 1, found '{}'", key, value.substr(0, 60)));
  }

  std::string word(const std::string& key, const std::string& absent) const {
    const auto found = values_.find(key);
    return found == values_.end() ? absent : found->second;
  }

 private:
  base::Result<double> parse(const std::string& key, std::string_view value, double low, double high) const {
    double out = 0.0;
    const std::string_view digits = value.starts_with('+') ? value.substr(1) : value;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (error != std::errc() || end != digits.data() + digits.size() || !(out >= low && out <= high)) {
      return map_error(path_, fmt::format("'{}' must be a number from {} to {}, found '{}'", key, low, high,
                                          value.substr(0, 60)));
    }
    return out;
  }

  std::filesystem::path path_;
  std::map<std::string, std::string> values_;
};

enum class Mode : std::uint8_t { kTrinary, kScale, kRaw };

struct CellRule {
  Mode mode = Mode::kTrinary;
  bool negate = false;
  double occupied = 0.65;
  double free = 0.196;

  MapCell classify(std::uint8_t grey, std::uint8_t alpha) const {
    if (alpha < 128) return MapCell::kUnknown;
    const int value = negate ? 255 - grey : grey;
    if (mode == Mode::kRaw) {
      if (value > 100) return MapCell::kUnknown;
      return value >= 100.0 * occupied ? MapCell::kOccupied
             : value <= 100.0 * free   ? MapCell::kFree
                                       : MapCell::kUnknown;
    }
    const double p = (255 - value) / 255.0;
    if (p > occupied) return MapCell::kOccupied;
    if (p < free) return MapCell::kFree;
    if (mode == Mode::kTrinary) return MapCell::kUnknown;
    return 1.0 + 98.0 * (p - free) / (occupied - free) >= 65.0 ? MapCell::kOccupied : MapCell::kFree;
  }
};

base::Result<CellRule> read_rule(const std::filesystem::path& path, const MapSettings& settings) {
  CellRule rule;
  INKNAV_ASSIGN_OR_RETURN(rule.occupied, settings.number("occupied_thresh", 0.0, 1.0));
  INKNAV_ASSIGN_OR_RETURN(rule.free, settings.number("free_thresh", 0.0, 1.0));
  INKNAV_ASSIGN_OR_RETURN(rule.negate, settings.flag("negate"));
  if (rule.free >= rule.occupied) {
    return map_error(
        path, fmt::format("free_thresh {} must be below occupied_thresh {}", rule.free, rule.occupied));
  }
  const std::string mode = settings.word("mode", "trinary");
  if (mode != "trinary" && mode != "scale" && mode != "raw") {
    return map_error(path,
                     fmt::format("'mode' must be trinary, scale or raw, found '{}'", mode.substr(0, 60)));
  }
  rule.mode = mode == "scale" ? Mode::kScale : mode == "raw" ? Mode::kRaw : Mode::kTrinary;
  return rule;
}

}  // namespace

base::Vec3 RobotMap::world_from_cells(double column, double row) const {
  const double x = column * resolution;
  const double y = (height - row) * resolution;
  const double map_x = origin_x + std::cos(origin_yaw) * x - std::sin(origin_yaw) * y;
  const double map_y = origin_y + std::sin(origin_yaw) * x + std::cos(origin_yaw) * y;
  return base::Vec3(map_x, 0.0, -map_y);
}

base::Result<RobotMap> load_robot_map(const std::filesystem::path& yaml_path) {
  INKNAV_ASSIGN_OR_RETURN(const std::string text, base::read_text_file(yaml_path, kMaxYamlBytes));
  const MapSettings settings(yaml_path, read_flat_yaml(text));
  RobotMap map;
  map.name = yaml_path.stem().string();
  INKNAV_ASSIGN_OR_RETURN(std::string image_name, settings.text("image"));
  INKNAV_ASSIGN_OR_RETURN(map.resolution, settings.number("resolution", 1e-3, 10.0));
  INKNAV_ASSIGN_OR_RETURN(const auto origin, settings.triple("origin", -kMaxCoordinate, kMaxCoordinate));
  INKNAV_ASSIGN_OR_RETURN(const CellRule rule, read_rule(yaml_path, settings));
  map.origin_x = origin[0];
  map.origin_y = origin[1];
  map.origin_yaw = origin[2];

  internal::AssetFolder folder(yaml_path.parent_path());
  const auto bytes = folder.read(image_name, kMaxImageFileBytes);
  if (!bytes.ok()) return map_error(yaml_path, bytes.error().message);
  INKNAV_ASSIGN_OR_RETURN(const Image image, internal::is_pgm(*bytes)
                                                 ? internal::decode_pgm(*bytes, image_name)
                                                 : decode_image(*bytes, image_name, 0));
  map.width = image.width;
  map.height = image.height;
  const std::size_t count = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  map.cells.resize(count);
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* p = image.pixels.data() + i * channels;
    const int grey = channels == 1 ? p[0] : (p[0] + p[1] + p[2]) / 3;
    map.cells[i] = rule.classify(static_cast<std::uint8_t>(grey), channels == 4 ? p[3] : 255);
  }
  return map;
}

}  // namespace inknav::scene
