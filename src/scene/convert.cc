// SPDX-License-Identifier: MIT
#include "scene/convert.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "scene/write_glb.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;

constexpr float kOnItsSide = 2.0f;  // times as high as deep

base::Result<ScenePtr> load(const fs::path& in, UpAxis up, bool ground_plane) {
  return load_scene(in, {.cache_dir = {}, .up = up, .add_ground_plane = ground_plane});
}

base::Result<Converted> read_mesh(const fs::path& in, const ConvertOptions& options) {
  Converted converted;
  INKNAV_ASSIGN_OR_RETURN(converted.scene, load(in, options.up, options.ground_plane));
  std::error_code none;
  if (options.up != UpAxis::kByFile ||
      fs::exists(fs::path(in).replace_extension(".stage_config.json"), none)) {
    return converted;
  }
  const base::Vec3 size = converted.scene->bounds.size();
  if (size.y <= kOnItsSide * size.z) return converted;
  converted.up = in.extension() == ".glb" ? UpAxis::kY : UpAxis::kZ;
  converted.turned = true;
  INKNAV_ASSIGN_OR_RETURN(converted.scene, load(in, converted.up, options.ground_plane));
  return converted;
}

base::Result<Converted> read_input(const fs::path& in, const ConvertOptions& options) {
  if (in.extension() != ".yaml" && in.extension() != ".yml") return read_mesh(in, options);
  INKNAV_ASSIGN_OR_RETURN(const RobotMap map, load_robot_map(in));
  INKNAV_ASSIGN_OR_RETURN(ScenePtr scene, make_robot_map_scene(map, options.map));
  return Converted{std::move(scene)};
}

}  // namespace

base::Result<Converted> convert_scene(const fs::path& in, const fs::path& out,
                                      const ConvertOptions& options) {
  if (out.extension() != ".glb") {
    return base::Error{base::ErrorCode::kUsage,
                       fmt::format("{}: the output must end in .glb, this one ends in '{}'", out.string(),
                                   out.extension().string())};
  }
  INKNAV_ASSIGN_OR_RETURN(Converted converted, read_input(in, options));
  std::error_code problem;
  if (out.has_parent_path()) fs::create_directories(out.parent_path(), problem);
  if (problem) {
    return base::Error{base::ErrorCode::kDisk,
                       fmt::format("{}: a folder to write to is wanted, it cannot be made: {}",
                                   out.parent_path().string(), problem.message())};
  }
  INKNAV_RETURN_IF_ERROR(write_glb(out, *converted.scene));
  return converted;
}

}  // namespace inknav::scene
