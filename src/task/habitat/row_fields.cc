// SPDX-License-Identifier: MIT
#include "task/habitat/row_fields.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace inknav::task::habitat {

namespace {

constexpr std::int64_t kMaxTokens = 65535;  // in one instruction, and the largest id
constexpr std::int64_t kMaxCategory = 1'000'000;

base::Error no_room(const JsonPlace& place, std::string_view what) {
  std::string text = "is more than the tables of ";
  text += what;
  return place.error(text + " hold; split the file");
}

/// Habitat's names of its actions, in the order of their numbers.
std::int16_t action_of_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames = {"stop",       "move_forward", "turn_left",
                                                      "turn_right", "look_up",      "look_down"};
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  const auto found = std::find(kNames.begin(), kNames.end(), lower);
  return found == kNames.end() ? PathStep::kNoAction : static_cast<std::int16_t>(found - kNames.begin());
}

base::Status read_action(const JsonElement& value, const JsonPlace& place, std::int16_t& out) {
  out = PathStep::kNoAction;
  if (value.is_null()) return base::ok_status();
  std::string_view name;
  if (value.get(name) == simdjson::SUCCESS) {
    out = action_of_name(name);
    if (out != PathStep::kNoAction) return base::ok_status();
    return place.mismatch("the number or the name of an action, or null", value);
  }
  INKNAV_ASSIGN_OR_RETURN(const std::int64_t number, read_integer(value, place, 0, 255));
  out = static_cast<std::int16_t>(number);
  return base::ok_status();
}

base::Status read_step(const JsonElement& value, const JsonPlace& place, PathStep& step) {
  JsonObject object;
  if (value.get(object) != simdjson::SUCCESS) return read_action(value, place, step.action);
  bool position = false, rotation = false;
  for (const simdjson::dom::key_value_pair field : object) {
    const JsonPlace here = place.key(field.key);
    if (field.key == "action") {
      INKNAV_RETURN_IF_ERROR(read_action(field.value, here, step.action));
    } else if (field.key == "position" && !field.value.is_null()) {
      INKNAV_RETURN_IF_ERROR(read_point(field.value, here, step.pose.position));
      position = true;
    } else if (field.key == "rotation" && !field.value.is_null()) {
      INKNAV_RETURN_IF_ERROR(read_rotation(field.value, here, step.pose.rotation));
      rotation = true;
    }
  }
  if (position != rotation)
    return place.error("must have both position and rotation, or neither; add the other");
  step.has_pose = position;
  return base::ok_status();
}

base::Status read_view_point(const JsonElement& value, const JsonPlace& place, ViewPoint& view) {
  JsonElement state, position, rotation, iou;
  JsonObject object;
  if (value.get(object) != simdjson::SUCCESS ||
      object.at_key("agent_state").get(state) != simdjson::SUCCESS) {
    return place.mismatch("{agent_state: {position, rotation}, iou}", value);
  }
  const JsonPlace at = place.key("agent_state");
  INKNAV_ASSIGN_OR_RETURN(const JsonObject agent, read_object(state, at));
  if (agent.at_key("position").get(position) != simdjson::SUCCESS) {
    return at.key("position").error("[x, y, z] is missing; add it");
  }
  INKNAV_RETURN_IF_ERROR(read_point(position, at.key("position"), view.pose.position));
  if (agent.at_key("rotation").get(rotation) == simdjson::SUCCESS && !rotation.is_null()) {
    INKNAV_RETURN_IF_ERROR(read_rotation(rotation, at.key("rotation"), view.pose.rotation));
  }
  if (object.at_key("iou").get(iou) == simdjson::SUCCESS && !iou.is_null()) {
    INKNAV_RETURN_IF_ERROR(read_number(iou, place.key("iou"), -1e6, 1e6, view.iou));
  }
  return base::ok_status();
}

base::Status read_view_points(const JsonElement& value, const JsonPlace& place, HabitatDataset& tables,
                              ObjectGoal& goal) {
  INKNAV_ASSIGN_OR_RETURN(const JsonArray list, read_array(value, place));
  std::vector<ViewPoint> views;
  views.reserve(list.size());
  for (const JsonElement entry : list) {
    const JsonPlace here = place.index(views.size());
    INKNAV_RETURN_IF_ERROR(read_view_point(entry, here, views.emplace_back()));
  }
  if (!tables.view_points.has_room(views.size())) return no_room(place, "view points");
  goal.view_points = tables.view_points.append(views);
  return base::ok_status();
}

base::Status read_tokens(const JsonElement& value, const JsonPlace& place, HabitatDataset& tables,
                         InstructionRow& row) {
  INKNAV_ASSIGN_OR_RETURN(const JsonArray list, read_array(value, place));
  std::array<std::uint16_t, kMaxTokens> ids;
  std::size_t count = 0, used = 0;
  for (const JsonElement entry : list) {
    if (count == ids.size()) return place.error("has more than 65535 tokens; cut it");
    INKNAV_ASSIGN_OR_RETURN(const std::int64_t id, read_integer(entry, place.index(count), 0, kMaxTokens));
    ids[count++] = static_cast<std::uint16_t>(id);
    if (id != 0) used = count;
  }
  if (!tables.tokens.has_room(used)) return no_room(place, "tokens");
  row.tokens = tables.tokens.append(std::span<const std::uint16_t>(ids.data(), used));
  row.padded = static_cast<std::uint16_t>(count);
  return base::ok_status();
}

base::Status read_any_id(const JsonElement& value, const JsonPlace& place, NameTable& names, NameId& out) {
  std::string text;
  if (!value.is_null()) INKNAV_RETURN_IF_ERROR(read_identifier(value, place, false, text));
  out = names.add(text);
  return base::ok_status();
}

}  // namespace

base::Status read_name(const JsonElement& value, const JsonPlace& place, NameTable& names, NameId& out) {
  out = 0;
  if (value.is_null()) return base::ok_status();
  INKNAV_ASSIGN_OR_RETURN(const std::string_view text, read_text(value, place));
  out = names.add(text);
  return base::ok_status();
}

base::Status read_instruction(const JsonElement& value, const JsonPlace& place, HabitatDataset& tables,
                              InstructionRow& row) {
  INKNAV_ASSIGN_OR_RETURN(const JsonObject object, read_object(value, place));
  bool found = false;
  for (const simdjson::dom::key_value_pair field : object) {
    const JsonPlace here = place.key(field.key);
    if (field.key == "instruction_text") {
      INKNAV_ASSIGN_OR_RETURN(const std::string_view text, read_text(field.value, here));
      if (!tables.texts.has_room(text.size())) return no_room(here, "texts");
      row.text = tables.texts.append(std::span<const char>(text.data(), text.size()));
      found = true;
    } else if (field.key == "instruction_tokens" && !field.value.is_null()) {
      INKNAV_RETURN_IF_ERROR(read_tokens(field.value, here, tables, row));
    } else if (field.key == "instruction_id") {
      INKNAV_RETURN_IF_ERROR(read_any_id(field.value, here, tables.names, row.instruction_id));
    } else if (field.key == "annotator_id") {
      INKNAV_RETURN_IF_ERROR(read_any_id(field.value, here, tables.names, row.annotator_id));
    } else if (field.key == "language") {
      INKNAV_RETURN_IF_ERROR(read_name(field.value, here, tables.names, row.language));
    } else if (field.key == "edit_distance" && !field.value.is_null()) {
      INKNAV_RETURN_IF_ERROR(read_number(field.value, here, -1e9, 1e9, row.edit_distance));
    }
  }
  if (!found) return place.key("instruction_text").error("is missing; add it");
  return base::ok_status();
}

base::Status read_vocabulary(const JsonElement& value, const JsonPlace& place, Vocabulary& vocabulary) {
  INKNAV_ASSIGN_OR_RETURN(const JsonObject object, read_object(value, place));
  Vocabulary read;
  bool found = false;
  for (const simdjson::dom::key_value_pair field : object) {
    const JsonPlace here = place.key(field.key);
    if (field.key == "word_list") {
      INKNAV_ASSIGN_OR_RETURN(const JsonArray list, read_array(field.value, here));
      read.words.clear();
      for (const JsonElement word : list) {
        INKNAV_ASSIGN_OR_RETURN(const std::string_view text, read_text(word, here.index(read.words.size())));
        read.words.emplace_back(text);
      }
      found = true;
    } else if (field.key == "UNK_INDEX" || field.key == "PAD_INDEX") {
      INKNAV_ASSIGN_OR_RETURN(const std::int64_t id, read_integer(field.value, here, 0, kMaxTokens));
      (field.key == "UNK_INDEX" ? read.unknown : read.padding) = static_cast<int>(id);
    }
  }
  if (!found) return place.key("word_list").error("is missing; add it");
  if (read.words.size() > static_cast<std::size_t>(kMaxTokens)) {
    return place.key("word_list").error("has more than 65535 words; is this a vocabulary?");
  }
  vocabulary = std::move(read);
  return base::ok_status();
}

base::Status read_shortest_paths(const JsonElement& value, const JsonPlace& place, HabitatDataset& tables,
                                 Slice& row) {
  row = {};
  if (value.is_null()) return base::ok_status();
  INKNAV_ASSIGN_OR_RETURN(const JsonArray list, read_array(value, place));
  std::vector<Slice> paths;
  for (const JsonElement entry : list) {
    const JsonPlace here = place.index(paths.size());
    std::vector<PathStep> steps;
    if (!entry.is_null()) {
      INKNAV_ASSIGN_OR_RETURN(const JsonArray path, read_array(entry, here));
      for (const JsonElement step : path) {
        const JsonPlace at = here.index(steps.size());
        INKNAV_RETURN_IF_ERROR(read_step(step, at, steps.emplace_back()));
      }
    }
    if (!tables.path_steps.has_room(steps.size())) return no_room(here, "paths");
    paths.push_back(tables.path_steps.append(steps));
  }
  if (!tables.path_slices.has_room(paths.size())) return no_room(place, "paths");
  row = tables.path_slices.append(paths);
  return base::ok_status();
}

base::Status read_object_goal(const JsonElement& value, const JsonPlace& place, HabitatDataset& tables,
                              ObjectGoal& goal) {
  INKNAV_ASSIGN_OR_RETURN(const JsonObject object, read_object(value, place));
  bool found = false;
  for (const simdjson::dom::key_value_pair field : object) {
    const JsonPlace here = place.key(field.key);
    const std::array<std::pair<std::string_view, NameId*>, 6> names = {
        {{"object_id", &goal.object_id},
         {"object_name", &goal.object_name},
         {"object_name_id", &goal.object_name_id},
         {"object_category", &goal.object_category},
         {"room_id", &goal.room_id},
         {"room_name", &goal.room_name}}};
    for (const auto& [key, id] : names) {
      if (field.key == key) INKNAV_RETURN_IF_ERROR(read_any_id(field.value, here, tables.names, *id));
    }
    if (field.key == "object_id") {
      goal.object_id_is_number = field.value.is_number();
    } else if (field.key == "position") {
      INKNAV_RETURN_IF_ERROR(read_point(field.value, here, goal.position));
      found = true;
    } else if (field.key == "radius" && !field.value.is_null()) {
      INKNAV_RETURN_IF_ERROR(read_number(field.value, here, 0.0, kMaxCoordinate, goal.radius));
    } else if (field.key == "view_points" && !field.value.is_null()) {
      INKNAV_RETURN_IF_ERROR(read_view_points(field.value, here, tables, goal));
    }
  }
  if (!found) return place.key("position").error("[x, y, z] is missing; add it");
  return base::ok_status();
}

base::Status read_category_map(const JsonElement& value, const JsonPlace& place, CategoryMap& map) {
  INKNAV_ASSIGN_OR_RETURN(const JsonObject object, read_object(value, place));
  map.ids.clear();
  for (const simdjson::dom::key_value_pair field : object) {
    INKNAV_ASSIGN_OR_RETURN(const std::int64_t id,
                            read_integer(field.value, place.key(field.key), -1, kMaxCategory));
    map.ids[std::string(field.key)] = static_cast<int>(id);
  }
  map.present = true;
  return base::ok_status();
}

}  // namespace inknav::task::habitat
