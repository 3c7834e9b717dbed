// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "task/episode.h"
#include "task/episode_fields.h"
#include "task/episode_list.h"

namespace inknav::task {
namespace {

constexpr std::size_t kMaxUnknownKeys = 64;  // that are named in the warning

/// Keys of other formats, which say nothing that HandWritingNav needs.
constexpr std::array<std::string_view, 6> kForeignKeys = {
    "instruction",     "start_room",           "shortest_paths",
    "object_category", "scene_dataset_config", "additional_obj_config_paths"};

class DrawnEpisodes : public EpisodeSink {
 public:
  base::Status episode(const JsonElement& value, const JsonPlace& place) override {
    INKNAV_ASSIGN_OR_RETURN(const JsonObject object, read_object(value, place));
    EpisodeFields fields;
    for (const simdjson::dom::key_value_pair field : object) {
      INKNAV_ASSIGN_OR_RETURN(const bool known, fields.read(field.key, field.value, place));
      if (known || std::find(kForeignKeys.begin(), kForeignKeys.end(), field.key) != kForeignKeys.end())
        continue;
      if (unknown_.size() < kMaxUnknownKeys) unknown_.emplace(field.key);
    }
    INKNAV_RETURN_IF_ERROR(fields.finish(place));
    if (fields.episode().goals.empty()) {
      return place.error("goals [{position}] or a reference_path is wanted, found neither; add one");
    }
    episodes_.add(std::move(fields.episode()));
    return base::ok_status();
  }
  base::Status other(const std::string&, JsonStream& stream) override { return stream.skip(); }

  EpisodeList& episodes() { return episodes_; }
  const std::set<std::string>& unknown_keys() const { return unknown_; }

 private:
  EpisodeList episodes_;
  std::set<std::string> unknown_;
};

}  // namespace

base::Result<std::vector<Episode>> load_episodes(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(JsonStream stream, JsonStream::open(path));
  DrawnEpisodes sink;
  INKNAV_RETURN_IF_ERROR(read_episode_file(stream, sink));
  INKNAV_RETURN_IF_ERROR(sink.episodes().check_unique(0, stream.name()));
  warn_unknown_keys(stream.name(), sink.unknown_keys());
  return sink.episodes().take();
}

}  // namespace inknav::task
