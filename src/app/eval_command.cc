// SPDX-License-Identifier: MIT
#include "app/eval_command.h"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>

#include "app/evaluation.h"
#include "base/file.h"
#include "base/log.h"
#include "run/checkpoint_store.h"
#include "run/metrics.h"
#include "run/run_directory.h"
#include "run/safetensors.h"

namespace inknav::app {
namespace {

/// Index of the checkpoint with the highest SPL that training logged at its update.
std::optional<std::int64_t> best_by_spl(const std::filesystem::path& tensorboard,
                                        const std::vector<std::int64_t>& indices) {
  const auto scalars = run::read_scalars(tensorboard);
  if (!scalars.ok()) return std::nullopt;
  std::map<std::int64_t, double> spl;
  for (const run::ScalarPoint& point : *scalars) {
    if (point.tag == "Environment/SPL") spl[point.step] = point.value;
  }
  std::optional<std::int64_t> best;
  for (const std::int64_t index : indices) {
    if (spl.contains(index) && (!best || spl[index] >= spl[*best])) best = index;
  }
  return best;
}

base::Error no_checkpoint(const std::filesystem::path& folder) {
  return {base::ErrorCode::kData, folder.string() +
                                      ": a checkpoint (ckpt.<n>.safetensors) was wanted, found none; "
                                      "train first, or set EVAL_CKPT_PATH_DIR to a file or folder"};
}

base::Result<std::vector<std::filesystem::path>> choose_checkpoints(const ExperimentOptions& options,
                                                                    const config::ExperimentConfig& config,
                                                                    const std::filesystem::path& model_dir) {
  const run::RunPaths paths = run::run_paths(config, model_dir);
  const std::filesystem::path source = config.eval_ckpt_path_dir.empty()
                                           ? paths.checkpoints
                                           : std::filesystem::path(config.eval_ckpt_path_dir);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(source, ignored)) return std::vector{source};
  const run::CheckpointStore store(source);
  std::vector<std::int64_t> indices = store.indices();
  if (options.eval_best) {
    std::optional<std::int64_t> best = store.best();
    if (!best) best = best_by_spl(paths.tensorboard, indices);
    if (!best) return no_checkpoint(source);
    return std::vector{store.path_of(*best)};
  }
  const bool selected = options.prev_ckpt_ind >= 0 || options.eval_interval > 1;
  if (!selected && std::filesystem::is_regular_file(store.final_path(), ignored))
    return std::vector{store.final_path()};
  if (indices.empty()) return no_checkpoint(source);
  if (config.use_last_ckpt || !selected) return std::vector{store.path_of(indices.back())};
  std::vector<std::filesystem::path> chosen;
  std::erase_if(indices, [&](std::int64_t index) { return index <= options.prev_ckpt_ind; });
  for (std::size_t i = 0; i < indices.size();
       i += static_cast<std::size_t>(std::max(1, options.eval_interval))) {
    chosen.push_back(store.path_of(indices[i]));
  }
  return chosen.empty() ? base::Result<std::vector<std::filesystem::path>>(no_checkpoint(source)) : chosen;
}

void print_stats(const EvaluationOutput& output) {
  for (const TrackRow& row : output.stats.tracks) {
    std::cout << fmt::format(
        "{:<24} {:>5} episodes  success {:.3f} [{:.3f}, {:.3f}]  SPL {:.3f}  SoftSPL {:.3f}  nDTW "
        "{:.3f}\n",
        row.name, row.episodes, row.success, row.success_low, row.success_high, row.spl, row.soft_spl,
        row.ndtw);
  }
  std::cout << "report: " << output.report.string() << std::endl;
}

}  // namespace

Action define_eval(CLI::App& app) {
  auto options = std::make_shared<ExperimentOptions>();
  options->evaluate = true;
  add_experiment_options(app, *options, /*run_type=*/false);
  return [options, &app]() -> base::Result<int> {
    INKNAV_RETURN_IF_ERROR(take_overrides(app, *options));
    return run_eval(*options);
  };
}

base::Result<config::ExperimentConfig> evaluation_config(const config::ExperimentConfig& wanted,
                                                         const std::filesystem::path& checkpoint,
                                                         const std::filesystem::path& scratch_dir) {
  if (!wanted.eval.use_ckpt_config) return wanted;
  INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(checkpoint));
  INKNAV_ASSIGN_OR_RETURN(const std::string text, file.meta("config"));
  const std::filesystem::path stored = scratch_dir / "checkpoint_config.yaml";
  INKNAV_RETURN_IF_ERROR(base::write_text_atomic(stored, text));
  config::LoadRequest request;
  request.files = {stored};
  INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, config::load_experiment(request));
  config::ExperimentConfig config = loaded.config;
  config.eval = wanted.eval;
  config.task_config.dataset = wanted.task_config.dataset;
  config.seed = wanted.seed;
  config.cache_dir = wanted.cache_dir;
  config.num_threads = wanted.num_threads;
  return config;
}

base::Result<int> run_eval(const ExperimentOptions& options) {
  INKNAV_ASSIGN_OR_RETURN(const PreparedExperiment prepared, prepare_experiment(options));
  const config::ExperimentConfig& wanted = prepared.loaded.config;
  for (const std::string& notice : prepared.loaded.notices) base::log_info("{}", notice);
  INKNAV_ASSIGN_OR_RETURN(const auto checkpoints, choose_checkpoints(options, wanted, prepared.model_dir));
  const run::RunPaths paths = run::run_paths(wanted, prepared.model_dir);
  for (const std::filesystem::path& checkpoint : checkpoints) {
    EvaluationRequest request;
    request.output_dir = prepared.model_dir / "eval";
    if (checkpoints.size() > 1) request.output_dir /= checkpoint.stem();
    std::error_code problem;
    std::filesystem::create_directories(request.output_dir, problem);
    INKNAV_ASSIGN_OR_RETURN(request.config, evaluation_config(wanted, checkpoint, request.output_dir));
    request.checkpoint = checkpoint;
    request.video_dir = paths.videos;
    request.tensorboard_dir = paths.tensorboard;
    request.title = "InkNav: " + prepared.model_dir.filename().string();
    request.facts = {{"checkpoint", checkpoint.string()}};
    INKNAV_ASSIGN_OR_RETURN(const EvaluationOutput output, run_evaluation(request));
    print_stats(output);
  }
  return 0;
}

}  // namespace inknav::app
