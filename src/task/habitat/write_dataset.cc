// SPDX-License-Identifier: MIT
#include "task/habitat/write_dataset.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "task/json_text.h"

namespace inknav::task::habitat {

namespace {

constexpr int kObjectNavDecimals = 5;  // habitat-lab's encoder of floats

class DatasetWriter {
 public:
  explicit DatasetWriter(const HabitatDataset& tables)
      : tables_(tables), out_(tables.type == DatasetType::kObjectNav ? kObjectNavDecimals : -1) {}

  const std::string& write(const std::vector<Episode>& episodes) {
    out_.begin('{');
    if (tables_.type == DatasetType::kObjectNav) write_categories();
    out_.key("episodes").begin('[');
    for (const Episode& episode : episodes) write_episode(episode);
    out_.end_line().end(']');
    if (!tables_.vocabulary.words.empty()) write_vocabulary();
    out_.end('}').end_line();
    return out_.text();
  }

 private:
  bool has_instructions() const { return !tables_.instructions.empty(); }
  std::string_view name(NameId id) const { return tables_.names.text(id); }

  void write_pose(const base::Pose& pose) {
    const base::Quat& q = pose.rotation;
    const float xyzw[4] = {q.x, q.y, q.z, q.w};
    out_.key("position").numbers(&pose.position.x, 3).key("rotation").numbers(xyzw, 4);
  }

  /// R2R and RxR have numbers for ids, where they are numbers.
  void write_id(const char* key, std::string_view id) {
    out_.key(key);
    std::int64_t number = 0;
    const auto read = std::from_chars(id.data(), id.data() + id.size(), number);
    if (has_instructions() && read.ec == std::errc() && std::to_string(number) == id) {
      out_.integer(number);
    } else {
      out_.text(id);
    }
  }

  void write_episode(const Episode& episode) {
    const CommonRow& common = tables_.common.at(episode.row);
    const base::Quat& q = episode.start.rotation;
    const float xyzw[4] = {q.x, q.y, q.z, q.w};
    out_.line().begin('{');
    write_id("episode_id", episode.episode_id);
    if (!episode.trajectory_id.empty()) write_id("trajectory_id", episode.trajectory_id);
    out_.key("scene_id").text(episode.scene_id);
    if (name(common.scene_dataset_config) != "default")
      out_.key("scene_dataset_config").text(name(common.scene_dataset_config));
    const auto configs = tables_.object_configs.find(episode.row);
    if (configs != tables_.object_configs.end()) {
      out_.key("additional_obj_config_paths").begin('[');
      for (const std::string& path : configs->second) out_.text(path);
      out_.end(']');
    }
    out_.key("start_position").numbers(&episode.start.position.x, 3).key("start_rotation").numbers(xyzw, 4);
    if (common.start_room != 0) out_.key("start_room").text(name(common.start_room));
    if (common.has_info) write_info(episode, common);
    write_goals(episode);
    if (!episode.reference_path.empty()) {
      out_.key("reference_path").begin('[');
      for (const base::Vec3& point : episode.reference_path) out_.numbers(&point.x, 3);
      out_.end(']');
    }
    if (has_instructions()) write_instruction(tables_.instructions.at(episode.row));
    if (!tables_.shortest_paths.empty()) write_paths(tables_.shortest_paths.at(episode.row));
    out_.end('}');
  }

  void write_info(const Episode& episode, const CommonRow& common) {
    out_.key("info").begin('{').key("geodesic_distance").number(episode.geodesic_distance);
    if (!std::isnan(common.euclidean_distance))
      out_.key("euclidean_distance").number(common.euclidean_distance);
    if (common.difficulty != 0) out_.key("difficulty").text(name(common.difficulty));
    if (!tables_.objects.empty() && tables_.objects.at(episode.row).closest_goal_object_id != 0) {
      write_number_or_text("closest_goal_object_id",
                           name(tables_.objects.at(episode.row).closest_goal_object_id));
    }
    out_.end('}');
  }

  void write_number_or_text(const char* key, std::string_view id) {
    std::int64_t number = 0;
    const auto read = std::from_chars(id.data(), id.data() + id.size(), number);
    if (read.ec == std::errc() && std::to_string(number) == id) {
      out_.key(key).integer(number);
    } else {
      out_.key(key).text(id);
    }
  }

  void write_goals(const Episode& episode) {
    const bool objects = tables_.type == DatasetType::kObjectNav;
    if (objects) out_.key("object_category").text(name(tables_.objects.at(episode.row).category));
    if (episode.goals.empty() && !objects) return;  // a test split
    out_.key("goals").begin('[');
    for (const Goal& goal : episode.goals) {
      if (objects) break;  // theirs are in goals_by_category
      out_.begin('{').key("position").numbers(&goal.position.x, 3).key("radius").number(goal.radius).end('}');
    }
    out_.end(']');
  }

  void write_instruction(const InstructionRow& row) {
    out_.key("instruction").begin('{');
    if (row.instruction_id != 0) write_number_or_text("instruction_id", name(row.instruction_id));
    const std::span<const char> text = tables_.texts.view(row.text);
    out_.key("instruction_text").text(std::string_view(text.data(), text.size()));
    if (row.padded > 0) {
      out_.key("instruction_tokens").begin('[');
      const std::span<const std::uint16_t> tokens = tables_.tokens.view(row.tokens);
      for (std::size_t i = 0; i < row.padded; ++i) out_.integer(i < tokens.size() ? tokens[i] : 0);
      out_.end(']');
    }
    if (row.language != 0) out_.key("language").text(name(row.language));
    if (row.annotator_id != 0) write_number_or_text("annotator_id", name(row.annotator_id));
    if (!std::isnan(row.edit_distance)) out_.key("edit_distance").number(row.edit_distance);
    out_.end('}');
  }

  void write_paths(const Slice& row) {
    if (row.size == 0) return;
    out_.key("shortest_paths").begin('[');
    for (const Slice& path : tables_.path_slices.view(row)) {
      out_.begin('[');
      for (const PathStep& step : tables_.path_steps.view(path)) write_step(step);
      out_.end(']');
    }
    out_.end(']');
  }

  void write_step(const PathStep& step) {
    if (step.has_pose) {
      out_.begin('{');
      write_pose(step.pose);
      out_.key("action");
    }
    if (step.action == PathStep::kNoAction) {
      out_.null();
    } else {
      out_.integer(step.action);
    }
    if (step.has_pose) out_.end('}');
  }

  void write_vocabulary() {
    const Vocabulary& vocabulary = tables_.vocabulary;
    out_.key("instruction_vocab").begin('{').key("word_list").begin('[');
    for (const std::string& word : vocabulary.words) out_.text(word);
    out_.end(']').key("num_vocab").integer(static_cast<std::int64_t>(vocabulary.words.size()));
    out_.key("UNK_INDEX").integer(vocabulary.unknown).key("PAD_INDEX").integer(vocabulary.padding).end('}');
  }

  void write_categories() {
    for (const auto& [key, map] :
         {std::pair{"category_to_task_category_id", &tables_.task_category},
          std::pair{"category_to_scene_annotation_category_id", &tables_.scene_category}}) {
      if (!map->present) continue;
      out_.key(key).begin('{');
      for (const auto& [category, id] : map->ids) out_.key(category).integer(id);
      out_.end('}');
    }
    if (tables_.goal_sets.empty()) return;
    out_.key("goals_by_category").begin('{');
    for (const GoalSet& set : tables_.goal_sets) {
      out_.line().key(name(set.key)).begin('[');
      for (std::uint32_t i = 0; i < set.size; ++i) write_object_goal(tables_.object_goals.at(set.first + i));
      out_.end(']');
    }
    out_.end('}');
  }

  void write_object_goal(const ObjectGoal& goal) {
    out_.begin('{');
    if (goal.object_id != 0 && goal.object_id_is_number) {
      write_number_or_text("object_id", name(goal.object_id));
    } else if (goal.object_id != 0) {
      out_.key("object_id").text(name(goal.object_id));
    }
    for (const auto& [key, id] :
         {std::pair{"object_name", goal.object_name}, std::pair{"object_name_id", goal.object_name_id},
          std::pair{"object_category", goal.object_category}, std::pair{"room_id", goal.room_id},
          std::pair{"room_name", goal.room_name}}) {
      if (id != 0) out_.key(key).text(name(id));
    }
    out_.key("position").numbers(&goal.position.x, 3);
    if (!std::isnan(goal.radius)) out_.key("radius").number(goal.radius);
    out_.key("view_points").begin('[');
    for (const ViewPoint& view : tables_.views(goal)) {
      out_.begin('{').key("agent_state").begin('{');
      write_pose(view.pose);
      out_.end('}').key("iou").number(view.iou).end('}');
    }
    out_.end(']').end('}');
  }

  const HabitatDataset& tables_;
  JsonText out_;
};

}  // namespace

base::Status write_dataset(const std::filesystem::path& path, const std::vector<Episode>& episodes,
                           const HabitatDataset& tables) {
  DatasetWriter writer(tables);
  return write_json_text(path, writer.write(episodes));
}

}  // namespace inknav::task::habitat
