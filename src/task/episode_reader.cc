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
#include "task/episode_inspection.h"
#include "task/episode_list.h"

namespace inknav::task {
namespace {

constexpr std::size_t kMaxUnknownKeys = 64;  // that are named in the warning

/// Keys of other formats, which say nothing that HandWritingNav needs.
constexpr std::array<std::string_view, 5> kForeignKeys = {"instruction", "start_room", "shortest_paths",
                                                          "object_category", "additional_obj_config_paths"};

/// "list.json: episodes[12].goals must be ..." -> "goals must be ..."
std::string within_episode(const std::string& message) {
  const std::size_t number = message.find("episodes[");
  const std::size_t end = std::min(message.find(']', number), message.size() - 2);
  return message.substr(end + 2);  // and the point or blank behind it
}

class DrawnEpisodes : public EpisodeSink {
 public:
  /// With `inspection` episodes that cannot be read are noted there, and do not end the reading.
  explicit DrawnEpisodes(EpisodeInspection* inspection = nullptr) : inspection_(inspection) {}

  base::Status episode(const JsonElement& value, const JsonPlace& place) override {
    const std::size_t number = number_++;
    const base::Status read = add(value, place);
    if (inspection_ == nullptr) return read;
    if (read.ok()) {
      inspection_->numbers.push_back(number);
      return read;
    }
    const std::string& message = read.error().message;
    const bool rotation = message.find(kUnitQuaternion) != std::string::npos;
    inspection_->faults.push_back({number,
                                   rotation ? EpisodeFaultKind::kRotation : EpisodeFaultKind::kUnreadable,
                                   within_episode(message)});
    return base::ok_status();
  }
  base::Status other(const std::string&, JsonStream& stream) override { return stream.skip(); }

  EpisodeList& episodes() { return episodes_; }
  const std::set<std::string>& unknown_keys() const { return unknown_; }

 private:
  base::Status add(const JsonElement& value, const JsonPlace& place) {
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

  EpisodeInspection* inspection_;
  std::size_t number_ = 0;  // of the episode that comes next
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

base::Result<EpisodeInspection> inspect_episodes(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(JsonStream stream, JsonStream::open(path));
  EpisodeInspection inspection;
  DrawnEpisodes sink(&inspection);
  INKNAV_RETURN_IF_ERROR(read_episode_file(stream, sink));
  warn_unknown_keys(stream.name(), sink.unknown_keys());
  const std::vector<std::size_t> duplicates = sink.episodes().duplicates(0);
  std::vector<Episode> episodes = sink.episodes().take();
  const std::vector<std::size_t> numbers = std::exchange(inspection.numbers, {});
  auto duplicate = duplicates.begin();
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    if (duplicate != duplicates.end() && *duplicate == i) {
      inspection.faults.push_back({numbers[i], EpisodeFaultKind::kDuplicate,
                                   within_episode(duplicate_text(episodes[i], numbers[i]))});
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
