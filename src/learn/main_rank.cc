// SPDX-License-Identifier: MIT
#include "learn/main_rank.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "run/torch_weights.h"
#include "task/measures.h"

namespace inknav::learn {
namespace {

std::vector<run::NamedSpan> as_spans(const std::vector<NamedBytes>& state) {
  std::vector<run::NamedSpan> spans;
  for (const NamedBytes& tensor : state) {
    const std::optional<run::SpanType> type = run::span_type_of(tensor.dtype);
    INKNAV_CHECK(type.has_value(), tensor.dtype);
    spans.push_back({tensor.name, *type, tensor.shape, tensor.bytes});
  }
  return spans;
}

double metric(const UpdateReport& report, std::string_view name, double missing) {
  for (const auto& [tag, value] : report.metrics) {
    if (tag == name) return value;
  }
  return missing;
}

run::ProgressSettings progress_settings(const TrainingRequest& request) {
  run::ProgressSettings settings;
  settings.title = request.progress_title;
  settings.total = request.loaded.config.num_updates;
  return settings;
}

}  // namespace

bool goes_on(const TrainingRequest& request) {
  return request.resume_from && !run::is_torch_name(*request.resume_from);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
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

base::Result<std::unique_ptr<MainRank>> MainRank::open(const TrainingRequest& request,
                                                       const config::ExperimentConfig& config,
                                                       const Trainer& trainer) {
  const run::ExistingRun existing = goes_on(request) ? run::ExistingRun::kResume : request.existing;
  INKNAV_ASSIGN_OR_RETURN(run::RunDirectory directory, run::RunDirectory::open(request.model_dir, existing));
  const run::RunPaths paths = run::run_paths(config, request.model_dir);
  INKNAV_ASSIGN_OR_RETURN(run::TrainLog log, run::TrainLog::open(paths.log_file, config.debug));
  std::optional<std::int64_t> resume_step;
  if (trainer.updates_done() > 0) resume_step = trainer.updates_done() + 1;
  INKNAV_ASSIGN_OR_RETURN(auto metrics, run::MetricsWriter::open(paths.tensorboard, resume_step));
  INKNAV_RETURN_IF_ERROR(
      base::write_text_atomic(directory.config_file(), config::to_yaml(config, /*comments=*/true)));
  for (const std::string& notice : request.loaded.notices) base::log_info("{}", notice);
  for (const auto& [key, place] : request.loaded.origins) base::log_debug("{} is set by {}", key, place);
  return std::unique_ptr<MainRank>(new MainRank(request, config, std::move(directory), std::move(log),
                                                std::move(metrics), paths, trainer));
}

void MainRank::report(const UpdateReport& update, double seconds) {
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
  metrics_->scalar("Perf/hidden_seconds", update.seconds.hidden, update.update);
  env_seconds_ += update.seconds.environment + update.seconds.reading;
  network_seconds_ += update.seconds.inference + update.seconds.learning;
  const double success = metric(update, "Environment/Success", std::nan(""));
  const std::string shown = std::isnan(success) ? "-" : fmt::format("{:.2f}", success);
  progress_.update(update.update, fmt::format("{:.0f} frames/s  success {}", smooth_fps_, shown));
  if (update.skipped) base::log_warning("update {}: skipped, numbers were not finite", update.update);
  if (update.update % config_.log_interval == 0 || update.update == config_.num_updates) log_line(update);
}

base::Status MainRank::save(std::int64_t update, std::int64_t frames, const Trainer& trainer,
                            const PolicySettings& policy, const std::vector<NamedBytes>& state,
                            LastSave last) {
  metrics_->flush();
  const run::Metadata metadata = {{"policy", policy.to_json()},
                                  {"prior_log_scale", fmt::format("{:.9g}", trainer.prior_log_scale())},
                                  {"update", std::to_string(update)},
                                  {"frames", std::to_string(frames)},
                                  {kNumProcesses, std::to_string(*config_.num_processes)},
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

void MainRank::report_evaluation(const std::string& split, const EvaluationResult& result,
                                 std::int64_t update) {
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

void MainRank::finish(std::string_view facts) { progress_.finish(facts); }

MainRank::MainRank(const TrainingRequest& request, const config::ExperimentConfig& config,
                   run::RunDirectory directory, run::TrainLog log,
                   std::unique_ptr<run::MetricsWriter> metrics, const run::RunPaths& paths,
                   const Trainer& trainer)
    : config_(config),
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

void MainRank::keep_best(std::int64_t update) {
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

void MainRank::log_line(const UpdateReport& update) {
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

}  // namespace inknav::learn
