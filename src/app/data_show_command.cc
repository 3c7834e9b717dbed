// SPDX-License-Identifier: MIT
#include "app/data_show_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "app/data_contents.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "nav/scene_mesh.h"
#include "nav/walkable_route.h"
#include "render/renderer.h"
#include "scene/load.h"
#include "sketch/plan_picture.h"
#include "sketch/raster.h"
#include "sketch/surroundings.h"
#include "sketch/wall_map.h"
#include "task/episode.h"

namespace inknav::app {

namespace fs = std::filesystem;

namespace {

constexpr float kViewDeg = 8.0f;  // of the camera above: so narrow that walls hardly lean

base::Error bad_data(std::string message) { return {base::ErrorCode::kData, std::move(message)}; }

/// The scene from far above; ceilings are seen from behind and vanish.
base::Result<scene::Image> view_from_above(const scene::ScenePtr& scene, const sketch::PlanFrame& frame,
                                           float floor_y) {
  base::ThreadPool pool(1);
  render::CameraSpec camera;
  camera.width = camera.height = frame.size;
  camera.hfov_deg = kViewDeg;
  INKNAV_ASSIGN_OR_RETURN(const auto renderer, render::make_renderer(render::Backend::kBundle, camera, pool));
  INKNAV_ASSIGN_OR_RETURN(const int slot, renderer->add_scene(scene));
  const float height = 0.5f * frame.side / std::tan(0.5f * kViewDeg * base::kPi / 180.0f);
  const float half_angle = -0.25f * base::kPi;  // a quarter turn about +x looks down, world -z is up
  const base::Pose pose{{frame.middle.x, floor_y + height, frame.middle.y},
                        base::Quat(std::cos(half_angle), std::sin(half_angle), 0.0f, 0.0f)};
  scene::Image image{frame.size, frame.size, 3,
                     std::vector<std::uint8_t>(static_cast<std::size_t>(frame.size) *
                                               static_cast<std::size_t>(frame.size) * 3)};
  const render::View view{slot, pose};
  INKNAV_RETURN_IF_ERROR(renderer->render({&view, 1}, {nullptr, image.pixels.data()}));
  return image;
}

scene::Image resized(const scene::Image& picture_512, int size) {
  // Nearest pixel: the drawing is looked at, not measured, here.
  scene::Image image{size, size, 3, {}};
  image.pixels.reserve(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const int from = (y * picture_512.height / size) * picture_512.width + x * picture_512.width / size;
      const auto* p = &picture_512.pixels[static_cast<std::size_t>(from) * 3];
      image.pixels.insert(image.pixels.end(), p, p + 3);
    }
  }
  return image;
}

struct Shown {
  base::Pose start;
  base::Vec3 goal{0.0f};
  std::vector<base::Vec3> route;
  scene::Image drawing;
};

base::Result<Shown> show_episode(const DataShowOptions& options) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<task::Episode> episodes, task::load_episodes(options.episodes));
  const auto found = std::find_if(episodes.begin(), episodes.end(), [&](const task::Episode& e) {
    return options.episode.empty() || e.episode_id == options.episode;
  });
  if (found == episodes.end()) {
    return bad_data(options.episodes + ": an episode \"" + options.episode + "\" is wanted, found " +
                    std::to_string(episodes.size()) + " others; leave --episode out for the first");
  }
  if (fs::path(found->scene_id).stem() != fs::path(options.scene).stem()) {
    return bad_data(options.episodes + ": episode \"" + found->episode_id + "\" is in " + found->scene_id +
                    ", not in " + options.scene + "; name its scene");
  }
  task::Dataset dataset;
  dataset.sketch_dir = options.sketches.empty() ? fs::path(options.episodes).parent_path() / "sketches"
                                                : fs::path(options.sketches);
  INKNAV_ASSIGN_OR_RETURN(const scene::Image picture,
                          scene::load_image(task::drawing_path(dataset, *found), 3));
  Shown shown;
  shown.start = found->start;
  shown.goal = found->goals.empty() ? found->start.position : found->goals.front().position;
  shown.route = found->reference_path;
  shown.drawing = sketch::normalize_picture(picture);
  return shown;
}

base::Result<Shown> make_up(const DataShowOptions& options, const nav::NavMeshPtr& mesh,
                            const sketch::WallMap& walls) {
  nav::NavQuery query(mesh);
  base::PhiloxStream stream({options.seed, options.drawer, 0, 0, base::Purpose::kNavRandomPoint});
  Shown shown;
  float longest = 0.0f;
  for (int attempt = 0; attempt < 32; ++attempt) {  // the longest of some, so that there is something to see
    const auto from = query.random_point(stream, mesh->largest_island()),
               to = query.random_point(stream, mesh->largest_island());
    const nav::GeodesicPath path = query.geodesic(from.position, to.position);
    if (!std::isfinite(path.length) || path.length <= longest || path.length > 30.0f) continue;
    std::vector<base::Vec3> route = nav::walkable_route(query, from.position, to.position);
    if (route.size() < 2) continue;
    longest = path.length;
    shown.route = std::move(route);
  }
  if (shown.route.empty())
    return bad_data(options.scene + ": two places with a way between them are wanted, found none");
  shown.start = {shown.route.front(), base::rotation_from_yaw(stream.uniform(-base::kPi, base::kPi))};
  shown.goal = shown.route.back();
  const sketch::WallMap part = sketch::surroundings(walls, shown.route, sketch::kSurroundings);
  const sketch::SynthesisInput input{&part, shown.route, shown.start, shown.goal};
  const sketch::SynthesisSettings settings{options.level, options.drawers, 1.0f, 1.0f, options.photo};
  shown.drawing =
      sketch::rasterize(sketch::synthesize(input, settings, options.drawer, options.seed).drawing, 512);
  return shown;
}

}  // namespace

base::Result<scene::Image> show_data(const DataShowOptions& options) {
  scene::LoadOptions load;
  load.add_ground_plane = options.ground_plane;
  INKNAV_ASSIGN_OR_RETURN(const scene::ScenePtr scene, scene::load_scene(options.scene, load));
  INKNAV_ASSIGN_OR_RETURN(const nav::SceneMesh found,
                          nav::mesh_for_scene(*scene, options.scene, nav::NavSettings{}, std::nullopt));
  const nav::NavMeshPtr& mesh = found.mesh;
  if (mesh->islands().empty()) {
    return bad_data(
        options.scene +
        ": a scene with a floor to walk on is wanted, found none; is it on its side, or has it no "
        "floor (--ground-plane)?");
  }
  nav::NavQuery query(mesh);
  base::PhiloxStream stream({0, 0, 0, 0, base::Purpose::kNavRandomPoint});
  const float floor_y = query.random_point(stream, mesh->largest_island()).position.y;
  const float tolerance = options.level == sketch::Level::kL3   ? 0.2f
                          : options.level == sketch::Level::kL2 ? 0.1f
                                                                : 0.05f;
  const sketch::WallMap walls = sketch::extract_walls(*scene, floor_y, tolerance);
  Shown shown;
  if (options.episodes.empty()) {
    INKNAV_ASSIGN_OR_RETURN(shown, make_up(options, mesh, walls));
  } else {
    INKNAV_ASSIGN_OR_RETURN(shown, show_episode(options));
  }

  const sketch::PlanFrame frame = sketch::make_plan_frame(scene->bounds, options.size);
  INKNAV_ASSIGN_OR_RETURN(scene::Image above, view_from_above(scene, frame, floor_y));
  sketch::PlanPicture walkable(frame, sketch::Rgb{236, 236, 240});
  for (int island = 0; island < static_cast<int>(mesh->islands().size()); ++island) {
    const sketch::Rgb color =
        island == mesh->largest_island() ? sketch::Rgb{150, 200, 235} : sketch::Rgb{245, 190, 130};
    walkable.triangles(mesh->triangle_soup(island), color);
  }
  walkable.walls(walls);
  // Of a large building the plan shows what is drawn of it, else the way would be a dot.
  const sketch::WallMap part = sketch::surroundings(walls, shown.route, sketch::kSurroundings);
  sketch::PlanPicture plan(sketch::longer_side(walls) > sketch::kWholeSide
                               ? sketch::make_plan_frame(part.bounds, options.size)
                               : frame);
  plan.walls(part);
  plan.route(shown.route, {210, 40, 40});
  plan.start(shown.start);
  plan.goal(shown.goal);
  const scene::Image panels[] = {std::move(above), walkable.image(), plan.image(),
                                 resized(shown.drawing, options.size)};
  return sketch::side_by_side(panels, 8);
}

Action define_data_show(CLI::App& app) {
  auto options = std::make_shared<DataShowOptions>();
  app.add_option("file", options->scene,
                 "scene (.glb, .gltf, .ply, .obj), or without -o any file of a data set, or a folder of "
                 "demonstrations")
      ->required();
  app.add_option("-o,--out", options->out,
                 "of a scene: the PNG to write; without it what is inside the file is printed");
  app.add_option("--max-lines", options->max_lines, "islands, episodes, walks or tensors printed")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--episodes", options->episodes,
                 "list of episodes (.json, .json.gz); without it a route is made up");
  app.add_option("--episode", options->episode, "id in the list; the first when left out");
  app.add_option("--sketches", options->sketches,
                 "folder of the drawings; \"sketches\" beside the list when left out");
  const std::map<std::string, sketch::Level> levels = {{"clean", sketch::Level::kClean},
                                                       {"L1", sketch::Level::kL1},
                                                       {"L2", sketch::Level::kL2},
                                                       {"L3", sketch::Level::kL3}};
  app.add_option("--level", options->level, "kind of a made-up drawing: clean, L1, L2, L3")
      ->transform(CLI::CheckedTransformer(levels, CLI::ignore_case))
      ->option_text("LEVEL");
  const std::map<std::string, sketch::DrawerSplit> drawers = {{"train", sketch::DrawerSplit::kTrain},
                                                              {"val", sketch::DrawerSplit::kVal},
                                                              {"test", sketch::DrawerSplit::kTest}};
  app.add_option("--drawers", options->drawers, "whose hand: train, val, test")
      ->transform(CLI::CheckedTransformer(drawers, CLI::ignore_case))
      ->option_text("SPLIT");
  app.add_option("--drawer", options->drawer, "which person of them")->capture_default_str();
  app.add_option("--seed", options->seed, "of the made-up route and drawing")->capture_default_str();
  app.add_flag("--photo", options->photo, "the made-up drawing as photographed");
  app.add_flag("--ground-plane", options->ground_plane, "add a floor at the lowest point of the scene");
  app.add_option("--size", options->size, "pixels of a panel's side")
      ->check(CLI::Range(64, 2048))
      ->capture_default_str();
  return [options]() -> base::Result<int> {
    if (options->out.empty()) {
      INKNAV_ASSIGN_OR_RETURN(const std::string text,
                              describe_file(options->scene, static_cast<std::size_t>(options->max_lines)));
      std::fwrite(text.data(), 1, text.size(), stdout);
      return 0;
    }
    if (fs::path(options->out).extension() != ".png") {
      return base::Error{base::ErrorCode::kUsage,
                         "command line: -o " + options->out + ": a name that ends in .png was wanted"};
    }
    INKNAV_ASSIGN_OR_RETURN(const scene::Image picture, show_data(*options));
    INKNAV_RETURN_IF_ERROR(scene::save_png(options->out, picture));
    std::printf("%s: home, walkable area, walls and route, drawing (%d x %d)\n", options->out.c_str(),
                picture.width, picture.height);
    return 0;
  };
}

}  // namespace inknav::app
