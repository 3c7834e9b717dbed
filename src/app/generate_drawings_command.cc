// SPDX-License-Identifier: MIT
#include "app/generate_drawings_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "config/load.h"
#include "run/progress.h"
#include "task/drawing_generation.h"
#include "task/env_from_config.h"

namespace inknav::app {

namespace {

struct Options {
  std::string config;
  std::vector<std::string> overrides;  // KEY VALUE ...
  std::string split;
  std::string out;
  std::string drawers;
  int threads = 0;
  bool overwrite = false;
};

base::Result<int> draw(const Options& options) {
  config::LoadRequest request;
  INKNAV_ASSIGN_OR_RETURN(request.files, config::split_config_list(options.config));
  request.overrides = options.overrides;
  INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, config::load_experiment(request));
  const config::ExperimentConfig& config = loaded.config;
  const std::string split = options.split.empty() ? config.task_config.dataset.split : options.split;
  INKNAV_ASSIGN_OR_RETURN(task::Dataset dataset, task::load_dataset(config, split));
  if (!options.out.empty()) dataset.sketch_dir = options.out;
  task::DrawingGenerationSettings settings;
  settings.recipe = task::drawing_recipe(config, split);
  settings.nav = task::env_settings(config, {}).nav;
  settings.overwrite = options.overwrite;
  static const std::map<std::string, sketch::DrawerSplit> kDrawers = {{"train", sketch::DrawerSplit::kTrain},
                                                                      {"val", sketch::DrawerSplit::kVal},
                                                                      {"test", sketch::DrawerSplit::kTest}};
  if (!options.drawers.empty()) settings.recipe.drawers = kDrawers.at(options.drawers);
  base::ThreadPool pool(options.threads > 0 ? options.threads : base::available_cores());
  const auto start = std::chrono::steady_clock::now();
  run::ProgressSettings display;
  display.title = "drawing maps for " + split;
  display.total = static_cast<std::int64_t>(dataset.episodes.size());
  display.unit = "episodes";
  run::Progress progress(std::move(display));
  INKNAV_ASSIGN_OR_RETURN(
      const task::DrawingGenerationReport report,
      task::generate_drawings(settings, dataset, pool, [&](int done, int) { progress.update(done); }));
  progress.finish();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%d drawings made, %d kept, %d episodes without one, %d scenes, %.1f s\n  drawings %s\n",
              report.made, report.kept, report.failed, report.scenes, seconds, dataset.sketch_dir.c_str());
  return 0;
}

}  // namespace

Action define_generate_drawings(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--exp-config", options->config,
                 "A[,B...]: TASK_CONFIG.DATASET (episodes, scenes, SKETCH_STYLE), body, seed and cache")
      ->required();
  app.add_option("--split", options->split, "of the data set (default: TASK_CONFIG.DATASET.SPLIT)");
  app.add_option("--out", options->out, "folder for the drawings (default: TASK_CONFIG.DATASET.SKETCH_DIR)");
  app.add_option("--drawers", options->drawers,
                 "whose hands: train, val, test (default: train for the split train, val for others)")
      ->check(CLI::IsMember({"train", "val", "test"}));
  app.add_flag("--overwrite", options->overwrite, "draw again what is there");
  app.add_option("--threads", options->threads, "0: all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.prefix_command();
  app.footer("Then KEY VALUE ... overrides, values in YAML syntax: TASK_CONFIG.DATASET.SKETCH_STYLE L3");
  return [options, &app]() -> base::Result<int> {
    options->overrides = app.remaining();
    return draw(*options);
  };
}

}  // namespace inknav::app
