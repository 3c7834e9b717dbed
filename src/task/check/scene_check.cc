// SPDX-License-Identifier: MIT
#include "task/check/scene_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "nav/scene_mesh.h"
#include "scene/load.h"
#include "task/check/scene_frame_check.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

constexpr float kManyDegenerate = 0.1f;  // of the triangles in the file
constexpr std::size_t kFewDegenerate = 20;
constexpr float kScattered = 0.5f;     // of the walkable area, in the largest island
constexpr float kCommon = 0.5f;        // of a navmesh's area, on the one that is built from its scene
constexpr float kHeightSlack = 1.0f;   // metres by which a navmesh may lie above or below its scene
constexpr float kLeastOverlap = 0.5f;  // of a navmesh's rectangle, in that of its scene

void fill_row(const scene::Scene& scene, SceneRow& row) {
  row.read = true;
  row.triangles = scene.num_triangles();
  row.vertices = scene.positions.size();
  row.textures = scene.textures.size();
  for (const scene::Texture& texture : scene.textures) row.texture_bytes += texture.rgba.size();
  row.bounds = scene.bounds;
}

void fill_mesh(const nav::NavMesh& mesh, SceneRow& row) {
  row.mesh = mesh.file_version() != 0 ? MeshOrigin::kFile : MeshOrigin::kBuilt;
  row.area = mesh.area();
  row.islands = mesh.islands().size();
  row.largest_share = mesh.islands()[static_cast<std::size_t>(mesh.largest_island())].area / row.area;
}

/// Part of the rectangle of `mesh` in the plane of the axes `a` and `b` that lies in the scene's x and z.
float overlap(const base::Aabb& mesh, const base::Aabb& scene, int a, int b) {
  const auto common = [](float low_a, float high_a, float low_b, float high_b) {
    return std::max(0.0f, std::min(high_a, high_b) - std::max(low_a, low_b));
  };
  const base::Vec3 size = mesh.size();
  const float area = size[a] * size[b];
  const float x = common(mesh.min[a], mesh.max[a], scene.min.x, scene.max.x);
  const float z = common(mesh.min[b], mesh.max[b], scene.min.z, scene.max.z);
  return area > 0.0f ? x * z / area : 0.0f;
}

/// With y and z exchanged, as between z up and y up; either may have changed its sign.
bool fits_turned(const base::Aabb& mesh, const base::Aabb& scene) {
  for (const float sign : {1.0f, -1.0f}) {
    base::Aabb turned;
    for (const base::Vec3& p : {scene.min, scene.max}) turned.extend({p.x, sign * p.z, -sign * p.y});
    // A tile's box goes higher than its floor.
    const bool height =
        mesh.min.y >= turned.min.y - kHeightSlack && mesh.min.y <= turned.max.y + kHeightSlack;
    if (height && overlap(mesh, turned, 0, 2) >= kLeastOverlap) return true;
  }
  return false;
}

std::string place_text(const base::Aabb& bounds) {
  return fmt::format("from ({:.1f}, {:.1f}, {:.1f}) to ({:.1f}, {:.1f}, {:.1f})", bounds.min.x, bounds.min.y,
                     bounds.min.z, bounds.max.x, bounds.max.y, bounds.max.z);
}

class Checker {
 public:
  Checker(const SceneFile& scene, const nav::NavSettings& settings)
      : scene_(scene), path_(scene.file), settings_(settings) {
    check_.row.file = path_;
  }

  SceneCheck run() {
    const scene::ScenePtr scene = read();
    if (scene == nullptr) return std::move(check_);
    check_.content = scene->content_hash;
    fill_row(*scene, check_.row);
    check_triangles();
    if (const auto plate = suspect_plate(scene->bounds)) {
      check_.row.frame_suspected = true;
      add(CheckCode::kSceneFrame, path_, *plate);
    } else if (const auto units = suspect_units(scene->bounds)) {
      check_.row.units_suspected = true;
      add(CheckCode::kSceneUnits, path_, *units);
    } else {
      check_mesh(*scene);
    }
    return std::move(check_);
  }

 private:
  /// Null when it cannot be read, which is then told.
  scene::ScenePtr read() {
    auto resolved =
        scene_.resolved ? base::Result<scene::ResolvedScene>(*scene_.resolved) : scene::resolve_scene(path_);
    if (!resolved.ok()) {
      add_unreadable(resolved.error().message);
      return nullptr;
    }
    resolved_ = std::move(resolved).value();
    navmesh_ = resolved_.nav_mesh.empty() ? nav::navmesh_path(resolved_.file) : resolved_.nav_mesh;
    scene::LoadStatistics statistics;
    scene::LoadOptions options;
    options.statistics = &statistics;
    auto scene = scene::load_scene(resolved_, options);
    check_.row.degenerate = statistics.degenerate_triangles;
    if (scene.ok()) return std::move(scene).value();
    add_unreadable(scene.error().message);
    return nullptr;
  }

  void add(CheckCode code, const fs::path& file, const std::string& what) {
    check_.findings.push_back({code, file, "", without_path(what, file)});
  }

  void add_unreadable(const std::string& message) {
    const fs::path config = fs::path(path_).replace_extension(".stage_config.json");
    const bool of_config = message.starts_with(config.string());
    add(of_config ? CheckCode::kSceneStageConfig : CheckCode::kSceneUnreadable, of_config ? config : path_,
        message);
  }

  void check_triangles() {
    const SceneRow& row = check_.row;
    const std::size_t all = row.triangles + row.degenerate;
    if (row.degenerate < kFewDegenerate ||
        static_cast<float>(row.degenerate) < kManyDegenerate * static_cast<float>(all)) {
      return;
    }
    add(CheckCode::kSceneDegenerate, path_,
        fmt::format("{} of {} triangles have no area and are left out", row.degenerate, all));
  }

  /// A scene that stands wrongly; true when that was found.
  bool check_frame(const scene::Scene& scene, const nav::NavMesh* mesh) {
    if (const auto inside_out = suspect_inside_out(scene, mesh, settings_)) {
      add(CheckCode::kSceneInsideOut, path_, *inside_out);
      return true;
    }
    const auto frame = suspect_frame(scene, mesh, settings_);
    if (!frame) return false;
    check_.row.frame_suspected = true;
    add(CheckCode::kSceneFrame, path_, *frame);
    return true;
  }

  void check_mesh(const scene::Scene& scene) {
    const auto found = nav::mesh_for_scene(scene, resolved_, settings_, std::nullopt);
    if (!found.ok()) {
      check_no_mesh(scene, found.error().message);
      return;
    }
    const nav::NavMesh& mesh = *found->mesh;
    fill_mesh(mesh, check_.row);
    const bool trusted = found->file_beside ? check_file(scene, *found) : !check_frame(scene, &mesh);
    if (!trusted) return;
    check_.mesh = found->mesh;
    if (check_.row.largest_share >= kScattered) return;
    add(CheckCode::kSceneScattered, path_,
        fmt::format("{:.1f} m2 can be walked in {} connected parts; the largest is {:.0f} % of it",
                    mesh.area(), check_.row.islands, 100.0f * check_.row.largest_share));
  }

  void check_no_mesh(const scene::Scene& scene, const std::string& message) {
    if (!message.starts_with(navmesh_.string())) {
      if (!check_frame(scene, nullptr)) add(CheckCode::kNavmeshNotBuilt, path_, message);
      return;
    }
    const auto file = nav::NavMesh::load(navmesh_);
    if (!file.ok()) {
      add(CheckCode::kNavmeshUnreadable, navmesh_, message);
    } else if (fits_turned((*file)->bounds(), scene.bounds)) {
      check_.row.frame_suspected = true;
      add(CheckCode::kSceneFrame, path_,
          fmt::format(
              "a scene in the frame of its navmesh ({}) was wanted, found one that fits it only with y "
              "and z exchanged ({})",
              place_text((*file)->bounds()), place_text(scene.bounds)));
    } else {
      add(CheckCode::kNavmeshElsewhere, navmesh_,
          fmt::format("a navmesh of the scene {} was wanted, found one {}", place_text(scene.bounds),
                      place_text((*file)->bounds())));
    }
  }

  /// A navmesh beside the scene that can be read and lies there in the plane: is it of this scene?
  bool check_file(const scene::Scene& scene, const nav::SceneMesh& found) {
    const bool is_file = found.mesh->file_version() != 0;
    const auto file = is_file ? base::Result<nav::NavMeshPtr>(found.mesh) : nav::NavMesh::load(navmesh_);
    const auto built =
        is_file ? nav::NavMesh::build(scene, settings_) : base::Result<nav::NavMeshPtr>(found.mesh);
    if (!file.ok()) {
      add(CheckCode::kNavmeshUnreadable, navmesh_, file.error().message);
      return false;
    }
    if (!built.ok()) return true;  // too large to be built: the file is all there is, and what training uses
    const float share = common_share(**file, *built);
    if (share < kCommon) {
      if (check_frame(scene, built->get())) return false;
      add(CheckCode::kNavmeshOtherScene, navmesh_,
          fmt::format("a navmesh of the scene was wanted, found one of which {:.0f} % lies on the floor that "
                      "the scene has; {:.0f} m2 in the file, {:.0f} m2 when built",
                      100.0f * share, (*file)->area(), (*built)->area()));
      return false;
    }
    if (!is_file) add(CheckCode::kNavmeshOtherAgent, navmesh_, found.reason);
    return true;
  }

  const SceneFile& scene_;
  const fs::path& path_;
  scene::ResolvedScene resolved_;
  fs::path navmesh_;
  const nav::NavSettings& settings_;
  SceneCheck check_;
};

}  // namespace

SceneCheck check_scene(const SceneFile& scene, const nav::NavSettings& settings) {
  return Checker(scene, settings).run();
}

FileRow check_navmesh_file(const fs::path& path, CheckFindings& findings) {
  FileRow row;
  row.kind = FileKind::kNavmesh;
  row.file = path;
  const auto mesh = nav::NavMesh::load(path);
  if (!mesh.ok()) {
    findings.push_back({CheckCode::kNavmeshUnreadable, path, "", without_path(mesh.error().message, path)});
    return row;
  }
  const nav::NavSettings& s = (*mesh)->settings();
  row.summary = fmt::format("version {}, {:.2f} m2 in {} islands", (*mesh)->file_version(), (*mesh)->area(),
                            (*mesh)->islands().size());
  const nav::Island& largest = (*mesh)->islands()[static_cast<std::size_t>((*mesh)->largest_island())];
  row.summary += fmt::format(
      ", the largest {:.2f} m2 with radius {:.2f} m, {}, for an agent {:.2f} m high with radius {:.2f} m, "
      "climb {:.2f} m, slope {:.0f} degrees{}",
      largest.area, largest.radius, place_text((*mesh)->bounds()), s.agent_height, s.agent_radius,
      s.agent_max_climb, s.agent_max_slope_deg,
      (*mesh)->file_version() == 1 ? " (assumed, as version 1 does not say)" : "");
  return row;
}

}  // namespace inknav::task
