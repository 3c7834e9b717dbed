// SPDX-License-Identifier: MIT
#include "app/data_convert_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "nav/nav_mesh.h"
#include "scene/convert.h"

namespace inknav::app {
namespace {

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
  std::printf("  walkable: %.1f m2, %.1f m2 of it in the largest of %zu connected parts\n", (*mesh)->area(),
              islands[largest].area, islands.size());
  if (islands[largest].area < 0.5f * (*mesh)->area()) {
    std::printf(
        "  episodes stay in the largest part, and less than half is in it: look with `inknav data show`. "
        "Doors may be closed, or a floor missing (--ground-plane).\n");
  }
}

base::Result<int> run(Options& options) {
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
  app.add_option("in", options->in, "scene (.glb, .gltf, .ply, .obj) or a robot's map (map_server .yaml)")
      ->required();
  app.add_option("out", options->out, "the .glb to write; its .stage_config.json goes beside it")->required();
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
