// SPDX-License-Identifier: MIT
#include "scene/stage_config.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <glm/geometric.hpp>
#include <glm/matrix.hpp>
#include <utility>
#include <vector>

#include "base/file.h"
#include "scene/json_fields.h"
#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

glm::dmat3 frame_from_axes(const glm::dvec3& up, const glm::dvec3& front) {
  const glm::dvec3 right = glm::cross(front, up);
  return glm::transpose(glm::dmat3(right, up, -front));
}

const glm::dmat3 kYUp(1.0);

glm::dmat3 z_up() { return frame_from_axes({0.0, 0.0, 1.0}, {0.0, 1.0, 0.0}); }

base::Result<glm::dmat3> read_axes(const Json& root, const glm::dmat3& absent) {
  std::array<double, 3> up{};
  std::array<double, 3> front{};
  INKNAV_ASSIGN_OR_RETURN(const bool has_up, read_numbers(root, "up", up, {}));
  INKNAV_ASSIGN_OR_RETURN(const bool has_front, read_numbers(root, "front", front, {}));
  if (!has_up && !has_front) return absent;
  if (has_up != has_front) return json_error({}, "'up' and 'front' must be given together");
  const glm::dvec3 u(up[0], up[1], up[2]);
  const glm::dvec3 f(front[0], front[1], front[2]);
  const double u_length = glm::length(u);
  const double f_length = glm::length(f);
  if (!(u_length > 1e-6) || !(f_length > 1e-6) || std::abs(glm::dot(u, f)) > 1e-3 * u_length * f_length) {
    return json_error({}, "'up' and 'front' must be orthogonal directions");
  }
  return frame_from_axes(u / u_length, f / f_length);
}

base::Result<glm::dvec3> read_scale(const Json& root) {
  std::array<double, 3> scale{1.0, 1.0, 1.0};
  const auto it = root.find("scale");
  if (it != root.end() && it->is_number()) {
    INKNAV_ASSIGN_OR_RETURN(const double all, read_number(root, "scale", 1.0, {}));
    scale = {all, all, all};
  } else {
    INKNAV_RETURN_IF_ERROR(read_numbers(root, "scale", scale, {}));
  }
  INKNAV_ASSIGN_OR_RETURN(const double units, read_number(root, "units_to_meters", 1.0, {}));
  const glm::dvec3 factor = glm::dvec3(scale[0], scale[1], scale[2]) * units;
  if (factor.x == 0.0 || factor.y == 0.0 || factor.z == 0.0)
    return json_error({}, "'scale' must not be zero");
  return factor;
}

base::Result<StageFrame> read_config(std::span<const std::uint8_t> text, const glm::dmat3& absent) {
  INKNAV_ASSIGN_OR_RETURN(const Json root, parse_json(text));
  INKNAV_ASSIGN_OR_RETURN(const glm::dmat3 turn, read_axes(root, absent));
  INKNAV_ASSIGN_OR_RETURN(const glm::dvec3 scale, read_scale(root));
  // Scale acts along the world's axes, after the turn.
  return StageFrame{glm::dmat3(scale.x, 0, 0, 0, scale.y, 0, 0, 0, scale.z) * turn};
}

}  // namespace

base::Result<StageFrame> find_stage_frame(const std::filesystem::path& scene_path, UpAxis up) {
  if (up != UpAxis::kByFile) return StageFrame{up == UpAxis::kY ? kYUp : z_up()};
  const glm::dmat3 absent = scene_path.extension() == ".glb" ? z_up() : kYUp;
  std::filesystem::path config = scene_path;
  config.replace_extension(".stage_config.json");
  std::error_code error;
  if (!std::filesystem::exists(config, error)) return StageFrame{absent};
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> text,
                          base::read_file(config, kMaxStageConfigBytes));
  base::Result<StageFrame> frame = read_config(text, absent);
  if (!frame.ok()) {
    return base::Error{frame.error().code, fmt::format("{}: {}", config.string(), frame.error().message)};
  }
  return frame;
}

void apply(const StageFrame& frame, Scene& scene) {
  if (frame.world_from_file == kYUp) return;
  for (base::Vec3& p : scene.positions) p = base::Vec3(frame.world_from_file * glm::dvec3(p));
  if (glm::determinant(frame.world_from_file) < 0.0) {
    for (glm::u32vec3& t : scene.triangles) std::swap(t.y, t.z);
  }
}

}  // namespace inknav::scene::internal
