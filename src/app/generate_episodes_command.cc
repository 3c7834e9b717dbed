// SPDX-License-Identifier: MIT
#include "app/generate_episodes_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/thread_pool.h"
#include "config/load.h"
#include "run/progress.h"
#include "sketch/stroke_book.h"
#include "task/episode_generation.h"

namespace inknav::app {

namespace {

struct Options {
  std::string config;
  std::string scenes;
  std::string out;
  std::string cache;
  std::string strokes;
  std::string drawers = "train";
  std::vector<std::string> levels = {"L1"};
  int threads = 0;
  bool overwrite = false;
  task::EpisodeGenerationSettings settings;
};

/// What the experiment says and no flag does: body, seed, cache and DATA_GENERATION.
base::Status take_config(const CLI::App& app, Options& options) {
  if (options.config.empty()) return base::ok_status();
  config::LoadRequest request;
  INKNAV_ASSIGN_OR_RETURN(request.files, config::split_config_list(options.config));
  INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, config::load_experiment(request));
  const config::TaskConfig& task = loaded.config.task_config;
  task::EpisodeGenerationSettings& settings = options.settings;
  const auto unset = [&](const char* flag) { return app.count(flag) == 0; };
  if (unset("--agent-radius")) settings.nav.agent_radius = static_cast<float>(task.simulator.agent_0.radius);
  if (unset("--agent-height")) settings.nav.agent_height = static_cast<float>(task.simulator.agent_0.height);
  if (unset("--seed")) settings.seed = static_cast<std::uint64_t>(loaded.config.seed);
  if (unset("--cache-dir")) options.cache = loaded.config.cache_dir;
  if (unset("--split-ratio")) settings.split_ratio = task.data_generation.split_ratio;
  const std::int64_t most = task.data_generation.max_episodes;
  if (most > 0) settings.count = static_cast<int>(std::min<std::int64_t>(settings.count, most));
  return base::ok_status();
}

base::Result<int> run(const Options& options) {
  task::EpisodeGenerationSettings settings = options.settings;
  settings.scenes_dir = options.scenes;
  settings.out_dir = options.out;
  if (!options.cache.empty()) settings.cache_dir = options.cache;
  if (!options.strokes.empty()) {
    INKNAV_ASSIGN_OR_RETURN(sketch::StrokeBook book, sketch::StrokeBook::load(options.strokes));
    settings.strokes = std::make_shared<const sketch::StrokeBook>(std::move(book));
  }
  static const std::map<std::string, sketch::Level> kLevels = {{"clean", sketch::Level::kClean},
                                                               {"L1", sketch::Level::kL1},
                                                               {"L2", sketch::Level::kL2},
                                                               {"L3", sketch::Level::kL3}};
  settings.levels.clear();
  for (const std::string& level : options.levels) settings.levels.push_back(kLevels.at(level));
  static const std::map<std::string, sketch::DrawerSplit> kDrawers = {{"train", sketch::DrawerSplit::kTrain},
                                                                      {"val", sketch::DrawerSplit::kVal},
                                                                      {"test", sketch::DrawerSplit::kTest}};
  settings.drawers = kDrawers.at(options.drawers);
  base::ThreadPool pool(options.threads > 0 ? options.threads : base::available_cores());
  const auto start = std::chrono::steady_clock::now();
  const std::filesystem::path list = settings.out_dir / settings.split / (settings.split + ".json.gz");
  std::error_code ignored;
  if (!options.overwrite && std::filesystem::exists(list, ignored)) {
    return base::Error{base::ErrorCode::kUsage,
                       list.string() +
                           " exists and is kept; give another --out or --split, or --overwrite to replace "
                           "it and its drawings"};
  }
  run::ProgressSettings display;
  display.title = "generating episodes";
  display.total = settings.count;
  display.unit = "episodes";
  run::Progress progress(display);
  INKNAV_ASSIGN_OR_RETURN(
      const task::EpisodeGenerationReport report,
      task::generate_episodes(settings, pool, [&](int done, int) { progress.update(done); }));
  progress.finish();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%s in %s (%d skipped), %.1f s, %.1f episodes/s\n  list     %s\n  drawings %s\n",
              base::counted(static_cast<std::size_t>(report.episodes), "episode").c_str(),
              base::counted(static_cast<std::size_t>(report.scenes), "scene").c_str(), report.skipped_scenes,
              seconds, report.episodes / seconds, report.dataset.c_str(), report.sketch_dir.c_str());
  return 0;
}

}  // namespace

Action define_generate_episodes(CLI::App& app) {
  auto options = std::make_shared<Options>();
  task::EpisodeGenerationSettings& s = options->settings;
  app.add_option(
      "--exp-config", options->config,
      "A[,B...]: body, seed, cache and TASK_CONFIG.DATA_GENERATION of an experiment, where no flag says "
      "otherwise");
  app.add_option("--scenes", options->scenes, "folder with scenes (.glb, .gltf, .ply, .obj)")->required();
  app.add_option("--only", s.only, "these scenes of the folder, by file name without ending (default: all)")
      ->delimiter(',');
  app.add_option("--out", options->out, "folder to write <split>/<split>.json.gz and <split>/sketches to")
      ->required();
  app.add_option("--split", s.split, "train, val or any name")->capture_default_str();
  app.add_flag("--overwrite", options->overwrite, "replace a list that is there, and its drawings");
  app.add_option("--count", s.count, "episodes in all")->capture_default_str();
  app.add_option("--levels", options->levels, "kinds of drawing: clean, L1, L2, L3")
      ->delimiter(',')
      ->check(CLI::IsMember({"clean", "L1", "L2", "L3"}))
      ->capture_default_str();
  app.add_option("--drawers", options->drawers, "whose hands: train, val, test")
      ->check(CLI::IsMember({"train", "val", "test"}))
      ->capture_default_str();
  app.add_option("--num-drawers", s.num_drawers, "persons of that split")->capture_default_str();
  app.add_option("--seed", s.seed, "the same seed gives the same bytes")->capture_default_str();
  app.add_option("--min-length", s.min_length, "metres of shortest way")->capture_default_str();
  app.add_option("--max-length", s.max_length, "metres of shortest way")->capture_default_str();
  app.add_option("--route-probability", s.route_probability, "that the route is drawn")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--heading-probability", s.heading_probability, "that the start mark shows a heading")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--walls-probability", s.walls_probability, "that the walls are drawn")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option(
      "--strokes", options->strokes,
      "folder with pen strokes of people (Omniglot's text files): these are drawn again along the walls");
  app.add_option("--surroundings", s.surroundings,
                 "metres around the way that are drawn of a building larger than 40 m; 0: the whole floor")
      ->capture_default_str();
  app.add_flag("--photo", s.photo, "drawings as photographed: shade, perspective, blur, JPEG");
  app.add_option("--split-ratio", s.split_ratio,
                 "part of the scenes that is for training; 1: all of the folder")
      ->capture_default_str();
  app.add_option("--agent-radius", s.nav.agent_radius, "metres")->capture_default_str();
  app.add_option("--agent-height", s.nav.agent_height, "metres")->capture_default_str();
  app.add_option("--cache-dir", options->cache, "keeps parsed scenes and navigation meshes");
  app.add_option("--threads", options->threads, "0: all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  return [options, &app]() -> base::Result<int> {
    INKNAV_RETURN_IF_ERROR(take_config(app, *options));
    return run(*options);
  };
}

}  // namespace inknav::app
