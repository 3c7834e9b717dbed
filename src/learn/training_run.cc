// SPDX-License-Identifier: MIT
#include "learn/training_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread_pool.h"
#include "learn/quick_evaluation.h"
#include "learn/ranks.h"
#include "learn/settings_from_config.h"
#include "learn/trainer.h"
#include "learn/weights_exchange.h"
#include "run/checkpoint_store.h"
#include "run/launch.h"
#include "run/metrics.h"
#include "run/progress.h"
#include "run/signals.h"
#include "run/torch_weights.h"
#include "run/train_log.h"
#include "task/env_from_config.h"
#include "task/measures.h"

namespace inknav::learn {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

run::SpanType span_type(const std::string& dtype) {
  for (const run::SpanType type : {run::SpanType::kU8, run::SpanType::kI32, run::SpanType::kI64,
                                   run::SpanType::kF32, run::SpanType::kF64}) {
    if (run::name_of(type) == dtype) return type;
  }
  INKNAV_CHECK(false, dtype);
  return run::SpanType::kU8;
}

std::vector<run::NamedSpan> as_spans(const std::vector<NamedBytes>& state) {
  std::vector<run::NamedSpan> spans;
  for (const NamedBytes& tensor : state) {
    spans.push_back({tensor.name, span_type(tensor.dtype), tensor.shape, tensor.bytes});
  }
  return spans;
}

base::Result<std::vector<NamedBytes>> as_state(const run::SafetensorsFile& file) {
  std::vector<NamedBytes> state;
  for (const auto& [name, entry] : file.entries()) {
    INKNAV_ASSIGN_OR_RETURN(const run::NamedSpan span, file.find(name));
    state.push_back(
        {name, std::string(run::name_of(entry.type)), entry.shape, {span.bytes.begin(), span.bytes.end()}});
  }
  return state;
}

double metric(const UpdateReport& report, std::string_view name, double missing) {
  for (const auto& [tag, value] : report.metrics) {
    if (tag == name) return value;
  }
  return missing;
}

/// Whether a run is continued; weights from elsewhere begin a new one.
bool goes_on(const TrainingRequest& request) {
  return request.resume_from && !run::is_torch_name(*request.resume_from);
}

run::ProgressSettings progress_settings(const TrainingRequest& request) {
  run::ProgressSettings settings;
  settings.title = request.progress_title;
  settings.total = request.loaded.config.num_updates;
  return settings;
}

/// Whether a later save can make up for this one.
enum class LastSave : std::uint8_t { kNo, kStopped, kFinal };

/// What only rank 0 does: files, log, display.
class MainRank {
 public:
  static base::Result<std::unique_ptr<MainRank>> open(const TrainingRequest& request,
                                                      const Trainer& trainer) {
    const config::ExperimentConfig& config = request.loaded.config;
    const run::ExistingRun existing = goes_on(request) ? run::ExistingRun::kResume : request.existing;
    INKNAV_ASSIGN_OR_RETURN(run::RunDirectory directory,
                            run::RunDirectory::open(request.model_dir, existing));
    const run::RunPaths paths = run::run_paths(config, request.model_dir);
    INKNAV_ASSIGN_OR_RETURN(run::TrainLog log, run::TrainLog::open(paths.log_file, config.debug));
    std::optional<std::int64_t> resume_step;
    if (trainer.updates_done() > 0) resume_step = trainer.updates_done() + 1;
    INKNAV_ASSIGN_OR_RETURN(auto metrics, run::MetricsWriter::open(paths.tensorboard, resume_step));
    INKNAV_RETURN_IF_ERROR(
        base::write_text_atomic(directory.config_file(), config::to_yaml(config, /*comments=*/true)));
    for (const std::string& notice : request.loaded.notices) base::log_info("{}", notice);
    for (const auto& [key, place] : request.loaded.origins) base::log_debug("{} is set by {}", key, place);
    return std::unique_ptr<MainRank>(
        new MainRank(request, std::move(directory), std::move(log), std::move(metrics), paths, trainer));
  }

  void report(const UpdateReport& update, double seconds) {
    const double fps = seconds > 0.0 ? static_cast<double>(update.frames - frames_) / seconds : 0.0;
    frames_ = update.frames;
    smooth_fps_ = smooth_fps_ == 0.0 ? fps : 0.9 * smooth_fps_ + 0.1 * fps;
    std::string figures;
    for (const auto& [tag, value] : update.metrics) {
      figures += fmt::format("  {} {:.5g}", tag, value);
      if (!hidden_.contains(tag)) metrics_->scalar(tag, value, update.update);
    }
    spl_ = metric(update, "Environment/SPL", std::nan(""));
    base::log_debug("update {}: {:.3f} s{}", update.update, seconds, figures);
    metrics_->scalar("Perf/fps", fps, update.update);
    metrics_->scalar("Perf/environment_seconds", update.seconds.environment, update.update);
    metrics_->scalar("Perf/reading_seconds", update.seconds.reading, update.update);
    metrics_->scalar("Perf/inference_seconds", update.seconds.inference, update.update);
    metrics_->scalar("Perf/learning_seconds", update.seconds.learning, update.update);
    env_seconds_ += update.seconds.environment + update.seconds.reading;
    network_seconds_ += update.seconds.inference + update.seconds.learning;
    const double success = metric(update, "Environment/Success", std::nan(""));
    const std::string shown = std::isnan(success) ? "-" : fmt::format("{:.2f}", success);
    progress_.update(update.update, fmt::format("{:.0f} frames/s  success {}", smooth_fps_, shown));
    if (update.skipped) base::log_warning("update {}: skipped, numbers were not finite", update.update);
    if (update.update % config_.log_interval == 0 || update.update == config_.num_updates) log_line(update);
  }

  base::Status save(std::int64_t update, std::int64_t frames, const Trainer& trainer,
                    const PolicySettings& policy, const std::vector<NamedBytes>& state, LastSave last) {
    metrics_->flush();
    const run::Metadata metadata = {{"policy", policy.to_json()},
                                    {"prior_log_scale", fmt::format("{:.9g}", trainer.prior_log_scale())},
                                    {"update", std::to_string(update)},
                                    {"frames", std::to_string(frames)},
                                    {"config", config::to_yaml(config_, /*comments=*/false)}};
    const std::vector<run::NamedSpan> spans = as_spans(state);
    const run::SaveNeed need = last == LastSave::kNo ? run::SaveNeed::kMayMiss : run::SaveNeed::kMust;
    INKNAV_ASSIGN_OR_RETURN(const run::SaveOutcome outcome, store_.save(update, spans, metadata, need));
    if (outcome == run::SaveOutcome::kMissed) {
      metrics_->scalar("Perf/missed_checkpoints", store_.missed(), update);
      return base::ok_status();
    }
    keep_best(update);
    return last == LastSave::kFinal ? store_.save_final(spans, metadata) : base::ok_status();
  }

  /// <split>/<measure> of the episodes that were walked at this checkpoint.
  void report_evaluation(const std::string& split, const EvaluationResult& result, std::int64_t update) {
    for (const std::string& measure : result.measure_names) {
      if (!hidden_.contains(task::metric_name(measure)))
        metrics_->scalar(split + "/" + measure, result.mean(measure), update);
    }
    if (result.plan_loss) {
      metrics_->scalar("Validation/Loss", config_.rl.diffusion.diffusion_coef * *result.plan_loss, update);
    }
    base::log_info("update {}: {} episodes of {}: success {:.2f}  spl {:.2f}", update, result.episodes.size(),
                   split, result.mean("success"), result.mean("spl"));
  }

  void finish(std::string_view facts) { progress_.finish(facts); }

 private:
  MainRank(const TrainingRequest& request, run::RunDirectory directory, run::TrainLog log,
           std::unique_ptr<run::MetricsWriter> metrics, const run::RunPaths& paths, const Trainer& trainer)
      : config_(request.loaded.config),
        directory_(std::move(directory)),
        log_(std::move(log)),
        metrics_(std::move(metrics)),
        store_(paths.checkpoints,
               {.keep_last = config_.keep_last_checkpoints, .keep_every = config_.keep_every_checkpoint}),
        progress_(progress_settings(request), trainer.updates_done()),
        first_update_(trainer.updates_done()),
        frames_(trainer.frames_done()),
        best_spl_(store_.best_score().value_or(0.0)) {
    for (const std::string& measure : task::measure_names()) {
      const std::vector<std::string>& wanted = config_.task_config.task.measurements;
      if (measure != "success" && std::find(wanted.begin(), wanted.end(), measure) == wanted.end())
        hidden_.insert(task::metric_name(measure));
    }
  }

  /// The best checkpoint, by the training's SPL, is kept when older ones go; only from where the policy acts
  /// alone, since before that the expert earns a part of it.
  void keep_best(std::int64_t update) {
    const config::PpoConfig& ppo = config_.rl.ppo;
    const bool alone = update > ppo.imitation_updates && ppo.expert_mix_end == 0.0 &&
                       (update > ppo.expert_mix_updates || ppo.expert_mix_start == 0.0);
    if (!alone || std::isnan(spl_) || spl_ < best_spl_) return;
    const base::Status marked = store_.mark_best(update, spl_);
    if (marked.ok()) {
      best_spl_ = spl_;
    } else {
      base::log_warning("{}; the best checkpoint is not marked", marked.error().message);
    }
  }

  void log_line(const UpdateReport& update) {
    run::TrainStatus status;
    status.update = update.update;
    status.num_updates = config_.num_updates;
    status.frames = update.frames;
    status.frames_per_second = smooth_fps_;
    status.env_seconds = std::exchange(env_seconds_, 0.0);
    status.network_seconds = std::exchange(network_seconds_, 0.0);
    const auto optional_metric = [&](const char* tag) -> std::optional<double> {
      const double value = metric(update, tag, std::nan(""));
      return std::isnan(value) ? std::nullopt : std::optional<double>(value);
    };
    status.reward = optional_metric("Environment/Reward");
    status.success = optional_metric("Environment/Success");
    status.spl = optional_metric("Environment/SPL");
    const auto done = static_cast<double>(update.update - first_update_);
    if (done > 0.0) {
      status.eta_seconds =
          seconds_since(start_) / done * static_cast<double>(config_.num_updates - update.update);
    }
    base::log_info("{}", run::format_status(status));
  }

  config::ExperimentConfig config_;
  run::RunDirectory directory_;
  run::TrainLog log_;
  std::unique_ptr<run::MetricsWriter> metrics_;
  run::CheckpointStore store_;
  run::Progress progress_;
  std::int64_t first_update_ = 0;
  std::int64_t frames_ = 0;
  double spl_ = std::nan("");  // of the last update
  double best_spl_ = 0.0;
  std::set<std::string> hidden_;  // tags of measures that MEASUREMENTS does not name
  double smooth_fps_ = 0.0;
  double env_seconds_ = 0.0;
  double network_seconds_ = 0.0;
  Clock::time_point start_ = Clock::now();
};

/// One line on where the run runs; a GPU that cannot be used yet is named, not passed over.
void announce(const TrainingRequest& request, const run::CpuPlan& plan) {
  const std::string gpu = request.devices.gpu_ids.empty()
                              ? request.devices.sentence
                              : "GPUs are there, but this version trains on the CPU";
  base::log_info("{}; {} rank(s), {} environments and {} thread(s) each", gpu, plan.num_ranks,
                 plan.envs_per_rank, plan.threads_per_rank);
}

class RankRun {
 public:
  RankRun(const TrainingRequest& request, const run::RankInfo& rank, int threads)
      : request_(request), config_(request.loaded.config), rank_(rank), pool_(threads) {}

  base::Result<int> run(int total_envs) {
    INKNAV_RETURN_IF_ERROR(prepare(total_envs));
    Clock::time_point begin = Clock::now();
    while (!trainer_->finished()) {
      if (trainer_->updates_done() >= config_.num_updates) break;
      INKNAV_ASSIGN_OR_RETURN(const UpdateReport update, trainer_->update());
      const double seconds = seconds_since(begin);
      begin = Clock::now();
      if (main_) main_->report(update, seconds);
      INKNAV_ASSIGN_OR_RETURN(const run::StopRequest stop, agreed_stop());
      if (stop != run::StopRequest::kNone) {
        INKNAV_RETURN_IF_ERROR(save(LastSave::kStopped));
        return stopped(stop);
      }
      const bool due = update.update % config_.checkpoint_interval == 0;
      if (due && !trainer_->finished()) INKNAV_RETURN_IF_ERROR(save(LastSave::kNo));
    }
    INKNAV_RETURN_IF_ERROR(save(LastSave::kFinal));
    if (main_) main_->finish("done");
    return 0;
  }

 private:
  base::Status prepare(int total_envs) {
    const task::EnvShare share = task::share_of_rank(total_envs, rank_.rank, rank_.world_size);
    INKNAV_RETURN_IF_ERROR(config::check_mini_batches(request_.loaded, share.count));
    if (rank_.world_size > 1) {
      INKNAV_ASSIGN_OR_RETURN(ranks_, Ranks::connect({.rank = rank_.rank,
                                                      .world_size = rank_.world_size,
                                                      .master_addr = rank_.master_addr,
                                                      .master_port = rank_.master_port}));
    }
    const std::string split = config_.task_config.dataset.split;
    INKNAV_ASSIGN_OR_RETURN(task::Dataset dataset, task::load_dataset(config_, split));
    const task::NavigationEnvSettings env_settings = task::env_settings(config_, share);
    if (config_.use_diffusion_policy && !config_.diffusion_data_dir.empty()) {
      INKNAV_ASSIGN_OR_RETURN(demos_, task::load_demonstrations(config_, env_settings, dataset, pool_));
    }
    INKNAV_ASSIGN_OR_RETURN(env_, task::NavigationEnv::create(env_settings, std::move(dataset), pool_));
    settings_ = trainer_settings(config_, env_->spec(), env_settings, rank_.world_size);
    trainer_ = Trainer::create(settings_, *env_, ranks_.get(), pool_, demos_.get());
    if (request_.resume_from) INKNAV_RETURN_IF_ERROR(resume(*request_.resume_from));
    if (!rank_.is_main()) return base::ok_status();
    INKNAV_ASSIGN_OR_RETURN(main_, MainRank::open(request_, *trainer_));
    if (config_.test_episode_count > 0) evaluation_ = std::make_unique<QuickEvaluation>(config_, pool_);
    const int skipped = env_->skipped_episodes();
    base::log_info("{} environments on {} rank(s), episodes of {}: {}{}", total_envs, rank_.world_size, split,
                   env_->episodes().size(), skipped > 0 ? fmt::format(" ({} skipped)", skipped) : "");
    if (demos_) {
      base::log_info("{:g} of the updates learn from {} recorded walks of {}",
                     config_.rl.diffusion.demo_share, demos_->num_walks(), config_.diffusion_data_dir);
    }
    return base::ok_status();
  }

  base::Status resume(const std::filesystem::path& path) {
    if (!goes_on(request_)) {
      INKNAV_ASSIGN_OR_RETURN(const std::vector<NamedBytes> weights,
                              weights_to_start_from(path, *trainer_->network()));
      return trainer_->load_weights(weights);
    }
    INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(path));
    INKNAV_ASSIGN_OR_RETURN(const std::vector<NamedBytes> state, as_state(file));
    return trainer_->restore_state(state);
  }

  base::Status save(LastSave last) {
    INKNAV_ASSIGN_OR_RETURN(const std::vector<NamedBytes> state, trainer_->save_state());
    if (!main_) return base::ok_status();
    INKNAV_RETURN_IF_ERROR(main_->save(trainer_->updates_done(), trainer_->frames_done(), *trainer_,
                                       settings_.policy, state, last));
    if (last == LastSave::kStopped || !evaluation_) return base::ok_status();
    const auto result = evaluation_->run(trainer_->network(), trainer_->prior_log_scale());
    if (result) main_->report_evaluation(evaluation_->split(), *result, trainer_->updates_done());
    return base::ok_status();
  }

  /// The strongest request that any rank has seen; all ranks get the same answer.
  base::Result<run::StopRequest> agreed_stop() {
    const auto mine = static_cast<std::int64_t>(run::stop_request());
    if (!ranks_) return static_cast<run::StopRequest>(mine);
    INKNAV_ASSIGN_OR_RETURN(const std::int64_t strongest, ranks_->max(mine));
    return static_cast<run::StopRequest>(strongest);
  }

  int stopped(run::StopRequest stop) {
    if (main_) {
      main_->finish("stopped");
      base::log_info("stopped by a signal after update {}; saved; go on with --resume-from",
                     trainer_->updates_done());
    }
    return run::exit_code_of(stop);
  }

  const TrainingRequest& request_;
  const config::ExperimentConfig& config_;
  run::RankInfo rank_;
  base::ThreadPool pool_;
  std::unique_ptr<Ranks> ranks_;
  std::unique_ptr<task::NavigationEnv> env_;
  std::unique_ptr<task::ReplayEnv> demos_;  // of DIFFUSION_DATA_DIR
  TrainerSettings settings_;
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<MainRank> main_;
  std::unique_ptr<QuickEvaluation> evaluation_;  // of rank 0
};

}  // namespace

base::Result<int> run_training(const TrainingRequest& request) {
  const config::ExperimentConfig& config = request.loaded.config;
  INKNAV_ASSIGN_OR_RETURN(const std::optional<run::RankInfo> outside, run::rank_from_environment());
  run::CpuPlan plan = request.plan;
  if (outside) {
    INKNAV_ASSIGN_OR_RETURN(plan, run::plan_cpu(outside->world_size, config.num_threads, config.num_processes,
                                                base::available_cores(), config.rl.ppo.num_mini_batch));
  }
  run::install_signal_handlers();
  if (!outside || outside->is_main()) announce(request, plan);
  if (!outside && plan.num_ranks > 1) {
    run::LaunchRequest launch;
    launch.num_ranks = plan.num_ranks;
    launch.arguments = request.arguments;
    return run::launch_ranks(launch);
  }
  RankRun rank_run(request, outside.value_or(run::RankInfo{}),
                   task::step_threads(config, plan.threads_per_rank));
  return rank_run.run(plan.num_ranks * plan.envs_per_rank);
}

}  // namespace inknav::learn
