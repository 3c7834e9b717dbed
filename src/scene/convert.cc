// SPDX-License-Identifier: MIT
#include "scene/convert.h"

#include <fmt/format.h>

#include "scene/write_glb.h"

namespace inknav::scene {
namespace {

base::Result<ScenePtr> read_input(const std::filesystem::path& in, const ConvertOptions& options) {
  if (in.extension() == ".yaml" || in.extension() == ".yml") {
    INKNAV_ASSIGN_OR_RETURN(const RobotMap map, load_robot_map(in));
    return make_robot_map_scene(map, options.map);
  }
  return load_scene(in, {.cache_dir = {}, .up = options.up, .add_ground_plane = options.ground_plane});
}

}  // namespace

base::Result<ScenePtr> convert_scene(const std::filesystem::path& in, const std::filesystem::path& out,
                                     const ConvertOptions& options) {
  if (out.extension() != ".glb") {
    return base::Error{base::ErrorCode::kUsage,
                       fmt::format("{}: the output must end in .glb, this one ends in '{}'", out.string(),
                                   out.extension().string())};
  }
  INKNAV_ASSIGN_OR_RETURN(ScenePtr scene, read_input(in, options));
  INKNAV_RETURN_IF_ERROR(write_glb(out, *scene));
  return scene;
}

}  // namespace inknav::scene
