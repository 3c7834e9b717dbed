// SPDX-License-Identifier: MIT
#include "app/bench_train.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "app/experiment_options.h"
#include "base/thread_pool.h"
#include "learn/training_run.h"
#include "run/metrics.h"
#include "run/run_directory.h"
#include "scene/home/home_set.h"
#include "task/episode_generation.h"

namespace inknav::app {
namespace {

constexpr int kWarmUpUpdates = 2;
constexpr int kHomes = 8;
constexpr int kEpisodes = 128;

/// A folder that goes away with the object.
class ScratchFolder {
 public:
  ScratchFolder()
      : path_(std::filesystem::temp_directory_path() / fmt::format("inknav-bench-{}", ::getpid())) {}
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

base::Status make_data(const std::filesystem::path& folder) {
  scene::HomeSetOptions homes;
  homes.folder = folder / "homes";
  homes.count = kHomes;
  homes.threads = base::available_cores();
  INKNAV_ASSIGN_OR_RETURN([[maybe_unused]] const scene::HomeSetSummary written, scene::write_home_set(homes));
  task::EpisodeGenerationSettings episodes;
  episodes.scenes_dir = homes.folder;
  episodes.out_dir = folder;
  episodes.count = kEpisodes;
  episodes.cache_dir = folder / "cache";
  base::ThreadPool pool(base::available_cores());
  INKNAV_ASSIGN_OR_RETURN([[maybe_unused]] const task::EpisodeGenerationReport report,
                          task::generate_episodes(episodes, pool, {}));
  return base::ok_status();
}

/// Median, min and max of a tag's values after the warm-up.
base::BenchmarkResult figure_of(const std::vector<run::ScalarPoint>& points, const std::string& tag,
                                const std::string& name, const std::string& unit) {
  std::vector<double> values;
  for (const run::ScalarPoint& point : points) {
    if (point.tag == tag && point.step > kWarmUpUpdates) values.push_back(point.value);
  }
  std::sort(values.begin(), values.end());
  if (values.empty()) return {name, 0.0, 0.0, 0.0, unit, {}, 0.0};
  return {name, values[values.size() / 2], values.front(), values.back(), unit, {}, 0.0};
}

class TrainBenchmark {
 public:
  TrainBenchmark(const TrainBenchmarkSettings& settings, std::filesystem::path folder)
      : settings_(settings), folder_(std::move(folder)) {}

  base::Result<std::vector<base::BenchmarkResult>> run(int planes, int ranks, const std::string& name) {
    ExperimentOptions options;
    options.exp_config = shipped_file("configs/train_hwnav.yaml");
    options.model_dir = (folder_ / fmt::format("run-{}-{}", planes, ranks)).string();
    options.overwrite = true;
    options.overrides = overrides(planes, ranks);
    INKNAV_ASSIGN_OR_RETURN(const PreparedExperiment prepared, prepare_experiment(options));
    learn::TrainingRequest request = training_request(options, prepared);
    request.progress_title = name;
    INKNAV_ASSIGN_OR_RETURN(const int code, learn::run_training(request));
    if (code != 0) {
      return base::Error{base::ErrorCode::kPeer,
                         fmt::format("bench train: a finished run was wanted, it ended with "
                                     "code {}; see the lines above",
                                     code)};
    }
    const run::RunPaths paths = run::run_paths(prepared.loaded.config, prepared.model_dir);
    INKNAV_ASSIGN_OR_RETURN(const auto points, run::read_scalars(paths.tensorboard));
    std::vector<base::BenchmarkResult> results = {figure_of(points, "Perf/fps", name, "frames/s")};
    for (const char* phase : {"environment", "reading", "inference", "learning"}) {
      results.push_back(
          figure_of(points, fmt::format("Perf/{}_seconds", phase), name + "/" + phase, "s/update"));
    }
    return results;
  }

 private:
  std::vector<std::string> overrides(int planes, int ranks) const {
    const std::map<std::string, std::string> values = {
        {"CACHE_DIR", (folder_ / "cache").string()},
        {"TASK_CONFIG.DATASET.DATA_PATH", (folder_ / "{split}/{split}.json.gz").string()},
        {"TASK_CONFIG.DATASET.SKETCH_DIR", (folder_ / "{split}/sketches").string()},
        {"TASK_CONFIG.DATASET.SCENES_DIR", (folder_ / "homes").string()},
        {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH", std::to_string(settings_.image_size)},
        {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HEIGHT", std::to_string(settings_.image_size)},
        {"NUM_PROCESSES", std::to_string(settings_.num_envs)},
        {"NUM_UPDATES", std::to_string(settings_.updates)},
        {"NUM_RANKS", std::to_string(ranks)},
        {"NUM_THREADS", "1"},
        {"CHECKPOINT_INTERVAL", "1000000"},
        {"RL.PPO.num_steps", std::to_string(settings_.num_steps)},
        {"RL.PPO.ppo_epoch", std::to_string(settings_.ppo_epoch)},
        {"RL.PPO.imitation_updates", "0"},
        {"MODEL.BACKBONE", "se_resnet9"},
        {"MODEL.BASE_PLANES", std::to_string(planes)},
    };
    std::vector<std::string> list;
    for (const auto& [key, value] : values) list.insert(list.end(), {key, value});
    return list;
  }

  const TrainBenchmarkSettings& settings_;
  std::filesystem::path folder_;
};

}  // namespace

base::Result<std::vector<base::BenchmarkResult>> run_train_benchmark(const TrainBenchmarkSettings& settings) {
  const ScratchFolder scratch;
  INKNAV_RETURN_IF_ERROR(make_data(scratch.path()));
  TrainBenchmark benchmark(settings, scratch.path());
  std::vector<base::BenchmarkResult> all;
  for (const int planes : settings.base_planes) {
    const std::string name = fmt::format("train/ppo/planes{}", planes);
    INKNAV_ASSIGN_OR_RETURN(auto results, benchmark.run(planes, settings.ranks, name));
    if (settings.ranks > 1) {
      INKNAV_ASSIGN_OR_RETURN(const auto single, benchmark.run(planes, 1, name + "/one_rank"));
      base::compare(results.front(), single.front());
      results.push_back(single.front());
    }
    all.insert(all.end(), results.begin(), results.end());
  }
  return all;
}

}  // namespace inknav::app
