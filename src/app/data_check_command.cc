// SPDX-License-Identifier: MIT
#include "app/data_check_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/geometry.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "sketch/read_problems.h"
#include "task/dataset_check.h"
#include "task/demonstration_check.h"
#include "task/drawing_store.h"

namespace inknav::app {

namespace fs = std::filesystem;

namespace {

constexpr int kBadData = 3;
constexpr int kReadSize = 128;  // pixels a side of the planes that a policy reads

struct Options {
  std::string path;
  std::string scenes;
  std::string sketches;
  bool no_drawings = false;
  int max_lines = 50;
  task::DatasetCheckSettings settings;
};

bool is_list(const fs::path& path) {
  if (path.filename().string().ends_with(".stage_config.json")) return false;  // how a scene stands
  return path.extension() == ".json" || (path.extension() == ".gz" && path.stem().extension() == ".json");
}

/// The lists to check: the file itself, or those in the folder or in the split folders right below it.
std::vector<fs::path> find_lists(const fs::path& path) {
  std::error_code code;
  if (fs::is_regular_file(path, code)) return {path};
  std::vector<fs::path> lists;
  const auto add = [&](const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder, code)) {
      if (entry.is_regular_file(code) && is_list(entry.path())) lists.push_back(entry.path());
    }
  };
  add(path);
  for (const auto& entry : fs::directory_iterator(path, code)) {
    const fs::path name = entry.path().filename();
    if (entry.is_directory(code) && name != "sketches" && name != "scenes") add(entry.path());
  }
  std::sort(lists.begin(), lists.end());
  return lists;
}

/// The first of `candidates` that is a folder, else the first.
fs::path first_folder(const std::vector<fs::path>& candidates) {
  std::error_code code;
  for (const fs::path& candidate : candidates) {
    if (fs::is_directory(candidate, code)) return candidate;
  }
  return candidates.front();
}

/// The folder, or the split folders right below it, that hold demonstrations.
std::vector<fs::path> find_demonstrations(const fs::path& path) {
  std::error_code code;
  if (fs::exists(task::manifest_path(path), code)) return {path};
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(path, code)) {
    if (fs::exists(task::manifest_path(entry.path()), code)) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

base::Result<int> check_demonstrations(const Options& options, const std::vector<fs::path>& folders) {
  base::ThreadPool pool(base::available_cores());
  bool usable = true;
  for (const fs::path& folder : folders) {
    task::DemonstrationCheckSettings settings;
    settings.folder = folder;
    if (!options.scenes.empty()) settings.scenes_dir = options.scenes;
    // "data/demos/train" is joined to "data/train/sketches".
    const fs::path beside = fs::absolute(folder).parent_path().parent_path() / folder.filename() / "sketches";
    std::error_code code;
    if (!options.no_drawings && !options.sketches.empty()) settings.sketch_dir = options.sketches;
    if (!options.no_drawings && options.sketches.empty() && fs::is_directory(beside, code))
      settings.sketch_dir = beside;
    INKNAV_ASSIGN_OR_RETURN(const task::DemonstrationCheckReport report,
                            task::check_demonstrations(settings, pool));
    std::printf("%s\n%s", folder.c_str(),
                task::format_report(report, static_cast<std::size_t>(options.max_lines)).c_str());
    if (!settings.sketch_dir) std::printf("  drawings not looked for; --sketches names their folder\n");
    usable = usable && report.usable();
  }
  return usable ? 0 : kBadData;
}

bool is_picture(const fs::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".PNG" || ending == ".JPG";
}

/// What an agent would read from one drawing.
base::Result<int> check_drawing(const fs::path& path) {
  INKNAV_RETURN_IF_ERROR(task::check_picture(path));
  INKNAV_ASSIGN_OR_RETURN(const auto reading, task::load_drawing(path, kReadSize));
  const sketch::ReadPlanes& read = reading->planes;
  std::printf("%s\n", path.c_str());
  const auto print_mark = [](const char* name, const sketch::Mark& mark) {
    if (!mark.present) return;
    std::printf("  %s at %.0f %% of the width, %.0f %% of the height", name, 100.0 * mark.position.x,
                100.0 * mark.position.y);
    if (mark.has_heading) std::printf(", heading %.0f degrees left of up", mark.heading * 180.0 / base::kPi);
    std::printf("\n");
  };
  print_mark("start", read.start);
  print_mark("goal", read.goal);
  std::printf("  route %s\n", read.route_planned       ? "not drawn; planned over the drawing"
                              : read.route.size() >= 2 ? "traced on its ink"
                                                       : "none");
  const std::vector<std::string> problems = sketch::reading_problems(read);
  for (const std::string& problem : problems) std::printf("  %s\n", problem.c_str());
  std::printf("%s\n", problems.empty() ? "sound" : "not sound");
  return problems.empty() ? 0 : kBadData;
}

/// A mesh that cannot be loaded is an error of its own.
base::Result<int> check_navmesh(const fs::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const nav::NavMeshPtr mesh, nav::NavMesh::load(path));
  const nav::NavSettings& s = mesh->settings();
  const nav::Island& largest = mesh->islands()[static_cast<std::size_t>(mesh->largest_island())];
  const base::Aabb& bounds = mesh->bounds();
  std::printf("%s\n  version %d, %.2f m2 in %zu islands, the largest %.2f m2 with radius %.2f m\n",
              path.c_str(), mesh->file_version(), double{mesh->area()}, mesh->islands().size(),
              double{largest.area}, double{largest.radius});
  std::printf("  from (%.2f, %.2f, %.2f) to (%.2f, %.2f, %.2f)\n", double{bounds.min.x}, double{bounds.min.y},
              double{bounds.min.z}, double{bounds.max.x}, double{bounds.max.y}, double{bounds.max.z});
  std::printf("  for an agent %.2f m high with radius %.2f m, climb %.2f m, slope %.0f degrees%s\nsound\n",
              double{s.agent_height}, double{s.agent_radius}, double{s.agent_max_climb},
              double{s.agent_max_slope_deg},
              mesh->file_version() == 1 ? " (assumed, as version 1 does not say)" : "");
  return 0;
}

base::Result<int> run(const Options& options) {
  std::error_code code;
  if (fs::path(options.path).extension() == ".navmesh") return check_navmesh(options.path);
  if (fs::is_regular_file(options.path, code) && is_picture(options.path)) return check_drawing(options.path);
  const std::vector<fs::path> demonstrations = find_demonstrations(options.path);
  if (!demonstrations.empty()) return check_demonstrations(options, demonstrations);
  const std::vector<fs::path> lists = find_lists(options.path);
  if (lists.empty()) {
    return base::Error{base::ErrorCode::kUsage,
                       options.path +
                           ": a list of episodes (.json, .json.gz) or a folder with some is wanted, "
                           "found none; make one with `inknav generate episodes`"};
  }
  base::ThreadPool pool(base::available_cores());
  bool usable = true;
  for (const fs::path& list : lists) {
    task::DatasetCheckSettings settings = options.settings;
    const fs::path folder = list.parent_path();
    settings.list = list;
    settings.with_drawings = !options.no_drawings;
    settings.scenes_dir = options.scenes.empty()
                              ? first_folder({folder / "scenes", folder.parent_path() / "scenes"})
                              : fs::path(options.scenes);
    settings.sketch_dir = options.sketches.empty() ? folder / "sketches" : fs::path(options.sketches);
    INKNAV_ASSIGN_OR_RETURN(const task::DatasetCheckReport report, task::check_dataset(settings, pool));
    std::printf("%s\n%s", list.c_str(),
                task::format_report(report, static_cast<std::size_t>(options.max_lines)).c_str());
    usable = usable && report.usable();
  }
  return usable ? 0 : kBadData;
}

}  // namespace

Action define_data_check(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option(
         "path", options->path,
         "list of episodes, a folder with lists, demonstrations, one drawing (.png, .jpg) or one .navmesh")
      ->required();
  app.add_option("--scenes", options->scenes,
                 "root of the scene ids; default: scenes/ beside or above the list");
  app.add_option("--sketches", options->sketches, "drawings; default: sketches/ beside the list");
  app.add_flag("--no-drawings", options->no_drawings, "check scenes and episodes only");
  app.add_option("--max-lines", options->max_lines, "faults and warnings printed")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--agent-radius", options->settings.nav.agent_radius, "metres")->capture_default_str();
  app.add_option("--agent-height", options->settings.nav.agent_height, "metres")->capture_default_str();
  return [options] { return run(*options); };
}

}  // namespace inknav::app
