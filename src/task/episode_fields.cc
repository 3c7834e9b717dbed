// SPDX-License-Identifier: MIT
#include "task/episode_fields.h"

#include <limits>

#include "base/log.h"
#include "task/episode_list.h"

namespace inknav::task {

base::Status read_episode_file(JsonStream& stream, EpisodeSink& sink) {
  const JsonPlace root(stream.name());
  const JsonPlace list = root.key("episodes");
  INKNAV_RETURN_IF_ERROR(stream.begin_object("an object with the key 'episodes' is wanted"));
  bool found = false;
  std::string key;
  for (;;) {
    INKNAV_ASSIGN_OR_RETURN(const bool more, stream.next_key(key));
    if (!more) break;
    if (key != "episodes") {
      INKNAV_RETURN_IF_ERROR(sink.other(key, stream));
      continue;
    }
    if (found) return root.error("'episodes' appears twice; which one is meant?");
    found = true;
    INKNAV_RETURN_IF_ERROR(stream.begin_array("'episodes' must be a list"));
    for (std::size_t i = 0;; ++i) {
      INKNAV_ASSIGN_OR_RETURN(const bool another, stream.next_element());
      if (!another) break;
      if (i >= EpisodeList::kMaxEpisodes) {
        return list.error("has more than " + std::to_string(EpisodeList::kMaxEpisodes) +
                          " entries; split the file");
      }
      INKNAV_ASSIGN_OR_RETURN(const JsonElement value, stream.value());
      INKNAV_RETURN_IF_ERROR(sink.episode(value, list.index(i)));
    }
  }
  INKNAV_RETURN_IF_ERROR(stream.finish());
  if (found) return base::ok_status();
  return base::Error{
      base::ErrorCode::kData,
      stream.name() + ": the key 'episodes' is wanted, it is not there; is this a dataset file?"};
}

base::Result<bool> EpisodeFields::read(std::string_view key, const JsonElement& value,
                                       const JsonPlace& place) {
  const JsonPlace here = place.key(key);
  const bool null = value.is_null();  // as if the key were not there
  if (key == "episode_id") {
    if (!null) INKNAV_RETURN_IF_ERROR(read_identifier(value, here, true, episode_.episode_id));
  } else if (key == "scene_id") {
    if (!null) INKNAV_RETURN_IF_ERROR(read_identifier(value, here, true, episode_.scene_id));
  } else if (key == "trajectory_id") {
    if (!null) INKNAV_RETURN_IF_ERROR(read_identifier(value, here, false, episode_.trajectory_id));
  } else if (key == "start_position") {
    has_position_ = !null;
    if (!null) INKNAV_RETURN_IF_ERROR(read_point(value, here, episode_.start.position));
  } else if (key == "start_rotation") {
    has_rotation_ = !null;
    if (!null) INKNAV_RETURN_IF_ERROR(read_rotation(value, here, episode_.start.rotation));
  } else if (key == "info") {
    INKNAV_RETURN_IF_ERROR(info(value, here));
  } else if (key == "goals") {
    if (!null) INKNAV_RETURN_IF_ERROR(goals(value, here));
  } else if (key == "reference_path") {
    if (!null) INKNAV_RETURN_IF_ERROR(reference_path(value, here));
  } else {
    return false;
  }
  return true;
}

base::Status EpisodeFields::finish(const JsonPlace& place) {
  const auto missing = [&](const char* key, const char* form) {
    return place.key(key).error(std::string(form) + "is missing; add it");
  };
  if (episode_.episode_id.empty()) return missing("episode_id", "");
  if (episode_.scene_id.empty()) return missing("scene_id", "");
  if (!has_position_) return missing("start_position", "[x, y, z] ");
  if (!has_rotation_) return missing("start_rotation", "[x, y, z, w] ");
  if (episode_.goals.empty() && !episode_.reference_path.empty()) {
    episode_.goals.assign(1, Goal{episode_.reference_path.back(), 0.0f});
  }
  return base::ok_status();
}

base::Status EpisodeFields::info(const JsonElement& value, const JsonPlace& place) {
  JsonObject object;
  JsonElement distance;
  if (value.get(object) != simdjson::SUCCESS) return base::ok_status();
  if (object.at_key("geodesic_distance").get(distance) != simdjson::SUCCESS) return base::ok_status();
  if (!distance.is_number()) return base::ok_status();
  return read_number(distance, place.key("geodesic_distance"), 0.0, kMaxCoordinate,
                     episode_.geodesic_distance);
}

base::Status EpisodeFields::reference_path(const JsonElement& value, const JsonPlace& place) {
  INKNAV_ASSIGN_OR_RETURN(const JsonArray points, read_array(value, place));
  std::vector<base::Vec3>& path = episode_.reference_path;
  path.clear();
  path.reserve(points.size());
  for (const JsonElement point : points) {
    const JsonPlace here = place.index(path.size());
    INKNAV_RETURN_IF_ERROR(read_point(point, here, path.emplace_back()));
  }
  return base::ok_status();
}

base::Status EpisodeFields::goals(const JsonElement& value, const JsonPlace& place) {
  INKNAV_ASSIGN_OR_RETURN(const JsonArray entries, read_array(value, place));
  std::vector<Goal>& goals = episode_.goals;
  goals.clear();
  goals.reserve(entries.size());
  for (const JsonElement entry : entries) {
    const JsonPlace here = place.index(goals.size());
    INKNAV_RETURN_IF_ERROR(read_goal(entry, here, goals.emplace_back()));
  }
  return base::ok_status();
}

base::Status read_goal(const JsonElement& value, const JsonPlace& place, Goal& goal) {
  JsonObject object;
  JsonElement position, radius;
  if (value.get(object) != simdjson::SUCCESS ||
      object.at_key("position").get(position) != simdjson::SUCCESS) {
    return place.mismatch("{position, radius}", value);
  }
  INKNAV_RETURN_IF_ERROR(read_point(position, place.key("position"), goal.position));
  if (object.at_key("radius").get(radius) == simdjson::SUCCESS && radius.is_number()) {
    return read_number(radius, place.key("radius"), 0.0, kMaxCoordinate, goal.radius);
  }
  return base::ok_status();
}

void warn_unknown_keys(const std::string& file, const std::set<std::string>& keys) {
  if (keys.empty()) return;
  std::string list;
  for (const std::string& key : keys) {
    if (!list.empty()) list += ", ";
    list += key;
  }
  base::log_warning("{}: episode keys without a meaning here are ignored: {}", file, list);
}

}  // namespace inknav::task
