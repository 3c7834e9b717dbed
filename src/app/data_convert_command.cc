// SPDX-License-Identifier: MIT
#include "app/data_convert_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <system_error>

#include "nav/nav_mesh.h"
#include "scene/convert.h"
#include "task/repack_list.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string in;
  std::string out;
  bool no_ceiling = false;
  scene::ConvertOptions convert;
};

/// The walkable part for the default agent; a scene without one is written all the same, with a hint.
void print_walkable(const scene::Scene& scene) {
  const auto mesh = nav::NavMesh::build(scene, nav::NavSettings{});
  if (!mesh.ok() || (*mesh)->islands().empty()) {
    std::printf(
        "  walkable: nothing. Is the scene on its side (--up y, --up z), or has it no floor "
        "(--ground-plane)?\n");
    return;
  }
  const auto& islands = (*mesh)->islands();
  const auto largest = static_cast<std::size_t>((*mesh)->largest_island());
  if (islands.size() == 1) {
    std::printf("  walkable: %.1f m2, all of it connected\n", (*mesh)->area());
    return;
  }
  std::printf("  walkable: %.1f m2, %.1f m2 of it in the largest of %zu connected parts\n", (*mesh)->area(),
              islands[largest].area, islands.size());
  if (islands[largest].area < 0.5f * (*mesh)->area()) {
    std::printf(
        "  episodes stay in the largest part, and less than half is in it: look with `inknav data show`. "
        "Doors may be closed, or a floor missing (--ground-plane).\n");
  }
}

bool is_list(const fs::path& path) {
  return path.extension() == ".json" || (path.extension() == ".gz" && path.stem().extension() == ".json");
}

base::Status make_folder_of(const fs::path& out) {
  std::error_code problem;
  if (out.has_parent_path()) fs::create_directories(out.parent_path(), problem);
  if (!problem) return base::ok_status();
  return base::Error{base::ErrorCode::kDisk, out.parent_path().string().append(
                                                 ": a folder to write to was wanted, it cannot be made: ") +
                                                 problem.message()};
}

/// Habitat's versions 1 and 2 in, version 2 out.
base::Result<int> convert_navmesh(const fs::path& in, const fs::path& out) {
  INKNAV_ASSIGN_OR_RETURN(const nav::NavMeshPtr mesh, nav::NavMesh::load(in));
  INKNAV_RETURN_IF_ERROR(make_folder_of(out));
  INKNAV_RETURN_IF_ERROR(mesh->save(out));
  std::printf("%s: version 2 (it was %d), %.1f m2 in %zu islands\n", out.c_str(), mesh->file_version(),
              double{mesh->area()}, mesh->islands().size());
  return 0;
}

base::Result<int> convert_list(const fs::path& in, const fs::path& out) {
  INKNAV_RETURN_IF_ERROR(make_folder_of(out));
  INKNAV_ASSIGN_OR_RETURN(const task::Repacked done, task::repack_list(in, out));
  std::printf("%s: %zu episodes, %.1f MB of text, nothing in it changed\n", out.c_str(), done.episodes,
              static_cast<double>(done.bytes) / 1e6);
  return 0;
}

base::Result<int> run(Options& options) {
  const fs::path in(options.in), out(options.out);
  const bool navmesh = in.extension() == ".navmesh" && out.extension() == ".navmesh";
  const bool list = is_list(in) && is_list(out);
  std::error_code code;
  if ((navmesh || list) && fs::equivalent(in, out, code)) {
    return base::Error{base::ErrorCode::kUsage,
                       options.out + " is the file to read as well as the one to write; give another name"};
  }
  if (navmesh) return convert_navmesh(in, out);
  if (list) return convert_list(in, out);
  if (in.extension() == ".png" || in.extension() == ".pgm") {
    return base::Error{base::ErrorCode::kUsage,
                       options.in +
                           ": a picture does not say how large its cells are; name the .yaml of map_server "
                           "that goes with it"};
  }
  options.convert.map.ceiling = !options.no_ceiling;
  INKNAV_ASSIGN_OR_RETURN(const scene::Converted converted,
                          scene::convert_scene(options.in, options.out, options.convert));
  const scene::Scene& scene = *converted.scene;
  const base::Vec3 size = scene.bounds.size();
  std::printf("%s: %zu triangles, %.1f x %.1f m, %.1f m high\n", options.out.c_str(), scene.num_triangles(),
              size.x, size.z, size.y);
  if (converted.turned) {
    const bool y_up = converted.up == scene::UpAxis::kY;
    std::printf("  turned upright: %s of the file points up; --up %s keeps the other axis up\n",
                y_up ? "y" : "z", y_up ? "z" : "y");
  }
  print_walkable(scene);
  return 0;
}

}  // namespace

Action define_data_convert(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option(
         "in", options->in,
         "scene (.glb, .gltf, .ply, .obj), a robot's map (map_server .yaml), .navmesh of version 1 or 2, or "
         "list of episodes (.json, .json.gz)")
      ->required();
  app.add_option(
         "out", options->out,
         "the .glb to write, its .stage_config.json goes beside it; .navmesh (version 2) for a navmesh, "
         ".json or .json.gz for a list")
      ->required();
  app.add_flag("--ground-plane", options->convert.ground_plane, "add a floor at the lowest point of a mesh");
  const std::map<std::string, scene::UpAxis> axes = {
      {"file", scene::UpAxis::kByFile}, {"y", scene::UpAxis::kY}, {"z", scene::UpAxis::kZ}};
  app.add_option("--up", options->convert.up,
                 "axis of the mesh that points up (default file: its stage config, else z for .glb and y for "
                 "others, unless it then lies on its side)")
      ->transform(CLI::CheckedTransformer(axes, CLI::ignore_case))
      ->option_text("file|y|z");
  app.add_option("--wall-height", options->convert.map.wall_height, "metres, of walls from a map")
      ->check(CLI::Range(0.5, 20.0))
      ->capture_default_str();
  app.add_option("--furniture-height", options->convert.map.furniture_height,
                 "metres, of what stands free in the rooms of a map; 0: as high as the walls")
      ->check(CLI::Range(0.0, 20.0))
      ->capture_default_str();
  app.add_flag("--no-ceiling", options->no_ceiling, "leave rooms from a map open above");
  return [options] { return run(*options); };
}

}  // namespace inknav::app
