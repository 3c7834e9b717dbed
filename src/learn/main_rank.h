// SPDX-License-Identifier: MIT
#pragma once
// MainRank: what only rank 0 of a training run does: the model directory, train.log, TensorBoard, the
// progress display and the checkpoints with their metadata. Errors: kUsage, kData and kDisk of the files; a
// checkpoint that could not be written and may be missed is none. Threads: one caller.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/experiment.h"
#include "learn/evaluate.h"
#include "learn/trainer.h"
#include "learn/training_run.h"
#include "run/checkpoint_store.h"
#include "run/metrics.h"
#include "run/progress.h"
#include "run/run_directory.h"
#include "run/safetensors.h"
#include "run/train_log.h"

namespace inknav::learn {

/// In the metadata of a checkpoint: environments over all ranks.
inline constexpr const char* kNumProcesses = "num_processes";

/// The tensors of a checkpoint as a trainer takes them.
base::Result<std::vector<NamedBytes>> as_state(const run::SafetensorsFile& file);

/// Whether a run is continued; weights from elsewhere (.pth) begin a new one.
bool goes_on(const TrainingRequest& request);

double seconds_since(std::chrono::steady_clock::time_point start);

/// Whether a later save can make up for this one.
enum class LastSave : std::uint8_t { kNo, kStopped, kFinal };

class MainRank {
 public:
  /// `config` is the request's with NUM_PROCESSES auto replaced.
  static base::Result<std::unique_ptr<MainRank>> open(const TrainingRequest& request,
                                                      const config::ExperimentConfig& config,
                                                      const Trainer& trainer);

  /// Metrics, log and display of an update that took so long, wall time.
  void report(const UpdateReport& update, double seconds);

  /// Writes a checkpoint; with `last` kFinal the final model, too.
  base::Status save(std::int64_t update, std::int64_t frames, const Trainer& trainer,
                    const PolicySettings& policy, const std::vector<NamedBytes>& state, LastSave last);

  /// Where save() puts the checkpoint of `update`.
  std::filesystem::path checkpoint(std::int64_t update) const { return store_.path_of(update); }

  /// <split>/<measure> of the episodes that were walked at this checkpoint.
  void report_evaluation(const std::string& split, const EvaluationResult& result, std::int64_t update);

  void finish(std::string_view facts);

 private:
  MainRank(const TrainingRequest& request, const config::ExperimentConfig& config,
           run::RunDirectory directory, run::TrainLog log, std::unique_ptr<run::MetricsWriter> metrics,
           const run::RunPaths& paths, const Trainer& trainer);

  /// The best checkpoint, by the training's SPL, is kept when older ones go; only from where the policy acts
  /// alone, since before that the expert earns a part of it.
  void keep_best(std::int64_t update);

  void log_line(const UpdateReport& update);

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
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace inknav::learn
