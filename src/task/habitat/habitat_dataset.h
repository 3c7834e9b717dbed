// SPDX-License-Identifier: MIT
#pragma once
// HabitatDataset: what Habitat's episode files hold beyond task::Episode, in side tables.
//
// Every table is indexed by Episode::row, which an episode keeps when others are dropped or the list is
// shuffled; so all functions here take an Episode or its row. A table that the type of the data set does not
// have is empty. Immutable after reading and shared by all environments (Dataset::habitat).
//
// ObjectNav: all episodes with the same key "<scene basename>_<category>" share one GoalSet. Their
// Episode::goals hold one representative, the first view point of the first goal; a distance to the goal goes
// to goal_points(). Test splits without goals have empty Episode::goals and are listed all the same.
// Memory: 24 bytes an episode, plus 16 (ObjectNav) or 36 and texts and tokens (instructions).

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/geometry.h"
#include "task/episode.h"
#include "task/habitat/block_pool.h"
#include "task/habitat/ground_truth.h"
#include "task/habitat/name_table.h"

namespace inknav::task::habitat {

enum class DatasetType : std::uint8_t { kHandWritingNav, kPointNav, kImageNav, kObjectNav, kR2rVln, kRxrVln };

/// Of TASK_CONFIG.DATASET.TYPE, with or without "-v0", "-v1"; VLN-CE is R2RVLN. nullopt: no such type.
std::optional<DatasetType> dataset_type(std::string_view name);

inline constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();

/// Of every episode.
struct CommonRow {
  NameId scene = 0;                                                    // Episode::scene_id
  NameId scene_dataset_config = 0;                                     // "default" when the file does not say
  NameId start_room = 0;                                               // 0: not given
  NameId difficulty = 0;                                               // info.difficulty, 0: not given
  float euclidean_distance = std::numeric_limits<float>::quiet_NaN();  // info's, NaN: not given
  bool has_info = false;                                               // false in test splits
};

struct ViewPoint {
  base::Pose pose;
  float iou = 0.0f;
};

/// One object that is a goal (ObjectNav).
struct ObjectGoal {
  NameId object_id = 0;  // a number or a text in the file
  bool object_id_is_number = true;
  NameId object_name = 0;
  NameId object_name_id = 0;
  NameId object_category = 0;
  NameId room_id = 0;
  NameId room_name = 0;
  base::Vec3 position{0.0f};
  float radius = std::numeric_limits<float>::quiet_NaN();  // NaN: not given
  Slice view_points;                                       // of HabitatDataset::view_points
};

/// The goals of one key "<scene basename>_<category>".
struct GoalSet {
  NameId key = 0;
  std::uint32_t first = 0;  // of HabitatDataset::object_goals
  std::uint32_t size = 0;
};

struct ObjectRow {
  NameId category = 0;
  std::uint32_t goal_set = kNoRow;    // kNoRow: the file has no goals for this key
  NameId closest_goal_object_id = 0;  // info's, 0: not given
};

struct InstructionRow {
  Slice text;                 // UTF-8
  Slice tokens;               // without the zeros at the end
  std::uint16_t padded = 0;   // length in the file, zeros included; 0: no tokens in the file
  NameId language = 0;        // RxR; "" in R2R
  NameId instruction_id = 0;  // RxR
  NameId annotator_id = 0;    // RxR
  float edit_distance = std::numeric_limits<float>::quiet_NaN();  // RxR, NaN: not given
};

struct Instruction {
  std::string_view text;
  std::span<const std::uint16_t> tokens;  // ids of the vocabulary, without padding
  std::string_view language;
};

/// instruction_vocab: word i of the list has id i.
struct Vocabulary {
  std::vector<std::string> words;
  int unknown = 1;  // UNK_INDEX
  int padding = 0;  // PAD_INDEX
};

/// One step of shortest_paths.
struct PathStep {
  static constexpr std::int16_t kNoAction = -1;
  base::Pose pose;                  // identity unless has_pose
  std::int16_t action = kNoAction;  // Habitat's number
  bool has_pose = false;            // false where the file has the action alone
};

struct CategoryMap {
  bool present = false;
  std::map<std::string, int> ids;
};

struct HabitatDataset {
  DatasetType type = DatasetType::kHandWritingNav;
  NameTable names;
  std::vector<CommonRow> common;  // [rows]

  std::vector<ObjectRow> objects;  // [rows] ObjectNav
  std::vector<GoalSet> goal_sets;
  std::vector<ObjectGoal> object_goals;
  BlockPool<ViewPoint> view_points;
  CategoryMap task_category;   // category_to_task_category_id: what the objectgoal sensor shows
  CategoryMap scene_category;  // category_to_scene_annotation_category_id, or its old name

  std::vector<InstructionRow> instructions;  // [rows] R2R, RxR
  BlockPool<char> texts;
  BlockPool<std::uint16_t> tokens;
  Vocabulary vocabulary;  // R2R; empty in RxR

  /// Paths of an episode in shortest_paths, in its order; row by row. Empty when no episode has any.
  std::vector<Slice> shortest_paths;  // [rows] of path_slices
  BlockPool<Slice> path_slices;       // [paths] of path_steps
  BlockPool<PathStep> path_steps;
  /// additional_obj_config_paths of the rows that have any.
  std::map<std::uint32_t, std::vector<std::string>> object_configs;

  GroundTruth ground_truth;  // of {split}_gt.json.gz; empty when there is none

  std::string_view scene_dataset_config(const Episode& episode) const;
  std::string_view start_room(const Episode& episode) const;
  /// "" unless ObjectNav.
  std::string_view object_category(const Episode& episode) const;
  /// category_to_task_category_id of the episode's category; -1 when it is not there.
  int task_category_id(const Episode& episode) const;
  /// Goals of the episode's key; empty unless ObjectNav.
  std::span<const ObjectGoal> goals(const Episode& episode) const;
  std::span<const ViewPoint> views(const ObjectGoal& goal) const {
    return view_points.view(goal.view_points);
  }
  /// Empty texts and tokens where there are none.
  Instruction instruction(const Episode& episode) const;
  /// Of the tables, without Episode itself.
  std::size_t num_bytes() const;
};

enum class DistanceTo : std::uint8_t { kPoint, kViewPoints };

/// Where distance_to_goal is measured to: with kPoint the positions of all goals, with kViewPoints all view
/// points of all goals (a goal without any: its position). `habitat` may be null (then Episode::goals). Empty
/// in a test split without goals.
std::vector<base::Vec3> goal_points(const HabitatDataset* habitat, const Episode& episode,
                                    DistanceTo distance_to);

}  // namespace inknav::task::habitat
