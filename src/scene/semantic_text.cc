// SPDX-License-Identifier: MIT
// Semantic descriptors that are lines of text: Matterport's ".house" and HM3D's "_semantic.txt".
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <glm/geometric.hpp>
#include <map>
#include <span>
#include <utility>

#include "scene/limits.h"
#include "scene/semantic_readers.h"

namespace inknav::scene::internal {
namespace {

base::Error line_error(const std::string& name, std::size_t line, std::string_view what) {
  return {base::ErrorCode::kData, fmt::format("{}:{}: {}", name, line, what)};
}

/// Takes the next line off `text`, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

template <typename T>
bool parse_number(std::string_view text, T& out) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc() && end == text.data() + text.size();
}

struct RegionKind {
  char code;
  std::string_view name;
};
/// Matterport3D's room labels.
constexpr std::array<RegionKind, 30> kRegionKinds{{{'a', "bathroom"},
                                                   {'b', "bedroom"},
                                                   {'c', "closet"},
                                                   {'d', "dining room"},
                                                   {'e', "entryway/foyer/lobby"},
                                                   {'f', "familyroom/lounge"},
                                                   {'g', "garage"},
                                                   {'h', "hallway"},
                                                   {'i', "library"},
                                                   {'j', "laundryroom/mudroom"},
                                                   {'k', "kitchen"},
                                                   {'l', "living room"},
                                                   {'m', "meetingroom/conferenceroom"},
                                                   {'n', "lounge"},
                                                   {'o', "office"},
                                                   {'p', "porch/terrace/deck"},
                                                   {'r', "rec/game"},
                                                   {'s', "stairs"},
                                                   {'t', "toilet"},
                                                   {'u', "utilityroom/toolroom"},
                                                   {'v', "tv"},
                                                   {'w', "workout/gym/exercise"},
                                                   {'x', "outdoor"},
                                                   {'y', "balcony"},
                                                   {'z', "other room"},
                                                   {'B', "bar"},
                                                   {'C', "classroom"},
                                                   {'D', "dining booth"},
                                                   {'S', "spa/sauna"},
                                                   {'Z', "junk"}}};

std::string region_name(std::string_view label) {
  for (const RegionKind& kind : kRegionKinds) {
    if (label.size() == 1 && label[0] == kind.code) return std::string(kind.name);
  }
  return {};
}

std::string with_spaces(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '#', ' ');
  return out;
}

class HouseReader {
 public:
  HouseReader(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  base::Result<SemanticScene> run() {
    const std::string_view header = take_line(rest_);
    if (header != "ASCII 1.1") {
      return line_error(name_, 1, fmt::format("'ASCII 1.1' is wanted, found '{}'", header.substr(0, 40)));
    }
    while (!rest_.empty()) {
      ++line_;
      split(take_line(rest_));
      if (!words_.empty()) INKNAV_RETURN_IF_ERROR(read_line());
    }
    INKNAV_RETURN_IF_ERROR(check_counts());
    INKNAV_RETURN_IF_ERROR(connect());
    return std::move(scene_);
  }

 private:
  void split(std::string_view line) {
    words_.clear();
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t begin = line.find_first_not_of(" \t", at);
      if (begin == std::string_view::npos) return;
      const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
      words_.push_back(line.substr(begin, end - begin));
      at = end;
    }
  }

  base::Error error(std::string_view what) const { return line_error(name_, line_, what); }

  base::Result<int> whole(std::size_t word) const {
    int value = 0;
    if (!parse_number(words_[word], value)) {
      return error(fmt::format("a whole number is wanted as word {}, found '{}'", word + 1,
                               words_[word].substr(0, 40)));
    }
    return value;
  }

  base::Result<glm::dvec3> vector(std::size_t first) const {
    glm::dvec3 out(0.0);
    for (std::size_t i = 0; i < 3; ++i) {
      double value = 0.0;
      if (!parse_number(words_[first + i], value) || !std::isfinite(value)) {
        return error(fmt::format("a finite number is wanted as word {}, found '{}'", first + i + 1,
                                 words_[first + i].substr(0, 40)));
      }
      out[static_cast<int>(i)] = value;
    }
    return out;
  }

  base::Status check_range(const glm::dvec3& v) const {
    if (is_coordinate(v.x) && is_coordinate(v.y) && is_coordinate(v.z)) return base::ok_status();
    return error(
        fmt::format("coordinates of at most {} m are wanted, found {} {} {}", kMaxCoordinate, v.x, v.y, v.z));
  }

  /// Six numbers, low and high corner. None where high is below low: a level without rooms.
  base::Result<std::optional<SemanticBox>> box(std::size_t first) const {
    INKNAV_ASSIGN_OR_RETURN(const glm::dvec3 low, vector(first));
    INKNAV_ASSIGN_OR_RETURN(const glm::dvec3 high, vector(first + 3));
    if (low.x > high.x || low.y > high.y || low.z > high.z) return std::optional<SemanticBox>();
    INKNAV_RETURN_IF_ERROR(check_range(low));
    INKNAV_RETURN_IF_ERROR(check_range(high));
    return world_box(0.5 * (low + high), 0.5 * (high - low), glm::dmat3(1.0));
  }

  base::Status want_words(std::size_t count) const {
    if (words_.size() >= count) return base::ok_status();
    return error(fmt::format("a line '{}' of {} words is wanted, found {}; the file is cut off or damaged",
                             words_[0].substr(0, 20), count, words_.size()));
  }

  base::Status read_line() {
    const std::string_view kind = words_[0];
    if (kind == "H") return read_head();
    if (kind == "L") return read_level();
    if (kind == "R") return read_region();
    if (kind == "C") return read_category();
    if (kind == "O") return read_object();
    for (const char* skipped : {"P", "S", "V", "I", "E"}) {
      if (kind == skipped) return base::ok_status();
    }
    return error(
        fmt::format("a line of H, L, R, P, S, V, I, C, O or E is wanted, found '{}'", kind.substr(0, 20)));
  }

  base::Status read_head() {
    INKNAV_RETURN_IF_ERROR(want_words(13));
    constexpr std::array<std::size_t, 4> kWords = {8, 9, 10, 12};
    for (std::size_t i = 0; i < kWords.size(); ++i) {
      INKNAV_ASSIGN_OR_RETURN(announced_[i], whole(kWords[i]));
      if (announced_[i] < 0)
        return error(fmt::format("counts must not be negative, found {}", announced_[i]));
    }
    return base::ok_status();
  }

  base::Status read_level() {
    INKNAV_RETURN_IF_ERROR(want_words(13));
    INKNAV_ASSIGN_OR_RETURN(const int index, whole(1));
    SemanticLevel level;
    level.id = std::string(words_[1]);
    INKNAV_ASSIGN_OR_RETURN(level.box, box(7));
    INKNAV_RETURN_IF_ERROR(number(levels_, index, scene_.levels.size()));
    scene_.levels.push_back(std::move(level));
    return base::ok_status();
  }

  base::Status read_region() {
    INKNAV_RETURN_IF_ERROR(want_words(15));
    INKNAV_ASSIGN_OR_RETURN(const int index, whole(1));
    SemanticRegion region;
    region.id = std::string(words_[1]);
    INKNAV_ASSIGN_OR_RETURN(region.level, whole(2));
    region.category = region_name(words_[5]);
    INKNAV_ASSIGN_OR_RETURN(region.box, box(9));
    INKNAV_RETURN_IF_ERROR(number(regions_, index, scene_.regions.size()));
    scene_.regions.push_back(std::move(region));
    region_lines_.push_back(line_);
    return base::ok_status();
  }

  base::Status read_category() {
    INKNAV_RETURN_IF_ERROR(want_words(6));
    INKNAV_ASSIGN_OR_RETURN(const int index, whole(1));
    INKNAV_RETURN_IF_ERROR(number(categories_, index, category_names_.size()));
    category_names_.push_back(with_spaces(words_[5]));
    return base::ok_status();
  }

  base::Status read_object() {
    INKNAV_RETURN_IF_ERROR(want_words(16));
    SemanticObject object;
    INKNAV_ASSIGN_OR_RETURN(object.id, whole(1));
    INKNAV_ASSIGN_OR_RETURN(object.region, whole(2));
    INKNAV_ASSIGN_OR_RETURN(const int category, whole(3));
    INKNAV_ASSIGN_OR_RETURN(const glm::dvec3 center, vector(4));
    INKNAV_ASSIGN_OR_RETURN(const glm::dvec3 a, vector(7));
    INKNAV_ASSIGN_OR_RETURN(const glm::dvec3 b, vector(10));
    INKNAV_ASSIGN_OR_RETURN(const glm::dvec3 radii, vector(13));
    INKNAV_RETURN_IF_ERROR(check_range(center));
    INKNAV_RETURN_IF_ERROR(check_range(radii));
    const double length_a = glm::length(a);
    const double length_b = glm::length(b);
    // Objects without segments have no axes, or no size.
    const bool has_axes =
        std::abs(length_a - 1.0) < 0.01 && std::abs(length_b - 1.0) < 0.01 && std::abs(glm::dot(a, b)) < 0.01;
    if (has_axes) {
      const glm::dvec3 x = a / length_a;
      const glm::dvec3 y = glm::normalize(b - glm::dot(b, x) * x);
      object.box = world_box(center, radii, glm::dmat3(x, y, glm::cross(x, y)));
    }
    if (scene_.objects.size() >= kMaxSemanticEntries) return too_many();
    scene_.objects.push_back(std::move(object));
    object_lines_.push_back({line_, category});
    return base::ok_status();
  }

  base::Error too_many() const {
    return error(fmt::format("at most {} entries of a kind are read", kMaxSemanticEntries));
  }

  base::Status number(std::map<int, int>& places, int index, std::size_t place) const {
    if (place >= kMaxSemanticEntries) return too_many();
    if (!places.emplace(index, static_cast<int>(place)).second)
      return error(fmt::format("'{}' {} appears twice", words_[0], index));
    return base::ok_status();
  }

  base::Status check_counts() const {
    const std::array<std::size_t, 4> found = {scene_.objects.size(), category_names_.size(),
                                              scene_.regions.size(), scene_.levels.size()};
    constexpr std::array<std::string_view, 4> kNames = {"objects", "categories", "regions", "levels"};
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (announced_[i] < 0)
        return line_error(name_, 2, "a line 'H' with the counts is wanted, there is none");
      if (found[i] < static_cast<std::size_t>(announced_[i])) {
        return error(fmt::format("{} {} are announced, the file ends after {}; it is cut off or damaged",
                                 announced_[i], kNames[i], found[i]));
      }
    }
    return base::ok_status();
  }

  /// Indices of the file -> places in the lists; negative ones mean none.
  base::Status connect() {
    for (std::size_t i = 0; i < scene_.regions.size(); ++i) {
      INKNAV_ASSIGN_OR_RETURN(scene_.regions[i].level,
                              place_of(levels_, scene_.regions[i].level, "level", region_lines_[i]));
    }
    for (std::size_t i = 0; i < scene_.objects.size(); ++i) {
      const auto& [line, category] = object_lines_[i];
      INKNAV_ASSIGN_OR_RETURN(scene_.objects[i].region,
                              place_of(regions_, scene_.objects[i].region, "region", line));
      INKNAV_ASSIGN_OR_RETURN(const int place, place_of(categories_, category, "category", line));
      if (place >= 0) scene_.objects[i].category = category_names_[static_cast<std::size_t>(place)];
    }
    return base::ok_status();
  }

  base::Result<int> place_of(const std::map<int, int>& places, int index, std::string_view what,
                             std::size_t line) const {
    if (index < 0) return -1;
    const auto found = places.find(index);
    if (found != places.end()) return found->second;
    return line_error(name_, line, fmt::format("{} {} is wanted, there is none of that number", what, index));
  }

  std::string_view rest_;
  const std::string& name_;
  std::size_t line_ = 1;
  std::vector<std::string_view> words_;
  SemanticScene scene_;
  std::array<int, 4> announced_{-1, -1, -1, -1};  // objects, categories, regions, levels
  std::map<int, int> levels_;                     // index of the file -> place
  std::map<int, int> regions_;
  std::map<int, int> categories_;
  std::vector<std::string> category_names_;
  std::vector<std::size_t> region_lines_;
  std::vector<std::pair<std::size_t, int>> object_lines_;  // line, category of the file
};

}  // namespace

base::Result<SemanticScene> read_house(std::string_view text, const std::string& name) {
  return HouseReader(text, name).run();
}

base::Result<SemanticScene> read_hm3d_semantics(std::string_view text, const std::string& name) {
  const std::string_view header = take_line(text);
  if (header != "HM3D Semantic Annotations") {
    return line_error(name, 1,
                      fmt::format("'HM3D Semantic Annotations' is wanted, found '{}'", header.substr(0, 40)));
  }
  SemanticScene scene;
  std::map<int, int> regions;  // id -> place, then in order of ids
  for (std::size_t line = 2; !text.empty(); ++line) {
    const std::string_view row = take_line(text);
    if (row.empty()) continue;
    // id, colour, "category", region; a category may hold commas.
    const std::size_t first = row.find(',');
    const std::size_t second = first == std::string_view::npos ? first : row.find(',', first + 1);
    const std::size_t last = row.rfind(',');
    if (second == std::string_view::npos || last <= second) {
      return line_error(
          name, line, fmt::format("id,colour,\"category\",region is wanted, found '{}'", row.substr(0, 60)));
    }
    SemanticObject object;
    unsigned color = 0;
    const std::string_view hex = row.substr(first + 1, second - first - 1);
    const auto [end, fault] = std::from_chars(hex.data(), hex.data() + hex.size(), color, 16);
    if (!parse_number(row.substr(0, first), object.id) || fault != std::errc() ||
        end != hex.data() + hex.size() || hex.size() != 6 ||
        !parse_number(row.substr(last + 1), object.region)) {
      return line_error(
          name, line,
          fmt::format("a whole number, six hex digits and a region's number are wanted, found '{}'",
                      row.substr(0, 60)));
    }
    object.category = std::string(row.substr(second + 1, last - second - 1));
    std::erase(object.category, '"');
    if (scene.objects.size() >= kMaxSemanticEntries)
      return line_error(name, line, fmt::format("at most {} objects are read", kMaxSemanticEntries));
    if (object.region >= 0) regions.emplace(object.region, 0);
    scene.objects.push_back(std::move(object));
  }
  if (scene.objects.empty()) return line_error(name, 1, "objects are wanted below this line, there are none");
  for (auto& [id, place] : regions) {
    place = static_cast<int>(scene.regions.size());
    scene.regions.push_back({std::to_string(id), {}, -1, {}});
  }
  for (SemanticObject& object : scene.objects)
    object.region = object.region < 0 ? -1 : regions.at(object.region);
  return scene;
}

}  // namespace inknav::scene::internal
