// SPDX-License-Identifier: MIT
#include "app/data_contents.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>
#include <system_error>
#include <vector>

#include "nav/nav_mesh.h"
#include "nav/scene_mesh.h"
#include "run/safetensors.h"
#include "run/torch_weights.h"
#include "run/weights_check.h"
#include "scene/load.h"
#include "sketch/drawing_file.h"
#include "task/check/drawing_check.h"
#include "task/check/file_recognition.h"
#include "task/demonstration_reader.h"
#include "task/episode.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

std::string point_text(const base::Vec3& p) { return fmt::format("({:.2f}, {:.2f}, {:.2f})", p.x, p.y, p.z); }

/// "  and 12 more\n" when lines were left out.
std::string rest(std::size_t all, std::size_t max_lines) {
  return all > max_lines ? fmt::format("  and {} more\n", all - max_lines) : "";
}

std::string navmesh_text(const nav::NavMesh& mesh, std::size_t max_lines) {
  const nav::NavSettings& s = mesh.settings();
  std::string text =
      fmt::format("  {:.2f} m2 in {} islands, from {} to {}\n", mesh.area(), mesh.islands().size(),
                  point_text(mesh.bounds().min), point_text(mesh.bounds().max));
  text += fmt::format(
      "  agent_height {} m, agent_radius {} m, agent_max_climb {} m, agent_max_slope {} degrees, cell_size "
      "{} m, "
      "cell_height {} m\n",
      s.agent_height, s.agent_radius, s.agent_max_climb, s.agent_max_slope_deg, s.cell_size, s.cell_height);
  for (std::size_t i = 0; i < std::min(mesh.islands().size(), max_lines); ++i) {
    text += fmt::format("  island {}: {:.2f} m2, radius {:.2f} m\n", i, mesh.islands()[i].area,
                        mesh.islands()[i].radius);
  }
  return text + rest(mesh.islands().size(), max_lines);
}

base::Result<std::string> describe_navmesh(const fs::path& path, std::size_t max_lines) {
  INKNAV_ASSIGN_OR_RETURN(const nav::NavMeshPtr mesh, nav::NavMesh::load(path));
  return fmt::format("{}: navmesh, version {}{}\n{}", path.string(), mesh->file_version(),
                     mesh->file_version() == 1 ? " (settings are Habitat's defaults; the file has none)" : "",
                     navmesh_text(*mesh, max_lines));
}

base::Result<std::string> describe_scene(const fs::path& path, std::size_t max_lines) {
  scene::LoadStatistics statistics;
  scene::LoadOptions options;
  options.statistics = &statistics;
  INKNAV_ASSIGN_OR_RETURN(const scene::ScenePtr scene, scene::load_scene(path, options));
  const base::Vec3 size = scene->bounds.size();
  std::string text = fmt::format(
      "{}: scene, {} triangles ({} without area left out), {} vertices, {} materials{}{}\n  {:.2f} x {:.2f} "
      "m, "
      "{:.2f} m high, from {} to {}\n",
      path.string(), scene->num_triangles(), statistics.degenerate_triangles, scene->positions.size(),
      scene->materials.size(), scene->uvs.empty() ? "" : ", texture coordinates",
      scene->colors.empty() ? "" : ", vertex colours", size.x, size.z, size.y, point_text(scene->bounds.min),
      point_text(scene->bounds.max));
  for (std::size_t i = 0; i < std::min(scene->textures.size(), max_lines); ++i) {
    const scene::TextureLevel& level = scene->textures[i].levels.front();
    text += fmt::format("  texture {}: {} x {} pixels\n", i, level.width, level.height);
  }
  text += rest(scene->textures.size(), max_lines);
  const auto found = nav::mesh_for_scene(*scene, path, nav::NavSettings{}, std::nullopt);
  if (!found.ok()) return text.append("  no navmesh: ").append(found.error().message).append("\n");
  return text.append("  ").append(found->reason).append("\n").append(navmesh_text(*found->mesh, max_lines));
}

base::Result<std::string> describe_list(const fs::path& path, std::size_t max_lines) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<task::Episode> episodes, task::load_episodes(path));
  std::map<std::string, std::size_t> scenes;
  std::size_t with_route = 0, goals = 0;
  for (const task::Episode& episode : episodes) {
    ++scenes[episode.scene_id];
    with_route += episode.reference_path.empty() ? 0 : 1;
    goals += episode.goals.size();
  }
  std::string text = fmt::format("{}: list of {} episodes in {} scenes, {} with a reference path, {} goals\n",
                                 path.string(), episodes.size(), scenes.size(), with_route, goals);
  std::size_t shown = 0;
  for (const auto& [scene, number] : scenes) {
    if (++shown > max_lines) break;
    text += fmt::format("  {} in {}\n", number, scene);
  }
  text += rest(scenes.size(), max_lines);
  for (std::size_t i = 0; i < std::min(episodes.size(), max_lines); ++i) {
    const task::Episode& e = episodes[i];
    text += fmt::format("  episode '{}' in {}: {} -> {}, {:.2f} m, {} points of reference path\n",
                        e.episode_id, e.scene_id, point_text(e.start.position),
                        point_text(e.goals.front().position), e.geodesic_distance, e.reference_path.size());
  }
  return text + rest(episodes.size(), max_lines);
}

base::Result<std::string> describe_drawing(const fs::path& path) {
  const task::DrawingCheck check = task::check_drawing(path, nullptr, "");
  if (!check.read) {
    const std::string what = check.findings.empty() ? "it cannot be read" : check.findings.front().what;
    return base::Error{base::ErrorCode::kData, path.string().append(": ").append(what)};
  }
  return fmt::format("{}: drawing; {}{}\n", path.string(), check.summary,
                     check.truth ? "; with its exact truth beside it" : "");
}

base::Result<std::string> describe_truth(const fs::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const sketch::DrawingFile file, sketch::load_drawing_file(path));
  std::map<sketch::StrokeKind, std::size_t> strokes;
  for (const sketch::Stroke& stroke : file.drawing.strokes) ++strokes[stroke.kind];
  return fmt::format(
      "{}: drawing as vectors, version {}: {} strokes of walls, {} of the route, {} of the start, {} of the "
      "goal, {} "
      "others; start mark {}, goal mark {}, route of {} points; {}\n",
      path.string(), sketch::DrawingFile::kVersion, strokes[sketch::StrokeKind::kWall],
      strokes[sketch::StrokeKind::kRoute], strokes[sketch::StrokeKind::kStart],
      strokes[sketch::StrokeKind::kGoal], strokes[sketch::StrokeKind::kOther],
      file.drawing.start.present ? "yes" : "no", file.drawing.goal.present ? "yes" : "no",
      file.drawing.route.size(),
      file.correspondence.empty() ? "its home is not known" : "with the exact map to its home");
}

base::Result<std::string> describe_demonstrations(const fs::path& folder, std::size_t max_lines) {
  INKNAV_ASSIGN_OR_RETURN(const task::DemonstrationSet set, task::DemonstrationSet::open(folder));
  const sim::SensorSettings& sensors = set.format().sensors;
  std::string text = fmt::format(
      "{}: demonstrations, split {}, {} walks, {} states, {:.1f} MB in {} shards\n  depth {} x {} pixels, "
      "{}\n",
      folder.string(), set.manifest().split, set.size(), set.num_steps(),
      static_cast<double>(set.num_bytes()) / 1e6, set.manifest().shards, sensors.camera.width,
      sensors.camera.height,
      set.format().depth == task::DepthStorage::kStored ? "stored" : "rendered when read");
  for (std::size_t i = 0; i < std::min(set.size(), max_lines); ++i) {
    const task::DemonstrationInfo& info = set.info(i);
    text += fmt::format("  walk {}: episode '{}' in {}, {} states\n", info.run, info.episode_id,
                        info.scene_id, info.num_steps);
  }
  return text + rest(set.size(), max_lines);
}

std::string tensor_line(const run::NamedSpan& span) {
  std::string shape;
  for (const std::int64_t side : span.shape) {
    if (!shape.empty()) shape += ", ";
    shape += std::to_string(side);
  }
  return fmt::format("  {} {} [{}]\n", span.name, run::name_of(span.type), shape);
}

base::Result<std::string> describe_weights(const fs::path& path, std::size_t max_lines) {
  const run::WeightsReport report = run::inspect_weights(path);
  if (report.fault == run::WeightsFault::kUnreadable) {
    return base::Error{base::ErrorCode::kData, path.string().append(": ").append(report.what)};
  }
  std::string text = fmt::format("{}: {}\n", path.string(), run::summary_of(report));
  for (const auto& [key, value] : report.metadata) {
    constexpr std::size_t kShown = 100;
    text += fmt::format("  {} = {}{}\n", key, value.substr(0, kShown), value.size() > kShown ? " ..." : "");
  }
  std::vector<std::string> lines;
  if (run::is_torch_name(path)) {
    INKNAV_ASSIGN_OR_RETURN(const run::TorchWeights weights,
                            run::read_torch_weights(path, {.key = {}, .skip_unknown = true}));
    for (const run::OwnedTensor& tensor : weights.tensors) lines.push_back(tensor_line(tensor.span()));
  } else {
    INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file,
                            run::read_safetensors(path, run::Checksums::kNone));
    for (const auto& [name, entry] : file.entries()) {
      lines.push_back(tensor_line({name, entry.type, entry.shape, {}}));
    }
  }
  for (std::size_t i = 0; i < std::min(lines.size(), max_lines); ++i) text += lines[i];
  return text + rest(lines.size(), max_lines);
}

}  // namespace

base::Result<std::string> describe_file(const fs::path& path, std::size_t max_lines) {
  std::error_code code;
  if (fs::exists(task::manifest_path(path), code)) return describe_demonstrations(path, max_lines);
  if (task::is_json_file(path) && fs::exists(fs::path(path).replace_extension(".png"), code)) {
    return describe_truth(path);
  }
  const task::FileSort sort = task::sort_of(path);
  if (sort == task::FileSort::kScene) return describe_scene(path, max_lines);
  if (sort == task::FileSort::kNavmesh) return describe_navmesh(path, max_lines);
  if (sort == task::FileSort::kPicture) return describe_drawing(path);
  if (sort == task::FileSort::kWeights) return describe_weights(path, max_lines);
  const bool unknown_json = sort == task::FileSort::kOther && task::is_json_file(path);
  if (sort == task::FileSort::kList || unknown_json) return describe_list(path, max_lines);
  return base::Error{base::ErrorCode::kUsage,
                     fmt::format("{}: a scene, .navmesh, list of episodes, drawing, its .json, folder of "
                                 "demonstrations, .safetensors or .pth was wanted",
                                 path.string())};
}

}  // namespace inknav::app
