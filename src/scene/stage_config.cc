// SPDX-License-Identifier: MIT
#include "scene/stage_config.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <glm/geometric.hpp>
#include <glm/matrix.hpp>
#include <mutex>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "scene/limits.h"

namespace inknav::scene {
namespace {

glm::dmat3 frame_from_axes(const glm::dvec3& up, const glm::dvec3& front) {
  const glm::dvec3 right = glm::cross(front, up);
  return glm::transpose(glm::dmat3(right, up, -front));
}

/// The file's axes, as unit vectors; nothing when neither key is there.
base::Status read_axes(const internal::Json& json, const internal::JsonPlace& place,
                       StageAttributes& attributes) {
  std::array<double, 3> up{};
  std::array<double, 3> front{};
  INKNAV_ASSIGN_OR_RETURN(const bool has_up, internal::read_numbers(json, "up", up, place));
  INKNAV_ASSIGN_OR_RETURN(const bool has_front, internal::read_numbers(json, "front", front, place));
  if (!has_up && !has_front) return base::ok_status();
  if (has_up != has_front) return internal::json_error(place, "'up' and 'front' must be given together");
  const glm::dvec3 u(up[0], up[1], up[2]);
  const glm::dvec3 f(front[0], front[1], front[2]);
  const double u_length = glm::length(u);
  const double f_length = glm::length(f);
  const bool finite = std::isfinite(u_length) && std::isfinite(f_length);
  if (!finite || !(u_length > 1e-6) || !(f_length > 1e-6) ||
      std::abs(glm::dot(u, f)) > 1e-3 * u_length * f_length) {
    return internal::json_error(place, "'up' and 'front' must be orthogonal directions");
  }
  attributes.up = u / u_length;
  attributes.front = f / f_length;
  return base::ok_status();
}

base::Status read_size(const internal::Json& json, const internal::JsonPlace& place,
                       StageAttributes& attributes) {
  std::array<double, 3> scale{attributes.scale.x, attributes.scale.y, attributes.scale.z};
  const auto it = json.find("scale");
  if (it != json.end() && it->is_number()) {
    INKNAV_ASSIGN_OR_RETURN(const double all, internal::read_number(json, "scale", 1.0, place));
    scale = {all, all, all};
  } else {
    INKNAV_RETURN_IF_ERROR(internal::read_numbers(json, "scale", scale, place));
  }
  if (scale[0] == 0.0 || scale[1] == 0.0 || scale[2] == 0.0)
    return internal::json_error(place, "'scale' must not be zero");
  attributes.scale = glm::dvec3(scale[0], scale[1], scale[2]);
  INKNAV_ASSIGN_OR_RETURN(attributes.units_to_meters,
                          internal::read_number(json, "units_to_meters", attributes.units_to_meters, place));
  if (!(attributes.units_to_meters > 0.0))
    return internal::json_error(place, "'units_to_meters' must be above zero");
  std::array<double, 3> origin{attributes.origin.x, attributes.origin.y, attributes.origin.z};
  INKNAV_RETURN_IF_ERROR(internal::read_numbers(json, "origin", origin, place));
  attributes.origin = glm::dvec3(origin[0], origin[1], origin[2]);
  return base::ok_status();
}

struct AssetKey {
  const char* key;
  StageAsset StageAttributes::*asset;
};
// house_filename is what Habitat called the descriptor before 0.2.
constexpr std::array<AssetKey, 5> kAssetKeys{
    {{"render_asset", &StageAttributes::render_asset},
     {"nav_asset", &StageAttributes::nav_asset},
     {"semantic_asset", &StageAttributes::semantic_asset},
     {"house_filename", &StageAttributes::semantic_descriptor},
     {"semantic_descriptor_filename", &StageAttributes::semantic_descriptor}}};

base::Status read_assets(const internal::Json& json, const internal::JsonPlace& place,
                         const std::filesystem::path& folder, StageAttributes& attributes) {
  for (const AssetKey& entry : kAssetKeys) {
    INKNAV_ASSIGN_OR_RETURN(std::string name, internal::read_string(json, entry.key, "", place));
    if (!name.empty()) attributes.*entry.asset = {std::move(name), folder};
  }
  return base::ok_status();
}

enum class Kind : std::uint8_t { kNumber, kThreeNumbers, kBool, kString, kGroup };
struct IdleKey {
  std::string_view key;
  Kind kind;
};
/// Read for their type alone; the header says why they have no effect.
constexpr std::array<IdleKey, 23> kIdleKeys{{{"gravity", Kind::kThreeNumbers},
                                             {"semantic_up", Kind::kThreeNumbers},
                                             {"semantic_front", Kind::kThreeNumbers},
                                             {"collision_asset_size", Kind::kThreeNumbers},
                                             {"margin", Kind::kNumber},
                                             {"friction_coefficient", Kind::kNumber},
                                             {"rolling_friction_coefficient", Kind::kNumber},
                                             {"spinning_friction_coefficient", Kind::kNumber},
                                             {"restitution_coefficient", Kind::kNumber},
                                             {"is_collidable", Kind::kBool},
                                             {"force_flat_shading", Kind::kBool},
                                             {"requires_lighting", Kind::kBool},
                                             {"has_semantic_textures", Kind::kBool},
                                             {"use_mesh_collision", Kind::kBool},
                                             {"shader_type", Kind::kString},
                                             {"render_asset_type", Kind::kString},
                                             {"collision_asset", Kind::kString},
                                             {"collision_asset_type", Kind::kString},
                                             {"semantic_asset_type", Kind::kString},
                                             {"lighting_setup", Kind::kString},
                                             {"user_defined", Kind::kGroup},
                                             {"marker_sets", Kind::kGroup},
                                             {"rigid object paths", Kind::kGroup}}};

bool has_effect(const std::string& key) {
  for (const AssetKey& entry : kAssetKeys) {
    if (key == entry.key) return true;
  }
  return key == "up" || key == "front" || key == "scale" || key == "units_to_meters" || key == "origin";
}

bool is_of(const internal::Json& value, Kind kind) {
  const auto finite = [](const internal::Json& v) { return v.is_number() && std::isfinite(v.get<double>()); };
  switch (kind) {
    case Kind::kNumber:
      return finite(value);
    case Kind::kThreeNumbers:
      return value.is_array() && value.size() == 3 && finite(value[0]) && finite(value[1]) &&
             finite(value[2]);
    case Kind::kBool:
      return value.is_boolean();
    case Kind::kString:
      return value.is_string();
    case Kind::kGroup:
      return value.is_object() || value.is_array();
  }
  return false;
}

std::string_view wanted(Kind kind) {
  switch (kind) {
    case Kind::kNumber:
      return "a finite number";
    case Kind::kThreeNumbers:
      return "an array of 3 finite numbers";
    case Kind::kBool:
      return "true or false";
    case Kind::kString:
      return "a string";
    case Kind::kGroup:
      return "an object or an array";
  }
  return "";
}

base::Status check_idle(const internal::Json& json, const internal::JsonPlace& place,
                        std::set<std::string>& unknown) {
  for (const auto& [key, value] : json.items()) {
    if (has_effect(key)) continue;
    const IdleKey* known = nullptr;
    for (const IdleKey& entry : kIdleKeys) {
      if (key == entry.key) known = &entry;
    }
    if (known == nullptr) {
      unknown.insert(key);
    } else if (!is_of(value, known->kind)) {
      return internal::json_error(place, fmt::format("'{}' must be {}", key, wanted(known->kind)));
    }
  }
  return base::ok_status();
}

}  // namespace

StageFrame stage_frame(const StageAttributes& attributes, std::string_view file_name) {
  glm::dvec3 up(0.0, 1.0, 0.0);
  glm::dvec3 front(0.0, 0.0, -1.0);
  if (attributes.up) {
    up = *attributes.up;
    front = *attributes.front;
  } else if (!attributes.configured && file_name.ends_with(".glb")) {
    up = {0.0, 0.0, 1.0};
    front = {0.0, 1.0, 0.0};
  }
  const glm::dvec3 scale = attributes.scale * attributes.units_to_meters;
  return {glm::dmat3(scale.x, 0, 0, 0, scale.y, 0, 0, 0, scale.z) * frame_from_axes(up, front),
          attributes.origin};
}

std::string stage_name(const std::filesystem::path& file) { return file.filename().stem().stem().string(); }

namespace internal {

base::Status lay_over(const Json& json, const JsonPlace& place, const std::filesystem::path& folder,
                      StageAttributes& attributes, std::set<std::string>& unknown) {
  if (!json.is_object()) return json_error(place, "must be an object");
  attributes.configured = true;
  INKNAV_RETURN_IF_ERROR(read_axes(json, place, attributes));
  INKNAV_RETURN_IF_ERROR(scene::read_size(json, place, attributes));
  INKNAV_RETURN_IF_ERROR(read_assets(json, place, folder, attributes));
  return check_idle(json, place, unknown);
}

void warn_of_keys(const std::filesystem::path& config, const std::set<std::string>& unknown) {
  static std::mutex mutex;
  static std::set<std::string> warned;
  if (unknown.empty()) return;
  const std::lock_guard lock(mutex);
  if (!warned.insert(config.string()).second) return;
  std::string keys;
  for (const std::string& key : unknown) {
    if (!keys.empty()) keys += ", ";
    keys += key.substr(0, 60);
  }
  base::log_warning("{}: keys without a meaning here are ignored: {}", config.string(), keys);
}

base::Result<StageAttributes> read_stage_config(const std::filesystem::path& config,
                                                StageAttributes attributes) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> text,
                          base::read_file(config, kMaxStageConfigBytes));
  std::set<std::string> unknown;
  base::Result<Json> json = parse_json(text);
  base::Status read = base::ok_status();
  if (!json.ok()) {
    read = json.error();
  } else {
    read = lay_over(*json, {}, config.parent_path(), attributes, unknown);
  }
  if (!read.ok()) {
    return base::Error{read.error().code, fmt::format("{}: {}", config.string(), read.error().message)};
  }
  warn_of_keys(config, unknown);
  return attributes;
}

std::filesystem::path stage_config_path(const std::filesystem::path& file) {
  std::filesystem::path config = file;
  return config.replace_extension(kStageConfigEnding);
}

void apply(const StageFrame& frame, Scene& scene) {
  if (frame.world_from_file == glm::dmat3(1.0) && frame.origin == glm::dvec3(0.0)) return;
  for (base::Vec3& p : scene.positions) p = base::Vec3(frame.world_from_file * glm::dvec3(p) + frame.origin);
  if (glm::determinant(frame.world_from_file) < 0.0) {
    for (glm::u32vec3& t : scene.triangles) std::swap(t.y, t.z);
  }
}

}  // namespace internal
}  // namespace inknav::scene
