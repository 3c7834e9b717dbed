// SPDX-License-Identifier: MIT
#include "app/bench_train.h"

#include <spdlog/fmt/fmt.h>

#include <string>
#include <utility>

#include "app/bench_data.h"
#include "app/experiment_options.h"
#include "base/thread_pool.h"
#include "learn/cuda/torch_cuda.h"
#include "learn/learner_benchmark.h"
#include "learn/training_run.h"
#include "run/metrics.h"
#include "run/run_directory.h"

namespace inknav::app {
namespace {

constexpr int kWarmUpUpdates = 2;
constexpr int kHomes = 8;
constexpr int kEpisodes = 128;

/// Median, min and max of a tag's values after the warm-up.
base::BenchmarkResult figure_of(const std::vector<run::ScalarPoint>& points, const std::string& tag,
                                const std::string& name, const std::string& unit) {
  std::vector<double> values;
  for (const run::ScalarPoint& point : points) {
    if (point.tag == tag && point.step > kWarmUpUpdates) values.push_back(point.value);
  }
  return base::spread_of(name, unit, std::move(values));
}

class TrainBenchmark {
 public:
  /// `before`: what there is already.
  TrainBenchmark(const TrainBenchmarkSettings& settings, const BenchData& data,
                 std::vector<base::BenchmarkResult> before)
      : settings_(settings), data_(data), all_(std::move(before)) {}

  /// `experiment` with `own` overrides on `ranks`; figures are called `name`.
  base::Result<std::vector<base::BenchmarkResult>> run(const std::string& name, const char* experiment,
                                                       std::vector<std::string> own, int ranks) {
    ExperimentOptions options;
    options.exp_config = shipped_file(experiment);
    options.model_dir = (data_.folder() / fmt::format("run-{}", runs_++)).string();
    options.overwrite = true;
    options.overrides = data_.overrides();
    for (const auto& [key, value] : {std::pair<const char*, int>{"NUM_PROCESSES", settings_.num_envs},
                                     {"NUM_UPDATES", settings_.updates},
                                     {"NUM_RANKS", ranks},
                                     {"NUM_GPUS", settings_.gpu ? 1 : 0},
                                     {"NUM_THREADS", settings_.gpu ? base::available_cores() : 1},
                                     {"TEST_EPISODE_COUNT", 0},
                                     {"CHECKPOINT_INTERVAL", 1000000}}) {
      own.insert(own.end(), {key, std::to_string(value)});
    }
    options.overrides.insert(options.overrides.end(), own.begin(), own.end());
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
    // Of environment: the time in which the GPU was at work for the other half of the environments.
    if (settings_.gpu)
      results.push_back(figure_of(points, "Perf/hidden_seconds", name + "/environment/hidden", "s/update"));
    return results;
  }

  /// On all ranks and, to compare, on one.
  base::Status add_case(const std::string& name, const char* experiment,
                        const std::vector<std::string>& own) {
    INKNAV_ASSIGN_OR_RETURN(auto results, run(name, experiment, own, settings_.ranks));
    if (settings_.ranks > 1) {
      INKNAV_ASSIGN_OR_RETURN(const auto single, run(name + "/one_rank", experiment, own, 1));
      base::compare(results.front(), single.front());
      results.push_back(single.front());
    }
    all_.insert(all_.end(), results.begin(), results.end());
    tell();
    return base::ok_status();
  }

  /// What the two halves of a case on a GPU bring: the same with all environments at once, to compare.
  base::Status add_together(const std::string& name, const char* experiment, std::vector<std::string> own) {
    own.insert(own.end(), {"RL.PPO.use_double_buffered_sampler", "False"});
    INKNAV_ASSIGN_OR_RETURN(const auto together, run(name + "/together", experiment, own, settings_.ranks));
    for (base::BenchmarkResult& result : all_) {
      if (result.name == name) base::compare(result, together.front());
    }
    all_.insert(all_.end(), together.begin(), together.end());
    tell();
    return base::ok_status();
  }

  std::vector<std::string> ppo_overrides(int planes) const {
    std::vector<std::string> list = {"MODEL.BACKBONE", "se_resnet9"};
    for (const auto& [key, value] :
         {std::pair<const char*, int>{"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH", settings_.image_size},
          {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HEIGHT", settings_.image_size},
          {"RL.PPO.num_steps", settings_.num_steps},
          {"RL.PPO.ppo_epoch", settings_.ppo_epoch},
          {"RL.PPO.imitation_updates", 0},
          {"MODEL.BASE_PLANES", planes}}) {
      list.insert(list.end(), {key, std::to_string(value)});
    }
    return list;
  }

  std::vector<base::BenchmarkResult> take_all() { return std::move(all_); }

 private:
  void tell() const {
    if (settings_.on_results) settings_.on_results(all_);
  }

  const TrainBenchmarkSettings& settings_;
  const BenchData& data_;
  int runs_ = 0;
  std::vector<base::BenchmarkResult> all_;
};

}  // namespace

base::Result<std::vector<base::BenchmarkResult>> run_train_benchmark(const TrainBenchmarkSettings& settings) {
  std::vector<base::BenchmarkResult> learner;
  if (settings.gpu) {
    INKNAV_RETURN_IF_ERROR(learn::prepare_gpu(0));
    learn::LearnerBenchmarkSettings alone;
    alone.compute.gpu = 0;
    alone.compute.graphs = true;
    alone.on_results = settings.on_results;
    INKNAV_ASSIGN_OR_RETURN(learner, learn::run_learner_benchmark(alone));
  }
  INKNAV_ASSIGN_OR_RETURN(const BenchData data, BenchData::make(kHomes, kEpisodes));
  TrainBenchmark benchmark(settings, data, std::move(learner));
  if (settings.ppo) {
    for (const int planes : settings.base_planes) {
      INKNAV_RETURN_IF_ERROR(benchmark.add_case(fmt::format("train/ppo/planes{}", planes),
                                                "configs/train_hwnav.yaml", benchmark.ppo_overrides(planes)));
    }
    if (settings.gpu && !settings.base_planes.empty()) {
      const int planes = settings.base_planes.front();
      INKNAV_RETURN_IF_ERROR(benchmark.add_together(fmt::format("train/ppo/planes{}", planes),
                                                    "configs/train_hwnav.yaml",
                                                    benchmark.ppo_overrides(planes)));
    }
  }
  if (settings.diffusion) {
    INKNAV_RETURN_IF_ERROR(benchmark.add_case("train/diffusion", "configs/train_diffusion_2core.yaml", {}));
  }
  return benchmark.take_all();
}

}  // namespace inknav::app
