// SPDX-License-Identifier: MIT
#include "app/eval_command.h"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "app/evaluation.h"
#include "base/file.h"
#include "base/log.h"
#include "learn/habitat/pointnav_agent.h"
#include "learn/weights_exchange.h"
#include "run/checkpoint_store.h"
#include "run/metrics.h"
#include "run/run_directory.h"
#include "run/safetensors.h"
#include "run/torch_weights.h"

namespace inknav::app {
namespace {

/// Index of the checkpoint with the highest SPL: of evaluations on `split` if there were any, else of the
/// training at its update.
std::optional<std::int64_t> best_by_spl(const std::filesystem::path& tensorboard, const std::string& split,
                                        const std::vector<std::int64_t>& indices) {
  const auto scalars = run::read_scalars(tensorboard);
  if (!scalars.ok()) return std::nullopt;
  for (const std::string& tag : {split + "/spl", std::string("Environment/SPL")}) {
    std::map<std::int64_t, double> spl;
    for (const run::ScalarPoint& point : *scalars) {
      if (point.tag == tag) spl[point.step] = point.value;
    }
    std::optional<std::int64_t> best;
    for (const std::int64_t index : indices) {
      if (spl.contains(index) && (!best || spl[index] >= spl[*best])) best = index;
    }
    if (best) return best;
  }
  return std::nullopt;
}

/// n of "ckpt.<n>" and any ending.
std::optional<std::int64_t> number_of(const std::filesystem::path& checkpoint) {
  constexpr std::string_view kBefore = "ckpt.";
  const std::string name = checkpoint.stem().string();
  if (!name.starts_with(kBefore)) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + kBefore.size(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

/// What habitat-baselines leaves in a folder, ckpt.<n>.pth, by their numbers.
std::map<std::int64_t, std::filesystem::path> torch_checkpoints(const std::filesystem::path& folder) {
  std::map<std::int64_t, std::filesystem::path> found;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(folder, ignored), end; entry != end;
       entry.increment(ignored)) {
    const std::optional<std::int64_t> number = number_of(entry->path());
    if (number && run::is_torch_name(entry->path())) found[*number] = entry->path();
  }
  return found;
}

base::Error no_checkpoint(const std::filesystem::path& folder) {
  return {base::ErrorCode::kData, folder.string() +
                                      ": a checkpoint (ckpt.<n>.safetensors or .pth) was wanted, found none; "
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
  // A folder of habitat-baselines has none of ours.
  std::map<std::int64_t, std::filesystem::path> foreign;
  if (indices.empty()) foreign = torch_checkpoints(source);
  for (const auto& [index, path] : foreign) indices.push_back(index);
  const auto path_of = [&](std::int64_t index) {
    return foreign.empty() ? store.path_of(index) : foreign.at(index);
  };
  if (options.eval_best) {
    std::optional<std::int64_t> best = store.best();
    if (!best) best = best_by_spl(paths.tensorboard, config.eval.split, indices);
    if (!best) return no_checkpoint(source);
    return std::vector{path_of(*best)};
  }
  // Of the run's own checkpoints the last one counts, unless others are asked for; of a folder that is named,
  // all.
  const bool selected = !config.use_last_ckpt &&
                        (options.prev_ckpt_ind >= 0 || options.eval_interval || source != paths.checkpoints);
  if (!selected && std::filesystem::is_regular_file(store.final_path(), ignored))
    return std::vector{store.final_path()};
  if (indices.empty()) return no_checkpoint(source);
  if (!selected) return std::vector{path_of(indices.back())};
  std::vector<std::filesystem::path> chosen;
  std::erase_if(indices, [&](std::int64_t index) { return index <= options.prev_ckpt_ind; });
  for (std::size_t i = 0; i < indices.size();
       i += static_cast<std::size_t>(options.eval_interval.value_or(1))) {
    chosen.push_back(path_of(indices[i]));
  }
  return chosen.empty() ? base::Result<std::vector<std::filesystem::path>>(no_checkpoint(source)) : chosen;
}

void print_stats(const EvaluationOutput& output) {
  // The other figures of drawn maps are in the report; of Habitat's tasks one asks for each by its name.
  const auto is_told = [&](const TrackMeasure& measure) {
    return !output.stats.drawings || measure.name == "spl" || measure.name == "soft_spl" ||
           measure.name == "ndtw";
  };
  for (const TrackRow& row : output.stats.tracks) {
    std::cout << fmt::format("{:<24} {:>5} episodes  success {:.3f} [{:.3f}, {:.3f}]", row.name, row.episodes,
                             row.success, row.success_low, row.success_high);
    for (const TrackMeasure& measure : track_measures()) {
      if (is_told(measure) && is_reported(measure.name, output.stats.measures))
        std::cout << fmt::format("  {} {:.{}f}", measure.title, row.*measure.value,
                                 std::max(measure.decimals, 3));
    }
    for (const auto& [name, value] : row.more) std::cout << fmt::format("  {} {:.3f}", name, value);
    std::cout << "\n";
  }
  std::cout << "report: " << output.report.string() << std::endl;
}

/// "update" of a checkpoint's metadata; where it does not say, the number in its name; else 0.
std::int64_t update_of(const run::SafetensorsFile& file, const std::filesystem::path& checkpoint) {
  const auto text = file.meta("update");
  std::int64_t update = number_of(checkpoint).value_or(0);
  if (text.ok()) std::from_chars(text->data(), text->data() + text->size(), update);
  return update;
}

/// Weights of PyTorch (.pth) as a file that can be evaluated, in the folder of the evaluation.
base::Result<std::filesystem::path> evaluable(const std::filesystem::path& checkpoint,
                                              const std::filesystem::path& output_dir) {
  if (!run::is_torch_name(checkpoint)) return checkpoint;
  const std::filesystem::path converted = output_dir / (checkpoint.stem().string() + ".safetensors");
  INKNAV_ASSIGN_OR_RETURN(const learn::ExchangeReport report,
                          learn::torch_to_checkpoint(checkpoint, converted, {}));
  base::log_info("{}: {} tensors read into {}", checkpoint.string(), report.tensors, converted.string());
  return converted;
}

/// A policy of habitat-baselines has no configuration of ours, and wants to be told where the goal is.
base::Status check_pointnav(const config::ExperimentConfig& config, const std::filesystem::path& checkpoint) {
  if (config.is_pointnav()) return base::ok_status();
  return base::Error{base::ErrorCode::kUsage,
                     checkpoint.string() +
                         ": a PointNav policy of habitat-baselines reads where the goal is and no drawing; "
                         "set USE_POINTNAV True"};
}

/// Evaluates `checkpoint`; "": the expert acts. `among_others`: in folders of its own.
base::Result<EvaluationOutput> evaluate_one(const ExperimentOptions& options,
                                            const PreparedExperiment& prepared,
                                            const std::filesystem::path& checkpoint, bool among_others) {
  const config::ExperimentConfig& wanted = prepared.loaded.config;
  std::filesystem::path output_dir = prepared.model_dir / "eval";
  if (wanted.use_expert_actions) output_dir /= "expert";
  if (among_others) output_dir /= checkpoint.stem();
  const run::RunPaths paths = run::run_paths(wanted, prepared.model_dir);
  EvaluationRequest request;
  request.output_dir = output_dir;
  request.config = wanted;
  request.facts = {{"policy", "the expert"}};
  if (!prepared.devices.gpu_ids.empty()) request.gpu = prepared.devices.gpu_ids.front();
  if (!checkpoint.empty()) {
    std::error_code problem;
    std::filesystem::create_directories(output_dir, problem);
    INKNAV_ASSIGN_OR_RETURN(request.checkpoint, evaluable(checkpoint, output_dir));
    INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(request.checkpoint));
    if (learn::is_pointnav_file(file)) {
      INKNAV_RETURN_IF_ERROR(check_pointnav(wanted, checkpoint));
    } else {
      INKNAV_ASSIGN_OR_RETURN(request.config,
                              evaluation_config(wanted, options.overrides, request.checkpoint, output_dir));
    }
    request.update = update_of(file, checkpoint);
    request.facts = {{"checkpoint", checkpoint.string()}};
  }
  const config::TaskConfig& task = request.config.task_config;
  request.facts.push_back({"task", task.task.type});
  request.facts.push_back(
      {"success", fmt::format("STOP within {:g} m of the goal in {} steps", task.task.success_distance,
                              task.environment.max_episode_steps)});
  request.video_dir = paths.videos;
  if (among_others) request.video_dir /= checkpoint.stem();  // names of videos are those of the episodes
  request.tensorboard_dir = paths.tensorboard;
  request.title = "InkNav: " + prepared.model_dir.filename().string();
  return run_evaluation(request);
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
                                                         const std::vector<std::string>& overrides,
                                                         const std::filesystem::path& checkpoint,
                                                         const std::filesystem::path& scratch_dir) {
  if (!wanted.eval.use_ckpt_config) return wanted;
  INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(checkpoint));
  INKNAV_ASSIGN_OR_RETURN(const std::string text, file.meta("config"));
  const std::filesystem::path stored = scratch_dir / "checkpoint_config.yaml";
  INKNAV_RETURN_IF_ERROR(base::write_text_atomic(stored, text));
  config::LoadRequest request;
  request.files = {stored};
  request.overrides = overrides;
  INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, config::load_experiment(request));
  config::ExperimentConfig config = loaded.config;
  config.eval = wanted.eval;
  config.task_config.dataset = wanted.task_config.dataset;
  config.task_config.task.measurements = wanted.task_config.task.measurements;
  config.task_config.simulator.renderer = wanted.task_config.simulator.renderer;
  config.seed = wanted.seed;
  config.cache_dir = wanted.cache_dir;
  config.num_processes = wanted.num_processes;
  config.num_threads = wanted.num_threads;
  config.use_sync_vecenv = wanted.use_sync_vecenv;
  config.use_expert_actions = wanted.use_expert_actions;
  config.display_resolution = wanted.display_resolution;
  config.video_option = wanted.video_option;
  config.visualization_option = wanted.visualization_option;
  return config;
}

base::Result<int> run_eval(const ExperimentOptions& options) {
  if (options.print_config) return print_config(options);
  if (options.resume_from) {
    return base::Error{
        base::ErrorCode::kUsage,
        "command line: --resume-from " + *options.resume_from +
            " goes on with a training; an evaluation takes the newest checkpoint of --model-dir, "
            "or the file or folder of EVAL_CKPT_PATH_DIR"};
  }
  INKNAV_ASSIGN_OR_RETURN(const PreparedExperiment prepared, prepare_experiment(options));
  const config::ExperimentConfig& wanted = prepared.loaded.config;
  for (const std::string& notice : prepared.loaded.notices) base::log_info("{}", notice);
  std::vector<std::filesystem::path> checkpoints{std::filesystem::path()};
  if (!wanted.use_expert_actions) {
    INKNAV_ASSIGN_OR_RETURN(checkpoints, choose_checkpoints(options, wanted, prepared.model_dir));
  }
  for (const std::filesystem::path& checkpoint : checkpoints) {
    INKNAV_ASSIGN_OR_RETURN(const EvaluationOutput output,
                            evaluate_one(options, prepared, checkpoint, checkpoints.size() > 1));
    print_stats(output);
  }
  return 0;
}

}  // namespace inknav::app
