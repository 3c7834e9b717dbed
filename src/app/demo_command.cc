// SPDX-License-Identifier: MIT
#include "app/demo_command.h"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/bench_table.h"
#include "app/eval_command.h"
#include "app/evaluation.h"
#include "app/experiment_options.h"
#include "app/report/eval_stats.h"
#include "base/thread_pool.h"
#include "learn/training_run.h"
#include "run/progress.h"
#include "run/run_directory.h"
#include "run/train_log.h"
#include "scene/home/home_set.h"
#include "task/episode_generation.h"

namespace inknav::app {
namespace {

using Clock = std::chrono::steady_clock;

struct DemoOptions {
  std::string dir = "runs/demo";
  std::string policy = "diffusion";
  std::string config;  // empty: that of the policy
  int train_homes = 80;
  int test_homes = 25;
  int train_episodes = 2000;
  int test_episodes = 200;
};

/// What each policy is called on the command line, and the file that trains it.
const std::map<std::string, std::string> kPolicies = {{"diffusion", "configs/demo_diffusion.yaml"},
                                                      {"ppo", "configs/demo_ppo.yaml"}};

// Seeds of the sets: homes and drawers of the evaluation are never seen in training.
constexpr std::uint64_t kTrainSeed = 1;
constexpr std::uint64_t kTestSeed = 2;
const std::vector<std::pair<std::string, sketch::Level>> kTracks = {{"L1", sketch::Level::kL1},
                                                                    {"L2", sketch::Level::kL2}};

class Demo {
 public:
  explicit Demo(const DemoOptions& options) : options_(options), dir_(options.dir) {}

  base::Result<int> run() {
    std::cout << "InkNav demo on " << device_description() << "; everything goes to " << dir_.string()
              << "\n";
    // First, because a fault in the configuration must not cost minutes.
    INKNAV_ASSIGN_OR_RETURN(const PreparedExperiment prepared, prepare());
    INKNAV_RETURN_IF_ERROR(make_homes("train", options_.train_homes, kTrainSeed));
    INKNAV_RETURN_IF_ERROR(make_homes("unseen", options_.test_homes, kTestSeed));
    INKNAV_RETURN_IF_ERROR(make_episodes("train", "train", sketch::DrawerSplit::kTrain,
                                         {sketch::Level::kL1, sketch::Level::kL2}, options_.train_episodes,
                                         kTrainSeed));
    for (const auto& [name, level] : kTracks) {
      INKNAV_RETURN_IF_ERROR(make_episodes(name, "unseen", sketch::DrawerSplit::kTest, {level},
                                           options_.test_episodes, kTestSeed));
    }
    INKNAV_ASSIGN_OR_RETURN(const int code, train(prepared));
    if (code != 0) return code;
    return evaluate(prepared);
  }

 private:
  base::Status make_homes(const std::string& name, int count, std::uint64_t seed) {
    scene::HomeSetOptions options;
    options.folder = dir_ / "homes" / name;
    options.count = count;
    options.seed = seed;
    options.threads = base::available_cores();
    options.overwrite = true;
    run::ProgressSettings display;
    display.title = fmt::format("building {} homes ", name);
    display.total = count;
    display.unit = "homes";
    run::Progress progress(display);
    INKNAV_ASSIGN_OR_RETURN(const scene::HomeSetSummary summary,
                            scene::write_home_set(options, [&](int done) { progress.update(done); }));
    progress.finish(fmt::format("{:.0f} m2", summary.floor_area));
    return base::ok_status();
  }

  base::Status make_episodes(const std::string& split, const std::string& homes, sketch::DrawerSplit drawers,
                             std::vector<sketch::Level> levels, int count, std::uint64_t seed) {
    task::EpisodeGenerationSettings settings;
    settings.scenes_dir = dir_ / "homes" / homes;
    settings.out_dir = dir_ / "episodes";
    settings.split = split;
    settings.count = count;
    settings.drawers = drawers;
    settings.levels = std::move(levels);
    settings.seed = seed;
    settings.cache_dir = dir_ / "cache";
    run::ProgressSettings display;
    display.title = fmt::format("drawing maps for {}", split);
    display.total = count;
    display.unit = "drawings";
    run::Progress progress(display);
    base::ThreadPool pool(base::available_cores());
    INKNAV_ASSIGN_OR_RETURN(const auto report, task::generate_episodes(settings, pool, [&](int done, int) {
                              progress.update(done);
                            }));
    progress.finish(fmt::format("{} homes", report.scenes));
    return base::ok_status();
  }

  /// What a person would have typed to train the same.
  ExperimentOptions experiment() const {
    ExperimentOptions options;
    options.exp_config =
        shipped_file(options_.config.empty() ? kPolicies.at(options_.policy) : options_.config);
    options.model_dir = (dir_ / options_.policy).string();
    options.overwrite = true;
    options.overrides = data_overrides(dir_ / "episodes", dir_ / "homes/train", dir_ / "cache");
    return options;
  }

  /// eval/stats.json is that of the last demo; this is kept for the report of the next.
  std::filesystem::path stats_of(const std::string& policy) const {
    return dir_ / "eval" / ("stats_" + policy + ".json");
  }

  base::Result<PreparedExperiment> prepare() const { return prepare_experiment(experiment()); }

  base::Result<int> train(const PreparedExperiment& prepared) {
    const Clock::time_point start = Clock::now();
    INKNAV_ASSIGN_OR_RETURN(const int code, learn::run_training(training_request(experiment(), prepared)));
    training_seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
    return code;
  }

  base::Result<int> evaluate(const PreparedExperiment& prepared) {
    const run::RunPaths paths = run::run_paths(prepared.loaded.config, prepared.model_dir);
    EvaluationRequest request;
    request.config = prepared.loaded.config;
    request.config.task_config.dataset.scenes_dir = (dir_ / "homes/unseen").string();
    request.config.num_threads = base::available_cores();
    request.checkpoint = paths.checkpoints / "final_model.safetensors";
    request.output_dir = dir_ / "eval";
    request.video_dir = paths.videos;
    request.tensorboard_dir = paths.tensorboard;
    request.update = request.config.num_updates;
    request.title = "InkNav demo";
    for (const auto& [policy, config] : kPolicies) {
      if (policy == options_.policy) continue;
      auto stats = load_stats(stats_of(policy));  // of an earlier demo, if there was one
      if (stats.ok()) request.others.emplace_back(policy, std::move(stats).value());
    }
    request.facts = {
        {"policy", options_.policy},
        {"device", device_description()},
        {"training", run::format_duration(training_seconds_)},
        {"trained in", fmt::format("{} homes, {} drawings", options_.train_homes, options_.train_episodes)},
        {"evaluated in", fmt::format("{} homes and drawers it never saw", options_.test_homes)},
        {"success", "STOP within 1 m of the goal in 500 steps"}};
    INKNAV_ASSIGN_OR_RETURN(const EvaluationOutput output, run_evaluation(request));
    INKNAV_RETURN_IF_ERROR(save_stats(stats_of(options_.policy), output.stats));
    for (const TrackRow& row : output.stats.tracks) {
      std::cout << fmt::format("{:<20} success {:.3f} [{:.2f}, {:.2f}]  SPL {:.3f}\n", row.name, row.success,
                               row.success_low, row.success_high, row.spl);
    }
    const double total = std::chrono::duration<double>(Clock::now() - start_).count();
    std::cout << fmt::format("done in {}; open {}\n", run::format_duration(total), output.report.string());
    return 0;
  }

  const DemoOptions& options_;
  std::filesystem::path dir_;
  Clock::time_point start_ = Clock::now();
  double training_seconds_ = 0.0;
};

}  // namespace

Action define_demo(CLI::App& app) {
  auto options = std::make_shared<DemoOptions>();
  app.add_option("--dir", options->dir, "folder for everything the demo makes")->capture_default_str();
  app.add_option("--policy", options->policy,
                 "diffusion or ppo; the report compares both when both have run in the folder")
      ->check(CLI::IsMember(kPolicies))
      ->capture_default_str();
  app.add_option("--exp-config", options->config, "experiment file (default: configs/demo_<policy>.yaml)");
  app.add_option("--train-homes", options->train_homes, "homes to train in")->capture_default_str();
  app.add_option("--test-homes", options->test_homes, "unseen homes to evaluate in")->capture_default_str();
  app.add_option("--train-episodes", options->train_episodes, "drawings to train on")->capture_default_str();
  app.add_option("--test-episodes", options->test_episodes, "episodes a track of the evaluation")
      ->capture_default_str();
  return [options] { return Demo(*options).run(); };
}

}  // namespace inknav::app
