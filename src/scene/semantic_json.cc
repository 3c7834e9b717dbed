// SPDX-License-Identifier: MIT
// Semantic descriptors in JSON: Gibson's ".scn" and Replica's "info_semantic.json".
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <glm/gtc/quaternion.hpp>
#include <limits>
#include <map>
#include <utility>

#include "scene/limits.h"
#include "scene/semantic_readers.h"

namespace inknav::scene::internal {
namespace {

base::Result<int> read_id(const Json& entry, const char* key, const JsonPlace& place) {
  const auto it = entry.find(key);
  if (it == entry.end() || !it->is_number_integer()) {
    return json_error(place, fmt::format("'{}' must be a whole number", key));
  }
  const bool large = it->is_number_unsigned() &&
                     it->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<int>::max());
  if (large || it->get<std::int64_t>() < std::numeric_limits<int>::min())
    return json_error(place, fmt::format("'{}' does not fit 32 bits", key));
  return static_cast<int>(it->get<std::int64_t>());
}

/// Three coordinates; none when the key is absent or null.
base::Result<std::optional<glm::dvec3>> read_vector(const Json& entry, const char* key,
                                                    const JsonPlace& place) {
  const auto it = entry.find(key);
  if (it == entry.end() || it->is_null()) return std::optional<glm::dvec3>();
  std::array<double, 3> v{};
  INKNAV_RETURN_IF_ERROR(read_numbers(entry, key, v, place));
  for (const double value : v) {
    if (!is_coordinate(value))
      return json_error(place, fmt::format("'{}' must be of at most {} m", key, kMaxCoordinate));
  }
  return std::optional<glm::dvec3>(glm::dvec3(v[0], v[1], v[2]));
}

base::Result<const Json*> objects_of(const Json& json) {
  INKNAV_ASSIGN_OR_RETURN(const Json* objects, find_array(json, "objects", {}));
  if (objects != nullptr && objects->size() > kMaxSemanticEntries)
    return json_error({}, fmt::format("at most {} objects are read", kMaxSemanticEntries));
  return objects;
}

base::Result<std::optional<SemanticBox>> read_oriented_box(const Json& entry, const JsonPlace& place) {
  INKNAV_ASSIGN_OR_RETURN(const Json* box, find_object(entry, "oriented_bbox", place));
  if (box == nullptr) return std::optional<SemanticBox>();
  INKNAV_ASSIGN_OR_RETURN(const Json* inner, find_object(*box, "abb", place));
  INKNAV_ASSIGN_OR_RETURN(const Json* turn, find_object(*box, "orientation", place));
  if (inner == nullptr || turn == nullptr)
    return json_error(place, "'oriented_bbox' must have 'abb' and 'orientation'");
  INKNAV_ASSIGN_OR_RETURN(const auto center, read_vector(*inner, "center", place));
  INKNAV_ASSIGN_OR_RETURN(const auto sizes, read_vector(*inner, "sizes", place));
  INKNAV_ASSIGN_OR_RETURN(const auto translation, read_vector(*turn, "translation", place));
  std::array<double, 4> rotation{0.0, 0.0, 0.0, 1.0};  // x, y, z, w
  INKNAV_RETURN_IF_ERROR(read_numbers(*turn, "rotation", rotation, place));
  if (!center || !sizes) return json_error(place, "'abb' must have 'center' and 'sizes'");
  glm::dquat quaternion(rotation[3], rotation[0], rotation[1], rotation[2]);
  const double length = glm::length(quaternion);
  if (!std::isfinite(length) || std::abs(length - 1.0) > 0.01)
    return json_error(place, "'rotation' must be a unit quaternion [x, y, z, w]");
  quaternion /= length;
  const glm::dvec3 moved = quaternion * *center + translation.value_or(glm::dvec3(0.0));
  return world_box(moved, 0.5 * *sizes, glm::mat3_cast(quaternion));
}

}  // namespace

base::Result<SemanticScene> read_gibson_semantics(const Json& json) {
  INKNAV_ASSIGN_OR_RETURN(const Json* objects, objects_of(json));
  if (objects == nullptr) return json_error({}, "'objects' is wanted, it is not there");
  SemanticScene scene;
  for (std::size_t i = 0; i < objects->size(); ++i) {
    const Json& entry = (*objects)[i];
    const JsonPlace place{"objects", i};
    if (!entry.is_object()) return json_error(place, "must be an object");
    SemanticObject object;
    INKNAV_ASSIGN_OR_RETURN(object.id, read_id(entry, "id", place));
    INKNAV_ASSIGN_OR_RETURN(object.category, read_string(entry, "class_", "", place));
    if (object.category.empty()) return json_error(place, "'class_' is wanted, it is not there");
    INKNAV_ASSIGN_OR_RETURN(const auto center, read_vector(entry, "location", place));
    INKNAV_ASSIGN_OR_RETURN(const auto size, read_vector(entry, "size", place));
    if (center) {
      object.box = world_box(*center, 0.5 * glm::abs(size.value_or(glm::dvec3(0.0))), glm::dmat3(1.0));
    }
    scene.objects.push_back(std::move(object));
  }
  return scene;
}

base::Result<SemanticScene> read_replica_semantics(const Json& json) {
  INKNAV_ASSIGN_OR_RETURN(const Json* classes, find_array(json, "classes", {}));
  INKNAV_ASSIGN_OR_RETURN(const Json* objects, objects_of(json));
  std::map<int, std::string> names;
  for (std::size_t i = 0; classes != nullptr && i < classes->size(); ++i) {
    const JsonPlace place{"classes", i};
    if (!(*classes)[i].is_object()) return json_error(place, "must be an object");
    INKNAV_ASSIGN_OR_RETURN(const int id, read_id((*classes)[i], "id", place));
    INKNAV_ASSIGN_OR_RETURN(names[id], read_string((*classes)[i], "name", "", place));
  }
  SemanticScene scene;
  for (std::size_t i = 0; objects != nullptr && i < objects->size(); ++i) {
    const Json& entry = (*objects)[i];
    const JsonPlace place{"objects", i};
    if (!entry.is_object()) return json_error(place, "must be an object");
    SemanticObject object;
    INKNAV_ASSIGN_OR_RETURN(object.id, read_id(entry, "id", place));
    INKNAV_ASSIGN_OR_RETURN(const int kind, read_id(entry, "class_id", place));
    const auto named = names.find(kind);
    if (named != names.end()) object.category = named->second;
    INKNAV_ASSIGN_OR_RETURN(object.box, read_oriented_box(entry, place));
    scene.objects.push_back(std::move(object));
  }
  return scene;
}

}  // namespace inknav::scene::internal
