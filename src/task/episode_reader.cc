// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "task/episode.h"
#include "task/episode_inspection.h"
#include "task/inflate_stream.h"

namespace inknav::task {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxEpisodes = 10'000'000;
constexpr std::size_t kMaxValuesPerEpisode = 200'000;
constexpr double kMaxCoordinate = 1e5;  // metres

constexpr std::string_view kWantedRotation = "start_rotation must be a unit quaternion [x, y, z, w]";

constexpr std::array<std::string_view, 14> kKnownKeys = {"episode_id",
                                                         "trajectory_id",
                                                         "scene_id",
                                                         "start_position",
                                                         "start_rotation",
                                                         "info",
                                                         "goals",
                                                         "reference_path",
                                                         "instruction",
                                                         "start_room",
                                                         "shortest_paths",
                                                         "object_category",
                                                         "scene_dataset_config",
                                                         "additional_obj_config_paths"};

std::string json_type_and_text(const Json& value) {
  std::string text = value.dump();
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

/// Turns one episode's JSON into an Episode; faults are collected as one message.
class EpisodeParser {
 public:
  EpisodeParser(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  base::Result<Episode> parse() {
    Episode episode;
    if (!json_.is_object()) return error("an object is wanted, found " + json_type_and_text(json_));
    INKNAV_RETURN_IF_ERROR(identifier("episode_id", true, episode.episode_id));
    INKNAV_RETURN_IF_ERROR(identifier("trajectory_id", false, episode.trajectory_id));
    INKNAV_RETURN_IF_ERROR(identifier("scene_id", true, episode.scene_id));
    const Json* position = find("start_position");
    if (position == nullptr) return error("start_position [x, y, z] is missing; add it");
    INKNAV_RETURN_IF_ERROR(point(*position, "start_position", episode.start.position));
    INKNAV_RETURN_IF_ERROR(rotation(episode.start.rotation));
    INKNAV_RETURN_IF_ERROR(info(episode.geodesic_distance));
    INKNAV_RETURN_IF_ERROR(reference_path(episode.reference_path));
    INKNAV_RETURN_IF_ERROR(goals(episode.goals));
    if (episode.goals.empty() && !episode.reference_path.empty()) {
      episode.goals.push_back(Goal{episode.reference_path.back(), 0.0f});
    }
    if (episode.goals.empty())
      return error("goals [{position}] or a reference_path is wanted, found neither; add one");
    return episode;
  }

 private:
  base::Error error(const std::string& what) const {
    return base::Error{base::ErrorCode::kData, where_ + ": " + what};
  }
  const Json* find(const char* key) const {
    const auto it = json_.find(key);
    return it == json_.end() || it->is_null() ? nullptr : &*it;
  }

  base::Status identifier(const char* key, bool required, std::string& out) const {
    const Json* value = find(key);
    if (value == nullptr) {
      if (!required) return base::ok_status();
      return error(std::string(key) + " is missing; add it");
    }
    if (value->is_string()) {
      out = value->get<std::string>();
    } else if (value->is_number_integer()) {
      out = value->dump();
    } else {
      return error(std::string(key) + " must be a string or an integer, found " + json_type_and_text(*value));
    }
    if (required && out.empty()) return error(std::string(key) + " must not be empty");
    return base::ok_status();
  }

  base::Status numbers(const Json& value, const std::string& key, std::size_t count, float* out) const {
    const std::string wanted =
        key + " must be " + std::to_string(count) + " finite numbers of at most 1e5, found ";
    if (!value.is_array() || value.size() != count) return error(wanted + json_type_and_text(value));
    for (std::size_t i = 0; i < count; ++i) {
      if (!value[i].is_number()) return error(wanted + json_type_and_text(value));
      const double number = value[i].get<double>();
      if (!std::isfinite(number) || std::abs(number) > kMaxCoordinate)
        return error(wanted + json_type_and_text(value));
      out[i] = static_cast<float>(number);
    }
    return base::ok_status();
  }
  base::Status point(const Json& value, const std::string& key, base::Vec3& out) const {
    return numbers(value, key, 3, &out.x);
  }

  base::Status rotation(base::Quat& out) const {
    const Json* value = find("start_rotation");
    if (value == nullptr) return error("start_rotation [x, y, z, w] is missing; add it");
    std::array<float, 4> q{};
    INKNAV_RETURN_IF_ERROR(numbers(*value, "start_rotation", 4, q.data()));
    out = base::Quat(q[3], q[0], q[1], q[2]);
    const float norm = glm::length(out);
    if (std::abs(norm - 1.0f) > 0.05f) {
      return error(std::string(kWantedRotation) + ", its length is " + std::to_string(norm));
    }
    if (std::abs(norm - 1.0f) > 1e-6f) out = glm::normalize(out);
    return base::ok_status();
  }

  base::Status info(float& geodesic) const {
    const Json* value = find("info");
    if (value == nullptr || !value->is_object()) return base::ok_status();
    const auto it = value->find("geodesic_distance");
    if (it == value->end() || !it->is_number()) return base::ok_status();
    const double distance = it->get<double>();
    if (!(distance >= 0.0 && distance <= kMaxCoordinate)) {
      return error("info.geodesic_distance must lie in [0, 1e5], found " + json_type_and_text(*it));
    }
    geodesic = static_cast<float>(distance);
    return base::ok_status();
  }

  base::Status reference_path(std::vector<base::Vec3>& out) const {
    const Json* value = find("reference_path");
    if (value == nullptr) return base::ok_status();
    if (!value->is_array())
      return error("reference_path must be a list of points, found " + json_type_and_text(*value));
    out.resize(value->size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      INKNAV_RETURN_IF_ERROR(point((*value)[i], "reference_path[" + std::to_string(i) + "]", out[i]));
    }
    return base::ok_status();
  }

  base::Status goals(std::vector<Goal>& out) const {
    const Json* value = find("goals");
    if (value == nullptr) return base::ok_status();
    if (!value->is_array()) return error("goals must be a list, found " + json_type_and_text(*value));
    for (std::size_t i = 0; i < value->size(); ++i) {
      const Json& entry = (*value)[i];
      const std::string key = "goals[" + std::to_string(i) + "]";
      if (!entry.is_object() || !entry.contains("position")) {
        return error(key + " must be {position, radius}, found " + json_type_and_text(entry));
      }
      Goal goal;
      INKNAV_RETURN_IF_ERROR(point(entry["position"], key + ".position", goal.position));
      const auto radius = entry.find("radius");
      if (radius != entry.end() && radius->is_number()) goal.radius = radius->get<float>();
      if (!(goal.radius >= 0.0f && goal.radius <= 1e5f)) return error(key + ".radius must lie in [0, 1e5]");
      out.push_back(goal);
    }
    return base::ok_status();
  }

  const Json& json_;
  std::string where_;
};

/// SAX handler: only one episode at a time is ever held as a tree.
class EpisodeHandler {
 public:
  /// With `inspection` episodes that cannot be read are noted there, and do not end the reading.
  EpisodeHandler(InflateBuffer& buffer, std::string name, EpisodeInspection* inspection)
      : buffer_(buffer), name_(std::move(name)), inspection_(inspection) {}

  bool null() { return value(nullptr); }
  bool boolean(bool v) { return value(v); }
  bool number_integer(std::int64_t v) { return value(v); }
  bool number_unsigned(std::uint64_t v) { return value(v); }
  bool number_float(double v, const std::string&) { return value(v); }
  bool string(std::string& v) { return value(std::move(v)); }
  bool binary(Json::binary_t&) { return fail("binary values have no place in JSON"); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    buffer_.token_done();
    key_ = std::move(name);
    if (depth_ == 1) {
      in_episodes_ = key_ == "episodes";
      if (in_episodes_ && found_) return fail("the key 'episodes' appears twice");
    }
    if (depth_ == 3 && building() && !is_known(key_)) unknown_.insert(key_);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& exception) {
    if (error_.empty()) {
      std::string reason = exception.what();
      const std::size_t colon = reason.find(": ");
      if (colon != std::string::npos) reason = reason.substr(colon + 2);
      error_ = name_ + ": JSON is wanted, at byte " + std::to_string(position) + " found a fault (" + reason +
               "); the file is cut or damaged, copy it again";
    }
    return false;
  }

  bool found() const { return found_; }
  const std::string& error() const { return error_; }
  const std::set<std::string>& unknown_keys() const { return unknown_; }
  std::vector<Episode>& episodes() { return episodes_; }

 private:
  static bool is_known(const std::string& key) {
    for (const std::string_view known : kKnownKeys) {
      if (key == known) return true;
    }
    return false;
  }
  bool building() const { return !stack_.empty(); }
  bool fail(const std::string& message) {
    if (error_.empty()) error_ = name_ + ": " + message;
    return false;
  }
  std::string where() const { return name_ + ": episode " + std::to_string(number_); }

  Json* add(Json&& value) {
    Json* parent = stack_.back();
    if (parent->is_object()) return &((*parent)[key_] = std::move(value));
    parent->push_back(std::move(value));
    return &parent->back();
  }

  bool value(Json v) {
    buffer_.token_done();
    if (depth_ == 0) return fail("an object with the key 'episodes' is wanted, found a bare value");
    if (depth_ == 1 && in_episodes_) return fail("'episodes' must be a list; see docs of the dataset format");
    if (depth_ == 2 && in_episodes_) return fail(where().substr(name_.size() + 2) + " must be an object");
    if (!building()) return true;
    if (++values_ > kMaxValuesPerEpisode)
      return fail(where().substr(name_.size() + 2) + " has too many values");
    add(std::move(v));
    return true;
  }

  bool open(Json&& container) {
    buffer_.token_done();
    if (++depth_ > kMaxDepth)
      return fail("nested deeper than " + std::to_string(kMaxDepth) + "; it is no episode file");
    if (depth_ == 1 && !container.is_object())
      return fail("an object with the key 'episodes' is wanted, found a list");
    if (depth_ == 2 && in_episodes_) {
      if (!container.is_array()) return fail("'episodes' must be a list, found an object");
      found_ = true;
      return true;
    }
    if (building()) {
      if (++values_ > kMaxValuesPerEpisode)
        return fail(where().substr(name_.size() + 2) + " has too many values");
      stack_.push_back(add(std::move(container)));
    } else if (depth_ == 3 && in_episodes_) {
      values_ = 0;
      episode_ = std::move(container);
      stack_.push_back(&episode_);
    }
    return true;
  }

  bool close() {
    buffer_.token_done();
    --depth_;
    if (!building()) return true;
    stack_.pop_back();
    if (building()) return true;
    if (episodes_.size() >= kMaxEpisodes)
      return fail("more than " + std::to_string(kMaxEpisodes) + " episodes");
    auto episode = EpisodeParser(episode_, where()).parse();
    const std::size_t number = number_++;
    if (episode.ok()) {
      if (inspection_ != nullptr) inspection_->numbers.push_back(number);
      episodes_.push_back(std::move(episode).value());
      return true;
    }
    error_ = episode.error().message;
    if (inspection_ == nullptr) return false;
    const bool rotation = error_.find(kWantedRotation) != std::string::npos;
    inspection_->faults.push_back({number,
                                   rotation ? EpisodeFaultKind::kRotation : EpisodeFaultKind::kUnreadable,
                                   error_.substr(name_.size() + 2)});
    error_.clear();
    return true;
  }

  InflateBuffer& buffer_;
  std::string name_;
  int depth_ = 0;
  bool in_episodes_ = false;
  bool found_ = false;
  std::string key_;
  std::string error_;
  Json episode_;
  std::vector<Json*> stack_;
  std::size_t values_ = 0;
  std::set<std::string> unknown_;
  std::vector<Episode> episodes_;
  EpisodeInspection* inspection_;
  std::size_t number_ = 0;  // of the episode that comes next
};

std::string duplicate_text(const Episode& episode, std::size_t number) {
  return "episode " + std::to_string(number) + ": episode_id '" + episode.episode_id +
         "' appears twice in scene '" + episode.scene_id +
         "', so its drawing is not determined; number them anew";
}

/// Indices of the episodes whose id an earlier one in the same scene has.
std::vector<std::size_t> find_duplicates(const std::vector<Episode>& episodes) {
  std::vector<std::size_t> duplicates;
  std::unordered_set<std::string> seen;
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    if (!seen.insert(episodes[i].scene_id + '\n' + episodes[i].episode_id).second) duplicates.push_back(i);
  }
  return duplicates;
}

base::Result<std::vector<Episode>> read_list(const std::filesystem::path& path,
                                             EpisodeInspection* inspection) {
  const std::string name = path.string();
  INKNAV_ASSIGN_OR_RETURN(auto buffer, InflateBuffer::open(path));
  std::istream stream(buffer.get());
  EpisodeHandler handler(*buffer, name, inspection);
  const bool parsed = Json::sax_parse(stream, &handler);
  INKNAV_RETURN_IF_ERROR(buffer->status());
  if (!parsed) {
    return base::Error{base::ErrorCode::kData, handler.error().empty()
                                                   ? name + ": JSON is wanted, the file is damaged"
                                                   : handler.error()};
  }
  if (!handler.found()) {
    return base::Error{base::ErrorCode::kData,
                       name + ": the key 'episodes' is wanted, it is not there; is this a dataset file?"};
  }
  if (!handler.unknown_keys().empty()) {
    std::string keys;
    for (const std::string& key : handler.unknown_keys()) keys += (keys.empty() ? "" : ", ") + key;
    base::log_warning("{}: episode keys without a meaning here are ignored: {}", name, keys);
  }
  return std::move(handler.episodes());
}

}  // namespace

base::Result<std::vector<Episode>> load_episodes(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(std::vector<Episode> episodes, read_list(path, nullptr));
  const std::vector<std::size_t> duplicates = find_duplicates(episodes);
  if (duplicates.empty()) return episodes;
  const std::size_t first = duplicates.front();
  return base::Error{base::ErrorCode::kData, path.string() + ": " + duplicate_text(episodes[first], first)};
}

base::Result<EpisodeInspection> inspect_episodes(const std::filesystem::path& path) {
  EpisodeInspection inspection;
  INKNAV_ASSIGN_OR_RETURN(std::vector<Episode> episodes, read_list(path, &inspection));
  const std::vector<std::size_t> duplicates = find_duplicates(episodes);
  const std::vector<std::size_t> numbers = std::move(inspection.numbers);
  inspection.numbers.clear();
  auto duplicate = duplicates.begin();
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    if (duplicate != duplicates.end() && *duplicate == i) {
      inspection.faults.push_back(
          {numbers[i], EpisodeFaultKind::kDuplicate, duplicate_text(episodes[i], numbers[i])});
      ++duplicate;
      continue;
    }
    inspection.episodes.push_back(std::move(episodes[i]));
    inspection.numbers.push_back(numbers[i]);
  }
  std::stable_sort(inspection.faults.begin(), inspection.faults.end(),
                   [](const EpisodeFault& a, const EpisodeFault& b) { return a.number < b.number; });
  return inspection;
}

}  // namespace inknav::task
