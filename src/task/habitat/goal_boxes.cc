// SPDX-License-Identifier: MIT
#include "task/habitat/goal_boxes.h"

#include <charconv>
#include <map>
#include <string>
#include <system_error>

namespace inknav::task::habitat {

std::vector<base::Aabb> goal_boxes(const HabitatDataset& habitat, const Episode& episode,
                                   const scene::SemanticScene& semantics) {
  std::map<int, const scene::SemanticBox*> boxes;
  for (const scene::SemanticObject& object : semantics.objects) {
    if (object.box) boxes[object.id] = &*object.box;
  }
  std::vector<base::Aabb> found;
  for (const ObjectGoal& goal : habitat.goals(episode)) {
    const std::string& text = habitat.names.text(goal.object_id);
    int id = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (fault != std::errc() || end != text.data() + text.size()) continue;
    if (const auto box = boxes.find(id); box != boxes.end()) found.push_back(box->second->bounds());
  }
  return found;
}

}  // namespace inknav::task::habitat
