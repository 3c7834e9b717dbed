// SPDX-License-Identifier: MIT
#include "scene/semantic_scene.h"

#include <fmt/format.h>

#include <cmath>
#include <glm/gtc/quaternion.hpp>
#include <set>
#include <utility>

#include "base/file.h"
#include "scene/limits.h"
#include "scene/semantic_readers.h"

namespace inknav::scene {
namespace {

base::Result<SemanticScene> read(const std::string& text, const std::string& name) {
  if (text.starts_with("ASCII ")) return internal::read_house(text, name);
  if (text.starts_with("HM3D ")) return internal::read_hm3d_semantics(text, name);
  const auto in_file = [&](const base::Error& error) {
    return base::Error{error.code, fmt::format("{}: {}", name, error.message)};
  };
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || text[first] != '{') {
    return in_file(
        {base::ErrorCode::kData,
         fmt::format("a semantic descriptor is wanted ('ASCII 1.1', 'HM3D Semantic Annotations' or "
                     "JSON at its start), {}; only .house, .scn, _semantic.txt and "
                     "info_semantic.json are read",
                     text.empty() ? "the file is empty" : "it starts with other bytes")});
  }
  const base::Result<internal::Json> json =
      internal::parse_json({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  if (!json.ok()) return in_file(json.error());
  base::Result<SemanticScene> scene = json->contains("classes") ? internal::read_replica_semantics(*json)
                                                                : internal::read_gibson_semantics(*json);
  if (!scene.ok()) return in_file(scene.error());
  return scene;
}

}  // namespace

base::Aabb SemanticBox::bounds() const {
  base::Aabb box;
  for (int corner = 0; corner < 8; ++corner) {
    const base::Vec3 sign((corner & 1) != 0 ? 1.0f : -1.0f, (corner & 2) != 0 ? 1.0f : -1.0f,
                          (corner & 4) != 0 ? 1.0f : -1.0f);
    box.extend(center + rotation * (sign * half_size));
  }
  return box;
}

std::vector<std::string> SemanticScene::categories() const {
  std::set<std::string> names;
  for (const SemanticObject& object : objects) {
    if (!object.category.empty()) names.insert(object.category);
  }
  return {names.begin(), names.end()};
}

base::Result<SemanticScene> load_semantic_scene(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const std::string text, base::read_text_file(path, kMaxJsonBytes));
  return read(text, path.string());
}

namespace internal {

bool is_coordinate(double value) {
  return std::isfinite(value) && std::abs(value) <= static_cast<double>(kMaxCoordinate);
}

std::optional<SemanticBox> world_box(const glm::dvec3& center, const glm::dvec3& half_size,
                                     const glm::dmat3& axes) {
  if (half_size.x < 0.0 || half_size.y < 0.0 || half_size.z < 0.0) return std::nullopt;
  // Columns: where the file's x, y and z point in the world.
  const glm::dmat3 world_from_file(1, 0, 0, 0, 0, -1, 0, 1, 0);
  SemanticBox box;
  box.center = base::Vec3(world_from_file * center);
  box.half_size = base::Vec3(half_size);
  box.rotation = base::Quat(glm::normalize(glm::quat_cast(world_from_file * axes)));
  return box;
}

}  // namespace internal
}  // namespace inknav::scene
