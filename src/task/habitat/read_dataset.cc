// SPDX-License-Identifier: MIT
#include "task/habitat/read_dataset.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/contains.h"
#include "base/log.h"
#include "base/safe_path.h"
#include "task/episode_fields.h"
#include "task/episode_list.h"
#include "task/habitat/row_fields.h"

namespace inknav::task::habitat {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxUnknownKeys = 64;  // that are named in the warning
constexpr std::string_view kSceneMark = "{scene}";
constexpr std::string_view kFolderMark = "{data_path}";
constexpr std::string_view kDefaultContent = "{data_path}/content/{scene}.json.gz";

using base::contains;

base::Error data_error(std::string message) {
  return base::Error{base::ErrorCode::kData, std::move(message)};
}

std::string goal_key(std::string_view scene_id, std::string_view category) {
  const std::size_t slash = scene_id.rfind('/');
  std::string key(slash == std::string_view::npos ? scene_id : scene_id.substr(slash + 1));
  key += '_';
  key += category;
  return key;
}

/// Reads files one after the other into one list and its tables.
class DatasetReader : public EpisodeSink {
 public:
  explicit DatasetReader(const ReadRequest& request)
      : request_(request), tables_(std::make_shared<HabitatDataset>()) {
    tables_->type = request.type;
  }

  /// A file and the files of its content folder, if it has one.
  base::Status read_with_content(const fs::path& path);
  base::Result<HabitatEpisodes> finish(const std::string& name);

  base::Status episode(const JsonElement& value, const JsonPlace& place) override;
  base::Status other(const std::string& key, JsonStream& stream) override;

 private:
  struct Row {
    CommonRow common;
    ObjectRow object;
    InstructionRow instruction;
    Slice paths;
    std::optional<JsonElement> goals;  // ObjectNav
    std::vector<std::string> configs;
    bool has_instruction = false;
  };

  bool is(DatasetType type) const { return request_.type == type; }
  bool has_instructions() const { return is(DatasetType::kR2rVln) || is(DatasetType::kRxrVln); }
  base::Status read_file(const fs::path& path);
  base::Result<fs::path> content_pattern(const fs::path& path) const;
  bool is_wanted(const JsonObject& object) const;
  base::Result<bool> read_field(std::string_view key, const JsonElement& value, const JsonPlace& place,
                                Row& row);
  base::Status read_info(const JsonElement& value, const JsonPlace& place, Row& row);
  base::Status read_configs(const JsonElement& value, const JsonPlace& place, Row& row);
  base::Status derive_goals(const JsonPlace& place, const Episode& episode, Row& row);
  base::Status read_goals_by_category(JsonStream& stream);
  base::Result<std::uint32_t> read_goal_list(JsonStream& stream, const std::string& key,
                                             const JsonPlace& place);
  void commit(Episode&& episode, Row& row);
  base::Status check_categories(const std::string& name) const;
  base::Status link_goals(const std::string& name);

  const ReadRequest& request_;
  std::shared_ptr<HabitatDataset> tables_;
  EpisodeList episodes_;
  std::map<std::string, std::uint32_t> goal_set_of_;     // of goals_by_category, over all files
  std::map<std::string, std::uint32_t> derived_set_of_;  // of episodes that carry their goals

  // Of the file that is being read.
  std::size_t index_ = 0;
  std::string content_path_;
  std::set<std::string> unknown_;
};

base::Status DatasetReader::read_file(const fs::path& path) {
  INKNAV_ASSIGN_OR_RETURN(JsonStream stream, JsonStream::open(path));
  index_ = 0;
  content_path_.clear();
  unknown_.clear();
  const std::size_t first = episodes_.size();
  INKNAV_RETURN_IF_ERROR(read_episode_file(stream, *this));
  INKNAV_RETURN_IF_ERROR(episodes_.check_unique(first, stream.name()));
  if (is(DatasetType::kObjectNav)) INKNAV_RETURN_IF_ERROR(check_categories(stream.name()));
  warn_unknown_keys(stream.name(), unknown_);
  return base::ok_status();
}

/// content_scenes_path of the file just read, with its folder filled in; it may not lead out of that folder.
base::Result<fs::path> DatasetReader::content_pattern(const fs::path& path) const {
  const std::string pattern = content_path_.empty() ? std::string(kDefaultContent) : content_path_;
  const std::string start = std::string(kFolderMark) + '/';
  std::string inside = pattern.starts_with(start) ? pattern.substr(start.size()) : std::string();
  const std::size_t mark = inside.find(kSceneMark);
  if (mark != std::string::npos) {
    std::string sample = inside;
    sample.replace(mark, kSceneMark.size(), "scene");
    if (base::is_safe_relative_path(sample)) return path.parent_path() / inside;
  }
  return data_error(path.string() + ": content_scenes_path must be like " + std::string(kDefaultContent) +
                    ", found '" + pattern.substr(0, 100) + "'; correct it");
}

base::Status DatasetReader::read_with_content(const fs::path& path) {
  const std::size_t first = episodes_.size();
  INKNAV_RETURN_IF_ERROR(read_file(path));
  INKNAV_ASSIGN_OR_RETURN(const fs::path pattern, content_pattern(path));
  const std::string text = pattern.string();
  const fs::path folder = fs::path(text.substr(0, text.find(kSceneMark))).parent_path();
  std::error_code none;
  if (fs::exists(folder, none)) {
    INKNAV_ASSIGN_OR_RETURN(const std::vector<fs::path> files, scene_files(text, request_.content_scenes));
    for (const fs::path& file : files) INKNAV_RETURN_IF_ERROR(read_file(file));
  } else if (!contains(request_.content_scenes, "*")) {
    episodes_.keep_from(first, [&](const Episode& episode) {
      return contains(request_.content_scenes, scene_name(episode.scene_id));
    });
  }
  return base::ok_status();
}

base::Status DatasetReader::episode(const JsonElement& value, const JsonPlace& place) {
  INKNAV_ASSIGN_OR_RETURN(const JsonObject object, read_object(value, place));
  const std::size_t number = index_++;
  if (!is_wanted(object)) return base::ok_status();
  EpisodeFields fields;
  Row row;
  if (is(DatasetType::kObjectNav)) fields.episode().episode_id = std::to_string(number);
  for (const simdjson::dom::key_value_pair field : object) {
    INKNAV_ASSIGN_OR_RETURN(bool known, read_field(field.key, field.value, place, row));
    if (!known) {
      INKNAV_ASSIGN_OR_RETURN(known, fields.read(field.key, field.value, place));
    }
    if (!known && unknown_.size() < kMaxUnknownKeys) unknown_.emplace(field.key);
  }
  INKNAV_RETURN_IF_ERROR(fields.finish(place));
  Episode& episode = fields.episode();
  if (is(DatasetType::kObjectNav)) {
    episode.episode_id = std::to_string(number);  // Habitat numbers the episodes of a file anew
    INKNAV_RETURN_IF_ERROR(derive_goals(place, episode, row));
    if (row.object.category == 0) return place.key("object_category").error("is missing; add it");
  }
  if (has_instructions() && !row.has_instruction) return place.key("instruction").error("is missing; add it");
  if (episodes_.size() >= EpisodeList::kMaxEpisodes)
    return place.error("is one too many; split the data set");
  commit(std::move(episode), row);
  return base::ok_status();
}

/// Whether the instruction is in one of the languages asked for.
bool DatasetReader::is_wanted(const JsonObject& object) const {
  if (!is(DatasetType::kRxrVln) || contains(request_.languages, "*")) return true;
  std::string_view language;
  const auto found = object.at_key("instruction").at_key("language").get(language);
  return found == simdjson::SUCCESS && contains(request_.languages, language);
}

base::Result<bool> DatasetReader::read_field(std::string_view key, const JsonElement& value,
                                             const JsonPlace& place, Row& row) {
  const JsonPlace here = place.key(key);
  if (key == "info") {
    INKNAV_RETURN_IF_ERROR(read_info(value, here, row));
    return false;  // Episode has its part of it
  }
  if (key == "start_room") {
    INKNAV_RETURN_IF_ERROR(read_name(value, here, tables_->names, row.common.start_room));
  } else if (key == "shortest_paths") {
    INKNAV_RETURN_IF_ERROR(read_shortest_paths(value, here, *tables_, row.paths));
  } else if (key == "additional_obj_config_paths") {
    INKNAV_RETURN_IF_ERROR(read_configs(value, here, row));
  } else if (key == "goals" && is(DatasetType::kObjectNav)) {
    row.goals = value;
  } else if (key == "object_category" && is(DatasetType::kObjectNav)) {
    INKNAV_RETURN_IF_ERROR(read_name(value, here, tables_->names, row.object.category));
  } else if (key == "instruction" && has_instructions()) {
    INKNAV_RETURN_IF_ERROR(read_instruction(value, here, *tables_, row.instruction));
    row.has_instruction = true;
  } else {
    return false;
  }
  return true;
}

base::Status DatasetReader::read_info(const JsonElement& value, const JsonPlace& place, Row& row) {
  JsonObject object;
  if (value.get(object) != simdjson::SUCCESS) {
    if (value.is_null()) return base::ok_status();
    return place.mismatch("an object", value);
  }
  row.common.has_info = true;
  for (const simdjson::dom::key_value_pair field : object) {
    const JsonPlace here = place.key(field.key);
    if (field.value.is_null()) continue;
    if (field.key == "euclidean_distance") {
      INKNAV_RETURN_IF_ERROR(
          read_number(field.value, here, 0.0, kMaxCoordinate, row.common.euclidean_distance));
    } else if (field.key == "difficulty") {
      INKNAV_RETURN_IF_ERROR(read_name(field.value, here, tables_->names, row.common.difficulty));
    } else if (field.key == "closest_goal_object_id" && is(DatasetType::kObjectNav)) {
      std::string id;
      INKNAV_RETURN_IF_ERROR(read_identifier(field.value, here, false, id));
      row.object.closest_goal_object_id = tables_->names.add(id);
    }
  }
  return base::ok_status();
}

base::Status DatasetReader::read_configs(const JsonElement& value, const JsonPlace& place, Row& row) {
  if (value.is_null()) return base::ok_status();
  INKNAV_ASSIGN_OR_RETURN(const JsonArray list, read_array(value, place));
  for (const JsonElement entry : list) {
    INKNAV_ASSIGN_OR_RETURN(const std::string_view text, read_text(entry, place.index(row.configs.size())));
    row.configs.emplace_back(text);
  }
  return base::ok_status();
}

/// Older files: each episode carries its goals, and those of the first episode of a key hold for all of them.
base::Status DatasetReader::derive_goals(const JsonPlace& place, const Episode& episode, Row& row) {
  if (!row.goals || row.goals->is_null()) return base::ok_status();
  const JsonPlace here = place.key("goals");
  INKNAV_ASSIGN_OR_RETURN(const JsonArray list, read_array(*row.goals, here));
  if (list.size() == 0) return base::ok_status();
  if (row.object.category == 0) {
    JsonElement category;
    if (list.at(0).at_key("object_category").get(category) != simdjson::SUCCESS) {
      return here.index(0).key("object_category").error("is missing; add it");
    }
    INKNAV_RETURN_IF_ERROR(
        read_name(category, here.index(0).key("object_category"), tables_->names, row.object.category));
  }
  const std::string key = goal_key(episode.scene_id, tables_->names.text(row.object.category));
  if (derived_set_of_.contains(key)) return base::ok_status();
  GoalSet set;
  set.key = tables_->names.add(key);
  set.first = static_cast<std::uint32_t>(tables_->object_goals.size());
  for (const JsonElement entry : list) {
    const JsonPlace at = here.index(tables_->object_goals.size() - set.first);
    INKNAV_RETURN_IF_ERROR(read_object_goal(entry, at, *tables_, tables_->object_goals.emplace_back()));
  }
  set.size = static_cast<std::uint32_t>(tables_->object_goals.size()) - set.first;
  derived_set_of_[key] = static_cast<std::uint32_t>(tables_->goal_sets.size());
  tables_->goal_sets.push_back(set);
  return base::ok_status();
}

void DatasetReader::commit(Episode&& episode, Row& row) {
  HabitatDataset& tables = *tables_;
  row.common.scene = tables.names.add(episode.scene_id);
  episode.row = static_cast<std::uint32_t>(tables.common.size());
  if (is(DatasetType::kObjectNav)) {
    episode.goals.clear();  // those of its key, see link_goals
    tables.objects.push_back(row.object);
  }
  if (has_instructions()) tables.instructions.push_back(row.instruction);
  if (row.paths.size > 0) {
    tables.shortest_paths.resize(episode.row);
    tables.shortest_paths.push_back(row.paths);
  }
  if (!row.configs.empty()) tables.object_configs[episode.row] = std::move(row.configs);
  tables.common.push_back(row.common);
  episodes_.add(std::move(episode));
}

base::Status DatasetReader::other(const std::string& key, JsonStream& stream) {
  const JsonPlace root(stream.name());
  const JsonPlace here = root.key(key);
  const bool objects = is(DatasetType::kObjectNav);
  if (objects && key == "goals_by_category") return read_goals_by_category(stream);
  const bool scene_categories =
      key == "category_to_scene_annotation_category_id" || key == "category_to_mp3d_category_id";
  const bool wanted = key == "content_scenes_path" ||
                      (objects && (key == "category_to_task_category_id" || scene_categories)) ||
                      (is(DatasetType::kR2rVln) && key == "instruction_vocab");
  if (!wanted) return stream.skip();
  INKNAV_ASSIGN_OR_RETURN(const JsonElement value, stream.value());
  if (key == "content_scenes_path") {
    INKNAV_ASSIGN_OR_RETURN(const std::string_view text, read_text(value, here));
    content_path_.assign(text);
    return base::ok_status();
  }
  if (key == "instruction_vocab") return read_vocabulary(value, here, tables_->vocabulary);
  return read_category_map(value, here, scene_categories ? tables_->scene_category : tables_->task_category);
}

base::Result<std::uint32_t> DatasetReader::read_goal_list(JsonStream& stream, const std::string& key,
                                                          const JsonPlace& place) {
  GoalSet set;
  set.key = tables_->names.add(key);
  set.first = static_cast<std::uint32_t>(tables_->object_goals.size());
  INKNAV_RETURN_IF_ERROR(stream.begin_array(place.text() + " must be a list"));
  for (;;) {
    INKNAV_ASSIGN_OR_RETURN(const bool more, stream.next_element());
    if (!more) break;
    INKNAV_ASSIGN_OR_RETURN(const JsonElement value, stream.value());
    const JsonPlace at = place.index(set.size++);
    INKNAV_RETURN_IF_ERROR(read_object_goal(value, at, *tables_, tables_->object_goals.emplace_back()));
  }
  tables_->goal_sets.push_back(set);
  return static_cast<std::uint32_t>(tables_->goal_sets.size() - 1);
}

base::Status DatasetReader::read_goals_by_category(JsonStream& stream) {
  const JsonPlace root(stream.name());
  const JsonPlace all = root.key("goals_by_category");
  INKNAV_RETURN_IF_ERROR(stream.begin_object("goals_by_category must be an object"));
  std::string key;
  for (;;) {
    INKNAV_ASSIGN_OR_RETURN(const bool more, stream.next_key(key));
    if (!more) return base::ok_status();
    INKNAV_ASSIGN_OR_RETURN(const std::uint32_t set, read_goal_list(stream, key, all.key(key)));
    goal_set_of_[key] = set;  // of a key that comes twice the last counts, as in Habitat
  }
}

base::Status DatasetReader::check_categories(const std::string& name) const {
  const CategoryMap &task = tables_->task_category, &scene = tables_->scene_category;
  for (const auto& [one, other, in, missing] :
       {std::tuple{&task, &scene, "category_to_task_category_id", "category_to_scene_annotation_category_id"},
        std::tuple{&scene, &task, "category_to_scene_annotation_category_id",
                   "category_to_task_category_id"}}) {
    for (const auto& [category, id] : one->ids) {
      if (other->ids.contains(category)) continue;
      return data_error(name + ": " + in + " and " + missing + " must have the same categories, '" +
                        category + "' is only in the first; add it to the other");
    }
  }
  return base::ok_status();
}

/// Each episode gets the goals of its key, and the first of them as its representative.
base::Status DatasetReader::link_goals(const std::string& name) {
  for (const auto& [key, set] : derived_set_of_) goal_set_of_.emplace(key, set);
  HabitatDataset& tables = *tables_;
  std::unordered_map<std::uint64_t, std::uint32_t> known;  // by scene and category
  for (std::size_t i = 0; i < episodes_.size(); ++i) {
    Episode& episode = episodes_[i];
    ObjectRow& row = tables.objects[episode.row];
    const std::uint64_t pair = (std::uint64_t{tables.common[episode.row].scene} << 32) | row.category;
    const auto [found, is_new] = known.emplace(pair, kNoRow);
    if (is_new) {
      const std::string key = goal_key(episode.scene_id, tables.names.text(row.category));
      const auto set = goal_set_of_.find(key);
      if (set != goal_set_of_.end()) found->second = set->second;
      if (set == goal_set_of_.end() && !goal_set_of_.empty()) {
        return data_error(name + ": goals_by_category must have the key '" + key + "' of episode '" +
                          episode.episode_id + "', it has not; add the goals or drop the episode");
      }
    }
    row.goal_set = found->second;
    if (row.goal_set == kNoRow || tables.goal_sets[row.goal_set].size == 0) continue;
    const ObjectGoal& goal = tables.object_goals[tables.goal_sets[row.goal_set].first];
    const std::span<const ViewPoint> views = tables.views(goal);
    const float radius = goal.radius >= 0.0f ? goal.radius : 0.0f;
    episode.goals.assign(1, Goal{views.empty() ? goal.position : views.front().pose.position, radius});
  }
  return base::ok_status();
}

base::Result<HabitatEpisodes> DatasetReader::finish(const std::string& name) {
  if (is(DatasetType::kObjectNav)) INKNAV_RETURN_IF_ERROR(link_goals(name));
  if (!tables_->shortest_paths.empty()) tables_->shortest_paths.resize(tables_->common.size());
  return HabitatEpisodes{episodes_.take(), tables_};
}

}  // namespace

std::string scene_name(std::string_view scene_id) { return fs::path(scene_id).stem().string(); }

base::Result<std::vector<fs::path>> scene_files(const std::string& pattern,
                                                const std::vector<std::string>& scenes) {
  const std::size_t mark = pattern.find(kSceneMark);
  INKNAV_CHECK(mark != std::string::npos, pattern);
  const std::string before = pattern.substr(0, mark), after = pattern.substr(mark + kSceneMark.size());
  std::vector<std::string> names = scenes;
  if (contains(scenes, "*")) {
    names.clear();
    const fs::path folder = before.ends_with('/') ? fs::path(before) : fs::path(before).parent_path();
    const std::string start = before.substr(before.rfind('/') + 1);
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
      const std::string file = it->path().filename().string();
      if (file.size() <= start.size() + after.size() || !file.starts_with(start) || !file.ends_with(after))
        continue;
      names.push_back(file.substr(start.size(), file.size() - start.size() - after.size()));
    }
    if (code) {
      return data_error(folder.string() +
                        ": a folder with a file for each scene is wanted, it cannot be read: " +
                        code.message() + "; check DATASET.DATA_PATH and the rights of the folder");
    }
    std::sort(names.begin(), names.end());
  }
  std::vector<fs::path> files;
  for (const std::string& name : names) files.emplace_back(before + name + after);
  return files;
}

base::Result<DatasetType> detect_type(const fs::path& file) {
  INKNAV_ASSIGN_OR_RETURN(JsonStream stream, JsonStream::open(file));
  INKNAV_RETURN_IF_ERROR(stream.begin_object("an object with the key 'episodes' is wanted"));
  DatasetType type = DatasetType::kHandWritingNav;
  std::string key;
  for (;;) {
    INKNAV_ASSIGN_OR_RETURN(const bool more, stream.next_key(key));
    if (!more) return type;
    if (key == "goals_by_category" || key.starts_with("category_to_")) return DatasetType::kObjectNav;
    if (key != "episodes") {
      INKNAV_RETURN_IF_ERROR(stream.skip());
      continue;
    }
    INKNAV_RETURN_IF_ERROR(stream.begin_array("'episodes' must be a list"));
    for (bool first = true;; first = false) {
      INKNAV_ASSIGN_OR_RETURN(const bool another, stream.next_element());
      if (!another) break;
      if (!first) {
        INKNAV_RETURN_IF_ERROR(stream.skip());
        continue;
      }
      INKNAV_ASSIGN_OR_RETURN(const JsonElement episode, stream.value());
      const auto has = [&](const char* name) {
        JsonElement found;
        return episode.at_key(name).get(found) == simdjson::SUCCESS;
      };
      JsonElement language;
      if (has("object_category")) return DatasetType::kObjectNav;
      if (has("instruction")) {
        const bool named =
            episode.at_key("instruction").at_key("language").get(language) == simdjson::SUCCESS;
        return named ? DatasetType::kRxrVln : DatasetType::kR2rVln;
      }
      if (has("start_room") || has("shortest_paths")) type = DatasetType::kPointNav;
    }
  }
}

base::Result<HabitatEpisodes> read_dataset(const ReadRequest& request) {
  INKNAV_CHECK(request.type != DatasetType::kHandWritingNav && !request.files.empty());
  DatasetReader reader(request);
  for (const fs::path& file : request.files) INKNAV_RETURN_IF_ERROR(reader.read_with_content(file));
  return reader.finish(request.files.front().string());
}

}  // namespace inknav::task::habitat
