// SPDX-License-Identifier: MIT
#include "task/habitat/ground_truth.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "task/json_stream.h"
#include "task/json_text.h"
#include "task/json_value.h"

namespace inknav::task::habitat {

namespace {

constexpr std::uint8_t kForward = 1;
constexpr std::int64_t kMaxAction = 5;  // Habitat's look_down
constexpr std::int64_t kMaxSteps = 1'000'000;
constexpr double kMaxUneven = 0.01;  // of the walks; more is another file or a damaged one

struct WalkBuffers {
  std::vector<base::Vec3> locations;
  std::vector<std::uint8_t> actions;
};

base::Status read_walk(const JsonElement& value, const JsonPlace& place, WalkBuffers& buffers,
                       GroundTruthWalk& walk) {
  INKNAV_ASSIGN_OR_RETURN(const JsonObject object, read_object(value, place));
  JsonElement locations, actions, steps;
  const auto missing = [&](const char* key) {
    return place.key(key).error("is missing; is this a ground truth file?");
  };
  if (object.at_key("locations").get(locations) != simdjson::SUCCESS) return missing("locations");
  if (object.at_key("actions").get(actions) != simdjson::SUCCESS) return missing("actions");
  if (object.at_key("forward_steps").get(steps) != simdjson::SUCCESS) return missing("forward_steps");
  const JsonPlace at = place.key("locations"), does = place.key("actions");
  buffers.locations.clear();
  INKNAV_ASSIGN_OR_RETURN(const JsonArray points, read_array(locations, at));
  for (const JsonElement point : points) {
    const JsonPlace here = at.index(buffers.locations.size());
    INKNAV_RETURN_IF_ERROR(read_point(point, here, buffers.locations.emplace_back()));
  }
  if (buffers.locations.empty())
    return at.error("must have at least one point, found none; correct the file");
  buffers.actions.clear();
  INKNAV_ASSIGN_OR_RETURN(const JsonArray list, read_array(actions, does));
  for (const JsonElement entry : list) {
    INKNAV_ASSIGN_OR_RETURN(const std::int64_t action,
                            read_integer(entry, does.index(buffers.actions.size()), 0, kMaxAction));
    buffers.actions.push_back(static_cast<std::uint8_t>(action));
  }
  INKNAV_ASSIGN_OR_RETURN(const std::int64_t forward,
                          read_integer(steps, place.key("forward_steps"), 0, kMaxSteps));
  walk = {buffers.locations, buffers.actions, static_cast<std::uint32_t>(forward)};
  return base::ok_status();
}

/// What does not agree in a walk, or "".
std::string unevenness(const GroundTruthWalk& walk) {
  if (walk.locations.size() != std::size_t{walk.forward_steps} + 1) {
    return fmt::format("must have forward_steps + 1 = {} locations, found {}", walk.forward_steps + 1,
                       walk.locations.size());
  }
  const auto forward = std::count(walk.actions.begin(), walk.actions.end(), kForward);
  if (forward == static_cast<std::ptrdiff_t>(walk.forward_steps)) return {};
  return fmt::format("must have forward_steps = {} forward actions, found {}", walk.forward_steps, forward);
}

}  // namespace

GroundTruthWalk GroundTruth::find(std::string_view episode_id) const {
  const auto found = row_of_.find(std::string(episode_id));
  if (found == row_of_.end()) return {};
  const Row& row = rows_[found->second];
  return {locations_.view(row.locations), actions_.view(row.actions), row.forward_steps};
}

bool GroundTruth::has_room(const GroundTruthWalk& walk) const {
  return locations_.has_room(walk.locations.size()) && actions_.has_room(walk.actions.size());
}

bool GroundTruth::add(std::string_view episode_id, const GroundTruthWalk& walk) {
  if (!row_of_.emplace(episode_id, static_cast<std::uint32_t>(rows_.size())).second) return false;
  ids_.emplace_back(episode_id);
  rows_.push_back({locations_.append(walk.locations), actions_.append(walk.actions), walk.forward_steps});
  return true;
}

std::size_t GroundTruth::num_bytes() const {
  constexpr std::size_t kIdBytes = 2 * sizeof(std::string) + 56;  // twice, and a node of the index
  return locations_.num_bytes() + actions_.num_bytes() + rows_.capacity() * sizeof(Row) +
         ids_.size() * kIdBytes;
}

base::Status load_ground_truth(const std::filesystem::path& path, GroundTruth& truth) {
  INKNAV_ASSIGN_OR_RETURN(JsonStream stream, JsonStream::open(path));
  const JsonPlace root(stream.name());
  INKNAV_RETURN_IF_ERROR(
      stream.begin_object("an object {episode_id: {locations, actions, forward_steps}} is wanted"));
  WalkBuffers buffers;
  std::string id, first_uneven;
  std::size_t walks = 0, uneven = 0;
  for (;; ++walks) {
    INKNAV_ASSIGN_OR_RETURN(const bool more, stream.next_key(id));
    if (!more) break;
    const JsonPlace place = root.key(id);
    INKNAV_ASSIGN_OR_RETURN(const JsonElement value, stream.value());
    GroundTruthWalk walk;
    INKNAV_RETURN_IF_ERROR(read_walk(value, place, buffers, walk));
    if (!truth.has_room(walk)) return place.error("is more than the table holds; split the file");
    const std::string fault = unevenness(walk);
    if (!fault.empty() && ++uneven == 1) first_uneven = place.error(fault).message;
    if (!truth.add(id, walk)) return place.error("appears twice; which walk is meant?");
  }
  INKNAV_RETURN_IF_ERROR(stream.finish());
  if (uneven == 0) return base::ok_status();
  if (static_cast<double>(uneven) > kMaxUneven * static_cast<double>(walks)) {
    return base::Error{
        base::ErrorCode::kData,
        fmt::format("{}; {} of {} walks are like this, copy the file again", first_uneven, uneven, walks)};
  }
  base::log_warning("{}; {} of {} walks are like this, their locations are used as they are", first_uneven,
                    uneven, walks);
  return base::ok_status();
}

base::Status save_ground_truth(const std::filesystem::path& path, const GroundTruth& truth) {
  JsonText out;
  out.begin('{');
  for (const std::string& id : truth.ids()) {
    const GroundTruthWalk walk = truth.find(id);
    out.key(id).begin('{').key("locations").begin('[');
    for (const base::Vec3& point : walk.locations) out.numbers(&point.x, 3);
    out.end(']').key("actions").begin('[');
    for (const std::uint8_t action : walk.actions) out.integer(action);
    out.end(']').key("forward_steps").integer(walk.forward_steps).end('}');
  }
  out.end('}');
  return write_json_text(path, out.text());
}

}  // namespace inknav::task::habitat
