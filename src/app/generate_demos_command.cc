// SPDX-License-Identifier: MIT
#include "app/generate_demos_command.h"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "app/experiment_options.h"
#include "app/walking_policy.h"
#include "base/thread_pool.h"
#include "run/progress.h"
#include "task/demonstration_fit.h"
#include "task/demonstration_generation.h"
#include "task/demonstration_reader.h"
#include "task/env_from_config.h"

namespace inknav::app {

namespace fs = std::filesystem;

namespace {

struct Options {
  std::string scenes;
  std::string episodes;
  std::string sketches;
  std::string out;
  std::string cache;
  std::string exp_config;
  std::string policy;
  std::string depth = "stored";
  int camera_size = 64;
  bool no_drawings = false;
  int threads = 0;
  task::DemonstrationSettings settings;
};

/// The list itself, or the one of the split below the folder that `generate episodes` wrote to.
base::Result<fs::path> find_list(const Options& options) {
  const fs::path given = options.episodes;
  const std::string& split = options.settings.split;
  std::error_code code;
  if (fs::is_regular_file(given, code)) return given;
  for (const char* ending : {".json.gz", ".json"}) {
    for (const fs::path& folder : {given / split, given}) {
      const fs::path list = folder / (split + ending);
      if (fs::is_regular_file(list, code)) return list;
    }
  }
  return base::Error{
      base::ErrorCode::kUsage,
      fmt::format("{}: a list of episodes, or a folder with {}/{}.json.gz, is wanted, found none; "
                  "make one with `inknav generate episodes`",
                  options.episodes, split, split)};
}

base::Result<task::NavigationEnvSettings> env_of_experiment(const std::string& config) {
  ExperimentOptions options;
  options.exp_config = config;
  INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, load_config(options));
  INKNAV_RETURN_IF_ERROR(check_renderer(loaded));
  return task::env_settings(loaded.config, {});
}

void take_renderer(const task::NavigationEnvSettings& env, task::DemonstrationSettings& settings) {
  settings.backend = env.simulator.backend;
  settings.replace_backend = env.simulator.replace_backend;
}

/// Camera and body of the checkpoint and of the experiment, which must agree where both are given, so that a
/// policy that is trained by it can learn from the walks; the renderer is the experiment's where there is
/// one. `policy` stays empty without --policy.
base::Status take_environment(const Options& options, WalkingPolicy& policy,
                              task::DemonstrationSettings& settings) {
  const task::DepthStorage depth = settings.format.depth;
  if (!options.policy.empty()) {
    const int threads = options.threads > 0 ? options.threads : base::available_cores();
    INKNAV_ASSIGN_OR_RETURN(policy, load_walking_policy(options.policy, settings.seed, threads));
    settings.format = format_of(policy.env);
    take_renderer(policy.env, settings);
    settings.student.student = policy.agents.get();
    settings.student.name = policy.name;
    settings.student.env = policy.env;
  }
  if (!options.exp_config.empty()) {
    INKNAV_ASSIGN_OR_RETURN(const task::NavigationEnvSettings wanted, env_of_experiment(options.exp_config));
    const auto misfit = options.policy.empty() ? std::nullopt : task::find_misfit(settings.format, wanted);
    if (misfit) {
      return base::Error{
          base::ErrorCode::kUsage,
          fmt::format(
              "{}: the policy {} was trained with {}, --exp-config {} gives {}; leave --exp-config out, "
              "or name the experiment of the checkpoint",
              misfit->key, options.policy, misfit->recorded, options.exp_config, misfit->wanted)};
    }
    settings.format = format_of(wanted);
    take_renderer(wanted, settings);
  }
  settings.format.depth = depth;
  return base::ok_status();
}

void print_report(const task::DemonstrationReport& report, const fs::path& folder, double seconds) {
  const double new_walks = static_cast<double>(std::max<std::int64_t>(report.new_walks, 1));
  std::cout << fmt::format("{} walks in {}: {} made, {} were there; {} episodes skipped\n", report.walks,
                           folder.string(), report.new_walks, report.walks - report.new_walks,
                           report.skipped_episodes);
  if (report.new_walks == 0) return;
  const auto states = static_cast<double>(std::max<std::int64_t>(report.new_steps, 1));
  std::cout << fmt::format(
      "  {} states, {:.0f} states/s, {:.1f} % of the walks stop at the goal\n"
      "  {:.1f} % of the states walked by the student, {:.1f} % off the route\n",
      report.new_steps, states / seconds, 100.0 * static_cast<double>(report.stopped) / new_walks,
      100.0 * static_cast<double>(report.student_steps) / states,
      100.0 * static_cast<double>(report.off_route) / states);
}

base::Result<int> run_generate_demos(const Options& options) {
  task::DemonstrationSettings settings = options.settings;
  settings.out_dir = fs::path(options.out) / settings.split;
  settings.with_drawings = !options.no_drawings;
  settings.format.depth =
      options.depth == "stored" ? task::DepthStorage::kStored : task::DepthStorage::kRendered;
  settings.format.sensors.camera.width = settings.format.sensors.camera.height = options.camera_size;
  WalkingPolicy policy;
  INKNAV_RETURN_IF_ERROR(take_environment(options, policy, settings));
  if (!options.cache.empty()) settings.cache_dir = options.cache;
  task::Dataset dataset;
  INKNAV_ASSIGN_OR_RETURN(const fs::path list, find_list(options));
  INKNAV_ASSIGN_OR_RETURN(dataset.episodes, task::load_episodes(list));
  dataset.scenes_dir = options.scenes;
  dataset.sketch_dir =
      options.sketches.empty() ? list.parent_path() / "sketches" : fs::path(options.sketches);
  std::cout << fmt::format("{} episodes of {}; loading their scenes\n", dataset.episodes.size(),
                           list.string())
            << std::flush;
  base::ThreadPool pool(options.threads > 0 ? options.threads : base::available_cores());
  run::ProgressSettings display;
  display.title = "walking";
  display.total = static_cast<std::int64_t>(dataset.episodes.size()) * settings.rounds;
  display.unit = "walks";
  std::unique_ptr<run::Progress> progress;
  std::chrono::steady_clock::time_point start;
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  INKNAV_ASSIGN_OR_RETURN(
      const task::DemonstrationReport report,
      task::generate_demonstrations(
          settings, std::move(dataset), pool, [&](const task::DemonstrationProgress& now) {
            if (progress ==
                nullptr) {  // the scenes are loaded, walks that were there are not counted as fast ones
              start = std::chrono::steady_clock::now();
              progress = std::make_unique<run::Progress>(display, now.walks);
            }
            progress->update(now.walks, fmt::format("{:.0f} states/s", static_cast<double>(now.new_steps) /
                                                                           std::max(seconds(), 1e-3)));
          }));
  const double taken = std::max(seconds(), 1e-3);
  progress->finish();
  print_report(report, settings.out_dir, taken);
  return 0;
}

void add_disturbance(CLI::App& app, task::DisturbanceSettings& d) {
  app.add_option("--off-start", d.off_start, "part of the walks that begin beside the start")
      ->capture_default_str();
  app.add_option("--off-start-distance", d.off_start_distance, "metres, at most")->capture_default_str();
  app.add_option("--off-start-turn", d.off_start_turn_deg, "degrees to either side, at most")
      ->capture_default_str();
  app.add_option("--noise", d.noise, "probability a step of a random motion")->capture_default_str();
  app.add_option("--excursion", d.excursion, "probability a step that the walk leaves its way for a while")
      ->capture_default_str();
  app.add_option("--excursion-turns", d.excursion_turns, "turns of an excursion, at most")
      ->capture_default_str();
  app.add_option("--excursion-steps", d.excursion_steps, "steps of an excursion, at most")
      ->capture_default_str();
  app.add_option("--linger", d.linger, "probability of a random motion where the expert would stop")
      ->capture_default_str();
}

}  // namespace

Action define_generate_demos(CLI::App& app) {
  auto options = std::make_shared<Options>();
  task::DemonstrationSettings& s = options->settings;
  app.add_option("--scenes", options->scenes, "folder with the scenes of the episodes")->required();
  app.add_option("--episodes", options->episodes,
                 "list of episodes, or the folder that generate episodes wrote <split>/<split>.json.gz to")
      ->required();
  app.add_option("--out", options->out,
                 "folder to write <split>/demos.json and shards to; goes on where it was "
                 "left")
      ->required();
  app.add_option("--split", s.split, "train, val or any name")->capture_default_str();
  app.add_option("--sketches", options->sketches, "drawings; default: sketches/ beside the list");
  app.add_flag("--no-drawings", options->no_drawings, "do not look whether the drawings are there");
  app.add_option("--rounds", s.rounds, "walks of every episode")->capture_default_str();
  app.add_option("--seed", s.seed, "the same seed gives the same bytes")->capture_default_str();
  app.add_option("--depth", options->depth,
                 "stored: in the files; rendered: from the poses when read, which needs the scenes then")
      ->check(CLI::IsMember({"stored", "rendered"}))
      ->capture_default_str();
  auto* size = app.add_option("--camera-size", options->camera_size, "pixels, width and height")
                   ->capture_default_str();
  auto* hfov = app.add_option("--hfov", s.format.sensors.camera.hfov_deg, "degrees")
                   ->check(CLI::Range(1.0, 179.0))
                   ->capture_default_str();
  auto* turn = app.add_option("--turn-angle", s.format.motion.turn_angle_deg, "degrees of a turn")
                   ->check(CLI::Range(0.1, 180.0))
                   ->capture_default_str();
  app.add_option("--max-steps", s.max_steps, "of a walk")->capture_default_str();
  app.add_option("--num-envs", s.num_envs, "walks at once; the files do not depend on it")
      ->capture_default_str();
  app.add_option("--walks-a-shard", s.walks_a_shard, "walks in a file")->capture_default_str();
  add_disturbance(app, s.disturbance);
  auto* radius = app.add_option("--agent-radius", s.format.agent_radius, "metres")->capture_default_str();
  auto* height = app.add_option("--agent-height", s.format.agent_height, "metres")->capture_default_str();
  auto* experiment =
      app.add_option("--exp-config", options->exp_config,
                     "camera and body of this experiment, which can then learn from the walks");
  auto* policy = app.add_option("--policy", options->policy,
                                "checkpoint of a student that walks along (DAgger); camera, body and map are "
                                "those it was trained with");
  app.add_option("--student-share", s.student.share,
                 "probability a step that the student acts, else the expert (1 - beta of DAgger)")
      ->needs(policy)
      ->capture_default_str();
  for (CLI::Option* own : {size, hfov, turn, radius, height}) {
    experiment->excludes(own);
    policy->excludes(own);
  }
  app.add_option("--cache-dir", options->cache, "keeps parsed scenes and navigation meshes");
  app.add_option("--threads", options->threads, "0: all cores; the files do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_flag("--overwrite", s.overwrite, "replace a set of other settings or episodes");
  return [options] { return run_generate_demos(*options); };
}

}  // namespace inknav::app
