// SPDX-License-Identifier: MIT
#include "app/experiment_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <utility>

#include "app/command_line.h"
#include "app/unknown_flag.h"
#include "base/thread_pool.h"
#include "config/hydra.h"
#include "render/cuda/cuda_plugin.h"
#include "run/launch.h"

namespace inknav::app {
namespace {

constexpr const char* kTrainConfig = "configs/train_diffusion_hwnav.yaml";
constexpr const char* kEvalConfig = "configs/val_hwnav.yaml";

base::Error usage(std::string message) { return {base::ErrorCode::kUsage, std::move(message)}; }

std::string config_list(const ExperimentOptions& options) {
  if (!options.exp_config.empty()) return options.exp_config;
  return shipped_file(options.evaluate ? kEvalConfig : kTrainConfig);
}

}  // namespace

void add_experiment_options(CLI::App& app, ExperimentOptions& options, bool run_type) {
  if (run_type) {
    app.add_option_function<std::string>(
           "--run-type", [&options](const std::string& type) { options.evaluate = type == "eval"; },
           "train or eval (default train)")
        ->check(CLI::IsMember({"train", "eval"}));
  }
  app.add_option(
      "--exp-config", options.exp_config,
      std::string("A[,B...], later files win (default ") + (run_type ? kTrainConfig : kEvalConfig) + ")");
  app.add_option("--model-dir", options.model_dir,
                 "everything is written below it (default runs/<config name>)");
  app.add_option("--num-gpus", options.num_gpus, "devices 0..N-1 (default all visible); the CPU: NUM_GPUS 0");
  app.add_option("--gpu-ids", options.gpu_ids, "exactly these, \"0,2\"");
  app.add_option("--resume-from", options.resume_from,
                 "a checkpoint (.safetensors) to go on from, or weights (.pth) to begin a new run with");
  app.add_option("--eval-interval", options.eval_interval, "eval: every N-th checkpoint; without it the last")
      ->check(CLI::Range(1, 1 << 30));
  app.add_option("--prev-ckpt-ind", options.prev_ckpt_ind, "eval: begin after this checkpoint")
      ->check(CLI::Range(-1, 1 << 30));
  app.add_flag("--eval-best", options.eval_best, "eval: only the checkpoint with the highest SPL");
  app.add_flag("--overwrite", options.overwrite,
               "allow an existing, non-empty model directory without resuming");
  app.add_flag("--print-config", options.print_config, "print the resolved config as YAML and stop");
  app.prefix_command();
  app.footer(
      "Then KEY VALUE ... overrides, values in YAML syntax: NUM_UPDATES 500 RL.PPO.lr 1e-3 SENSORS "
      "[DEPTH_SENSOR]");
}

base::Status take_overrides(const CLI::App& app, ExperimentOptions& options) {
  options.overrides = app.remaining();
  for (std::size_t i = 0; i < options.overrides.size(); ++i) {
    const std::string& word = options.overrides[i];
    if (!config::is_hydra_override(word)) ++i;  // a key; its value follows
    if (!word.starts_with("-")) continue;
    const std::string name = word.substr(0, word.find('='));
    if (app.get_option_no_throw(name) != nullptr) {
      return usage("command line: " + name + " stands after KEY VALUE pairs; put flags first");
    }
    const std::string fault = unknown_flag(app, word);
    return usage(fault.empty() ? "command line: " + word + " is neither a flag nor a key; see inknav " +
                                     app.get_name() + " --help"
                               : fault);
  }
  return base::ok_status();
}

std::filesystem::path model_dir_of(const ExperimentOptions& options) {
  if (options.model_dir) return *options.model_dir;
  const std::string list = config_list(options);
  return std::filesystem::path("runs") / std::filesystem::path(list.substr(0, list.find(','))).stem();
}

base::Result<config::LoadedConfig> load_config(const ExperimentOptions& options) {
  if (options.model_dir && options.model_dir->empty()) {
    return usage("command line: --model-dir wants a folder, found an empty name");
  }
  config::LoadRequest request;
  INKNAV_ASSIGN_OR_RETURN(request.files, config::split_config_list(config_list(options)));
  request.model_dir = model_dir_of(options);
  request.overrides = options.overrides;
  return config::load_experiment(request);
}

base::Result<int> print_config(const ExperimentOptions& options) {
  INKNAV_ASSIGN_OR_RETURN(const config::LoadedConfig loaded, load_config(options));
  std::cout << config::to_yaml(loaded.config, /*comments=*/true) << std::flush;
  return 0;
}

base::Status check_renderer(const config::LoadedConfig& loaded) {
  constexpr const char* kKey = "TASK_CONFIG.SIMULATOR.RENDERER";
  if (loaded.config.task_config.simulator.renderer != config::RendererChoice::kCuda) return base::ok_status();
  const auto found = render::find_cuda(0);
  if (found.ok()) return base::ok_status();
  const auto origin = loaded.origins.find(kKey);
  return usage((origin == loaded.origins.end() ? std::string("built-in default") : origin->second) + ": " +
               kKey + " = cuda: " + found.error().message);
}

base::Result<PreparedExperiment> prepare_experiment(const ExperimentOptions& options) {
  PreparedExperiment prepared;
  INKNAV_ASSIGN_OR_RETURN(prepared.loaded, load_config(options));
  prepared.model_dir = model_dir_of(options);
  const config::ExperimentConfig& config = prepared.loaded.config;

  INKNAV_RETURN_IF_ERROR(check_renderer(prepared.loaded));
  run::DeviceRequest request;
  request.gpu_ids_flag = options.gpu_ids;
  request.num_gpus_flag = options.num_gpus;
  request.gpu_ids_config = config.gpu_ids;
  request.num_gpus_config = config.num_gpus;
  INKNAV_ASSIGN_OR_RETURN(prepared.devices, choose_usable_devices(request, run::visible_gpus()));

  // Started by torchrun or SLURM, the number of ranks is theirs.
  INKNAV_ASSIGN_OR_RETURN(const std::optional<run::RankInfo> outside, run::rank_from_environment());
  const int gpus = static_cast<int>(prepared.devices.gpu_ids.size());
  const std::optional<int> num_ranks = outside                        ? outside->world_size
                                       : gpus > 0 && options.evaluate ? 1
                                       : gpus > 0                     ? std::optional<int>(gpus)
                                                                      : config.num_ranks;
  const int num_mini_batch = options.evaluate ? 1 : config.rl.ppo.num_mini_batch;
  INKNAV_ASSIGN_OR_RETURN(prepared.plan, run::plan_cpu(num_ranks, config.num_threads, config.num_processes,
                                                       base::available_cores(), num_mini_batch));
  if (!options.evaluate && config.num_processes) {
    INKNAV_RETURN_IF_ERROR(config::check_mini_batches(prepared.loaded, prepared.plan.envs_per_rank));
  }
  return prepared;
}

base::Result<run::DeviceChoice> choose_usable_devices(const run::DeviceRequest& request,
                                                      const run::GpuList& present,
                                                      const PrepareGpu& prepare) {
  INKNAV_ASSIGN_OR_RETURN(run::DeviceChoice choice, run::choose_devices(request, present));
  base::Status usable = base::ok_status();
  for (const int gpu : choice.gpu_ids) {
    if (usable.ok()) usable = prepare(gpu);
  }
  if (usable.ok()) return choice;
  const char* asked = request.gpu_ids_flag      ? "--gpu-ids"
                      : request.num_gpus_flag   ? "--num-gpus"
                      : request.gpu_ids_config  ? "GPU_IDS"
                      : request.num_gpus_config ? "NUM_GPUS"
                                                : nullptr;
  if (asked != nullptr) return usage(std::string(asked) + " asks for GPUs: " + usable.error().message);
  choice.gpu_ids.clear();
  choice.sentence = "training on the CPU: GPUs are visible, but " + usable.error().message;
  return choice;
}

std::vector<std::string> train_arguments(const ExperimentOptions& options) {
  std::vector<std::string> words = {program_arguments().empty() ? "inknav" : program_arguments().front(),
                                    "train"};
  const auto add = [&words](const std::string& flag, const std::string& value) {
    words.push_back(flag + "=" + value);
  };
  if (options.evaluate) add("--run-type", "eval");
  if (!options.exp_config.empty()) add("--exp-config", options.exp_config);
  if (options.model_dir) add("--model-dir", *options.model_dir);
  if (options.num_gpus) add("--num-gpus", std::to_string(*options.num_gpus));
  if (options.gpu_ids) add("--gpu-ids", *options.gpu_ids);
  if (options.resume_from) add("--resume-from", *options.resume_from);
  if (options.eval_interval) add("--eval-interval", std::to_string(*options.eval_interval));
  add("--prev-ckpt-ind", std::to_string(options.prev_ckpt_ind));
  if (options.eval_best) words.push_back("--eval-best");
  if (options.overwrite) words.push_back("--overwrite");
  if (options.print_config) words.push_back("--print-config");
  words.insert(words.end(), options.overrides.begin(), options.overrides.end());
  return words;
}

learn::TrainingRequest training_request(const ExperimentOptions& options, PreparedExperiment prepared) {
  learn::TrainingRequest request;
  request.loaded = std::move(prepared.loaded);
  request.model_dir = std::move(prepared.model_dir);
  request.existing = options.overwrite ? run::ExistingRun::kOverwrite : run::ExistingRun::kRefuse;
  if (options.resume_from) request.resume_from = *options.resume_from;
  request.devices = std::move(prepared.devices);
  request.plan = prepared.plan;
  request.arguments = train_arguments(options);
  return request;
}

std::vector<std::string> data_overrides(const std::filesystem::path& episodes,
                                        const std::filesystem::path& scenes,
                                        const std::filesystem::path& cache) {
  return {"CACHE_DIR",
          cache.string(),
          "TASK_CONFIG.DATASET.DATA_PATH",
          (episodes / "{split}/{split}.json.gz").string(),
          "TASK_CONFIG.DATASET.SKETCH_DIR",
          (episodes / "{split}/sketches").string(),
          "TASK_CONFIG.DATASET.SCENES_DIR",
          scenes.string()};
}

std::string shipped_file(const std::string& name) {
  std::error_code problem;
  if (std::filesystem::exists(name, problem)) return name;
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", problem).parent_path();
  constexpr int kLevels = 5;  // <clone>/build/release/src/app/inknav_app_test
  for (int level = 0; level < kLevels && !problem; ++level) {
    if (std::filesystem::exists(folder / name, problem)) return (folder / name).string();
    folder = folder.parent_path();
  }
  return name;
}

}  // namespace inknav::app
