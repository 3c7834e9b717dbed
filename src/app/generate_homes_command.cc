// SPDX-License-Identifier: MIT
#include "app/generate_homes_command.h"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/thread_pool.h"
#include "run/progress.h"
#include "scene/home/home_set.h"

namespace inknav::app {
namespace {

base::Result<int> run_generate_homes(const scene::HomeSetOptions& options) {
  run::ProgressSettings settings;
  settings.title = "generating homes";
  settings.total = options.count;
  settings.unit = "homes";
  run::Progress progress(settings);
  INKNAV_ASSIGN_OR_RETURN(const scene::HomeSetSummary summary,
                          scene::write_home_set(options, [&](int done) { progress.update(done); }));
  progress.finish();
  std::cout << fmt::format("{} homes in {}: {} written, {} were there; {:.0f} m2 of floor\n",
                           summary.written + summary.unchanged, options.folder.string(), summary.written,
                           summary.unchanged, summary.floor_area);
  return 0;
}

}  // namespace

Action define_generate_homes(CLI::App& app) {
  auto options = std::make_shared<scene::HomeSetOptions>();
  options->threads = base::available_cores();
  app.add_option("--count", options->count, "number of homes")->required();
  app.add_option("--out", options->folder, "folder for home_00000.glb, ... and homes.json")->required();
  app.add_option("--seed", options->seed, "seed of the set; sets of different seeds share no home")
      ->capture_default_str();
  app.add_option("--min-rooms", options->params.min_rooms, "least number of rooms, corridors not counted")
      ->capture_default_str();
  app.add_option("--max-rooms", options->params.max_rooms, "greatest number of rooms, at most 16")
      ->capture_default_str();
  app.add_option("--furniture", options->params.furniture_density, "0 empty, 1 lived in, at most 2")
      ->capture_default_str();
  app.add_option("--threads", options->threads, "homes made at once; the files do not depend on it")
      ->capture_default_str();
  app.add_flag("--overwrite", options->overwrite, "replace files with other content");
  return [options] { return run_generate_homes(*options); };
}

}  // namespace inknav::app
