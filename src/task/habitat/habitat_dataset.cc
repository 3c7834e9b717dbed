// SPDX-License-Identifier: MIT
#include "task/habitat/habitat_dataset.h"

#include <algorithm>
#include <array>
#include <utility>

namespace inknav::task::habitat {

namespace {

template <typename T>
std::size_t bytes_of(const std::vector<T>& list) {
  return list.capacity() * sizeof(T);
}

}  // namespace

std::optional<DatasetType> dataset_type(std::string_view name) {
  using enum DatasetType;
  constexpr std::array<std::pair<std::string_view, DatasetType>, 9> kTypes = {{
      {"HandWritingNav", kHandWritingNav},
      {"HandWritingNav-v0", kHandWritingNav},
      {"HandWritingNav-v1", kHandWritingNav},
      {"PointNav-v1", kPointNav},
      {"ImageNav-v1", kImageNav},
      {"ObjectNav-v1", kObjectNav},
      {"R2RVLN-v1", kR2rVln},
      {"VLN-CE-v1", kR2rVln},
      {"RxR-VLN-CE-v1", kRxrVln},
  }};
  for (const auto& [known, type] : kTypes) {
    if (name == known) return type;
  }
  return std::nullopt;
}

std::string_view HabitatDataset::scene_dataset_config(const Episode& episode) const {
  return names.text(common.at(episode.row).scene_dataset_config);
}

std::string_view HabitatDataset::start_room(const Episode& episode) const {
  return names.text(common.at(episode.row).start_room);
}

std::string_view HabitatDataset::object_category(const Episode& episode) const {
  if (objects.empty()) return {};
  return names.text(objects.at(episode.row).category);
}

int HabitatDataset::task_category_id(const Episode& episode) const {
  const auto found = task_category.ids.find(std::string(object_category(episode)));
  return found == task_category.ids.end() ? -1 : found->second;
}

std::span<const ObjectGoal> HabitatDataset::goals(const Episode& episode) const {
  if (objects.empty()) return {};
  const std::uint32_t set = objects.at(episode.row).goal_set;
  if (set == kNoRow) return {};
  const GoalSet& found = goal_sets.at(set);
  return std::span(object_goals).subspan(found.first, found.size);
}

Instruction HabitatDataset::instruction(const Episode& episode) const {
  if (instructions.empty()) return {};
  const InstructionRow& row = instructions.at(episode.row);
  const std::span<const char> text = texts.view(row.text);
  return {{text.data(), text.size()}, tokens.view(row.tokens), names.text(row.language)};
}

std::size_t HabitatDataset::num_bytes() const {
  std::size_t bytes = names.num_bytes() + bytes_of(common) + bytes_of(objects) + bytes_of(goal_sets) +
                      bytes_of(object_goals) + view_points.num_bytes() + bytes_of(instructions) +
                      texts.num_bytes() + tokens.num_bytes() + bytes_of(shortest_paths) +
                      path_slices.num_bytes() + path_steps.num_bytes() + ground_truth.num_bytes();
  for (const std::string& word : vocabulary.words) bytes += sizeof(word) + word.capacity();
  return bytes;
}

std::vector<base::Vec3> goal_points(const HabitatDataset* habitat, const Episode& episode,
                                    DistanceTo distance_to) {
  std::vector<base::Vec3> points;
  const std::span<const ObjectGoal> objects =
      habitat != nullptr ? habitat->goals(episode) : std::span<const ObjectGoal>{};
  for (const ObjectGoal& goal : objects) {
    const std::span<const ViewPoint> views = habitat->views(goal);
    if (distance_to == DistanceTo::kPoint || views.empty()) {
      points.push_back(goal.position);
      continue;
    }
    for (const ViewPoint& view : views) points.push_back(view.pose.position);
  }
  if (!objects.empty()) return points;
  for (const Goal& goal : episode.goals) points.push_back(goal.position);
  return points;
}

}  // namespace inknav::task::habitat
