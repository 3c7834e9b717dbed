// SPDX-License-Identifier: MIT
#include "learn/training_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "base/fault.h"
#include "base/log.h"
#include "base/thread_pool.h"
#include "config/load.h"
#include "learn/cuda/torch_cuda.h"
#include "learn/env_count.h"
#include "learn/low_memory.h"
#include "learn/main_rank.h"
#include "learn/memory_plan.h"
#include "learn/quick_evaluation.h"
#include "learn/ranks.h"
#include "learn/settings_from_config.h"
#include "learn/trainer.h"
#include "learn/weights_exchange.h"
#include "run/gpu_status.h"
#include "run/injected_fault.h"
#include "run/launch.h"
#include "run/network.h"
#include "run/signals.h"
#include "run/train_log.h"
#include "task/env_from_config.h"
#include "task/planned_spec.h"

namespace inknav::learn {
namespace {

using Clock = std::chrono::steady_clock;

/// One line on where the run runs.
void announce(const TrainingRequest& request, const run::CpuPlan& plan) {
  const std::string environments = request.loaded.config.num_processes
                                       ? fmt::format("{} environments", plan.envs_per_rank)
                                       : "environments by a short trial (NUM_PROCESSES auto)";
  base::log_info("{}; {} rank(s), {} and {} thread(s) each", request.devices.sentence, plan.num_ranks,
                 environments, plan.threads_per_rank);
}

/// Of a GPU's memory; nullopt: not known.
std::optional<std::uint64_t> free_bytes_of(int gpu) {
  for (const run::GpuMemory& memory : run::gpu_status().memory) {
    if (memory.id == gpu) return memory.free_bytes;
  }
  return std::nullopt;
}

/// How long a rank may take for one step, by section of the run; the watch ends the run when it takes longer.
class StepLimits {
 public:
  static constexpr double kLoading = 1800.0, kSaving = 300.0;
  static constexpr double kUnlimited = std::numeric_limits<double>::infinity();

  void note_update(double seconds) {
    seconds_.push_back(seconds);
    if (seconds_.size() > kWindow) seconds_.pop_front();
  }
  /// Five times the median of the last updates: far above a step, so that a slow one is no hang.
  double training(double least_s) const {
    if (seconds_.empty()) return kLoading;
    std::vector<double> sorted(seconds_.begin(), seconds_.end());
    std::sort(sorted.begin(), sorted.end());
    return std::max(least_s, 5.0 * sorted[sorted.size() / 2]);
  }

 private:
  static constexpr std::size_t kWindow = 31;
  std::deque<double> seconds_;
};

class RankRun {
 public:
  RankRun(const TrainingRequest& request, const run::RankInfo& rank, int threads)
      : request_(request), config_(request.loaded.config), rank_(rank), pool_(threads) {}

  base::Result<int> run() {
    base::Result<int> code = train();
    // A lost rank is known to all; any other error ends the others, who wait for this rank otherwise.
    if (!code.ok() && ranks_ && code.error().code != base::ErrorCode::kPeer)
      ranks_->peers().fail(code.error().message);
    return code;
  }

 private:
  base::Result<int> train() {
    INKNAV_RETURN_IF_ERROR(prepare());
    if (main_ && trainer_->updates_done() >= config_.num_updates) {
      base::log_info(
          "the checkpoint is of update {} and NUM_UPDATES is {}: nothing is left to learn; raise it to go on",
          trainer_->updates_done(), config_.num_updates);
    }
    Clock::time_point begin = Clock::now();
    while (!trainer_->finished()) {
      if (trainer_->updates_done() >= config_.num_updates) break;
      enter("training", limits_.training(config_.peer_seconds));
      const base::Result<UpdateReport> updated = trainer_->update();
      if (!updated.ok()) return give_up(updated.error());
      const UpdateReport& update = *updated;
      const double seconds = seconds_since(begin);
      begin = Clock::now();
      limits_.note_update(seconds);
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

  /// On the watching thread. When rank 0 is gone the next one writes to its log.
  [[noreturn]] void end(const run::PeerLoss& loss) const {
    const std::filesystem::path log_file = run::run_paths(config_, request_.model_dir).log_file;
    std::optional<run::TrainLog> log;
    std::error_code ignored;
    if (loss.rank == 0 && rank_.rank == 1 && std::filesystem::exists(log_file, ignored)) {
      if (auto opened = run::TrainLog::open(log_file, config_.debug); opened.ok())
        log.emplace(std::move(opened).value());
    }
    base::log_error("{}", loss.sentence);
    std::_Exit(static_cast<int>(base::ErrorCode::kPeer));
  }

  void enter(const char* section, double limit_s) {
    if (ranks_) ranks_->peers().enter(section, limit_s);
  }

  base::Status prepare() {
    if (rank_.world_size > 1) {
      run::injected_fault_point("start", 0, rank_.rank);
      INKNAV_ASSIGN_OR_RETURN(
          ranks_, Ranks::connect(rank_, {.interface = config_.network_interface,
                                         .meeting_s = config_.meeting_seconds,
                                         .silence_s = config_.peer_seconds,
                                         .on_loss = [this](const run::PeerLoss& loss) { end(loss); }}));
      enter("loading", StepLimits::kLoading);
    }
    const std::optional<int> gpu = gpu_of_rank();
    if (gpu) INKNAV_RETURN_IF_ERROR(prepare_gpu(*gpu));
    if (gpu && ranks_) INKNAV_RETURN_IF_ERROR(ranks_->meet_on_device(*gpu));
    INKNAV_RETURN_IF_ERROR(config::check_trainable(config_));
    const std::string split = config_.task_config.dataset.split;
    INKNAV_ASSIGN_OR_RETURN(task::Dataset dataset, task::load_dataset(config_, split));
    if (!config_.num_processes) INKNAV_RETURN_IF_ERROR(count_environments(dataset));
    const int total_envs = *config_.num_processes;
    task::EnvShare share = task::share_of_rank(total_envs, rank_.rank, rank_.world_size);
    if (gpu) share.gpu = *gpu;
    INKNAV_RETURN_IF_ERROR(config::check_mini_batches(request_.loaded, share.count));
    const task::NavigationEnvSettings env_settings = task::env_settings(config_, share);
    INKNAV_RETURN_IF_ERROR(check_memory_of(env_settings, task::planned_spec(env_settings),
                                           task::planned_worlds(dataset), dataset.episodes.size()));
    if (config_.use_diffusion_policy && !config_.diffusion_data_dir.empty()) {
      INKNAV_ASSIGN_OR_RETURN(demos_, task::load_demonstrations(config_, env_settings, dataset, pool_));
    }
    INKNAV_ASSIGN_OR_RETURN(env_, task::NavigationEnv::create(env_settings, std::move(dataset), pool_));
    settings_ = trainer_settings(config_, env_->spec(), env_settings, rank_.world_size);
    INKNAV_RETURN_IF_ERROR(
        check_memory_of(env_settings, env_->spec(), env_->world_memory(), env_->episodes().size()));
    if (gpu) {
      settings_.compute.gpu = *gpu;
      settings_.compute.graphs = true;
    }
    trainer_ = Trainer::create(settings_, *env_, ranks_.get(), pool_, demos_.get());
    if (request_.resume_from) INKNAV_RETURN_IF_ERROR(resume(*request_.resume_from));
    if (!rank_.is_main()) return base::ok_status();
    INKNAV_ASSIGN_OR_RETURN(main_, MainRank::open(request_, config_, *trainer_));
    for (const std::string& line : memory_table(plan_memory(*memory_question_), memory_there_))
      base::log_info("{}", line);
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

  /// NUM_PROCESSES auto: what the run that is resumed has, else by a trial of rank 0.
  base::Status count_environments(const task::Dataset& dataset) {
    std::int64_t total = 0;
    if (goes_on(request_)) {
      INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(*request_.resume_from));
      const auto stored = file.meta(kNumProcesses);
      if (!stored.ok() || std::atoll(stored->c_str()) < 1) {
        return base::Error{base::ErrorCode::kUsage,
                           request_.resume_from->string() +
                               ": NUM_PROCESSES = auto takes the number of environments from the checkpoint, "
                               "which does not say it; give the number of the run, NUM_PROCESSES <n>"};
      }
      total = std::atoll(stored->c_str());
    } else if (rank_.is_main()) {
      EnvCountPlace place{.world_size = rank_.world_size};
      if (const std::optional<int> gpu = gpu_of_rank()) {
        place.compute.gpu = *gpu;
        place.compute.graphs = true;
        place.device_bytes = free_bytes_of(*gpu).value_or(0);
      }
      INKNAV_ASSIGN_OR_RETURN(const EnvCountChoice choice, measure_env_count(config_, dataset, place, pool_));
      base::log_info("NUM_PROCESSES auto: {}", choice.reason);
      total = std::int64_t{choice.num_envs} * rank_.world_size;
    }
    if (ranks_) {
      INKNAV_ASSIGN_OR_RETURN(total, ranks_->max(total));
    }
    config_.num_processes = static_cast<int>(total);
    return base::ok_status();
  }

  /// Of this machine's; ranks of other machines have memory of their own.
  base::Result<int> ranks_here() {
    if (!ranks_) return 1;
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    const std::string_view mine(name.data());
    INKNAV_ASSIGN_OR_RETURN(
        const auto names, ranks_->gather({reinterpret_cast<const std::uint8_t*>(mine.data()), mine.size()}));
    return static_cast<int>(std::count_if(names.begin(), names.end(), [&](const auto& other) {
      return std::equal(other.begin(), other.end(), mine.begin(), mine.end());
    }));
  }

  /// Whether this machine has the memory that the run will take; all ranks get the same answer. Before
  /// anything long is loaded scenes are estimated, afterwards counted (`worlds`).
  base::Status check_memory_of(const task::NavigationEnvSettings& env, const task::EnvSpec& spec,
                               const task::WorldMemory& worlds, std::size_t num_episodes) {
    if (!memory_question_) {
      memory_question_.emplace();
      memory_question_->trainer = trainer_settings(config_, spec, env, rank_.world_size);
      memory_question_->network = count_network(memory_question_->trainer);
      memory_question_->env = env;
      INKNAV_ASSIGN_OR_RETURN(memory_question_->num_ranks, ranks_here());
      const bool recorded = config_.use_diffusion_policy && !config_.diffusion_data_dir.empty();
      memory_question_->recorded_envs = recorded ? static_cast<std::uint64_t>(env.num_envs) : 0;
      memory_there_ = memory_there();
      if (const std::optional<int> gpu = gpu_of_rank()) {
        memory_question_->on_device = true;
        memory_there_.device_bytes = free_bytes_of(*gpu);
      }
    }
    memory_question_->worlds = worlds;
    memory_question_->num_episodes = num_episodes;
    const base::Status fits = check_memory(*memory_question_, memory_there_);
    std::int64_t refused = fits.ok() ? 0 : 1;
    if (ranks_) {
      INKNAV_ASSIGN_OR_RETURN(refused, ranks_->max(refused));
    }
    if (refused == 0) return base::ok_status();
    if (rank_.is_main()) {
      for (const std::string& line : memory_table(plan_memory(*memory_question_), memory_there_))
        base::log_error("{}", line);
    }
    if (!fits.ok()) return fits.error();
    return base::Error{base::ErrorCode::kDeviceMemory,
                       "memory: another rank has too little; its own line says how much"};
  }

  /// The ranks of a machine share its chosen GPUs out in order.
  std::optional<int> gpu_of_rank() const {
    const std::vector<int>& ids = request_.devices.gpu_ids;
    if (ids.empty()) return std::nullopt;
    return ids[static_cast<std::size_t>(rank_.local_rank) % ids.size()];
  }

  base::Status resume(const std::filesystem::path& path) {
    if (!goes_on(request_)) {
      INKNAV_ASSIGN_OR_RETURN(const std::vector<NamedBytes> weights,
                              weights_to_start_from(path, *trainer_->network()));
      return trainer_->load_weights(weights);
    }
    INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(path));
    if (rank_.is_main()) tell_changes(file);
    INKNAV_ASSIGN_OR_RETURN(std::vector<NamedBytes> state, as_state(file));
    if (demos_) forget_other_walks(state);
    return trainer_->restore_state(state);
  }

  /// A run that goes on takes today's configuration; what differs from the checkpoint's is said.
  void tell_changes(const run::SafetensorsFile& file) const {
    const auto text = file.meta("config");
    if (!text.ok()) return;
    const auto before = config::load_experiment_text(*text, file.path().string() + ": its configuration");
    if (!before.ok()) {
      base::log_warning("{}; what has changed since the checkpoint cannot be said", before.error().message);
      return;
    }
    for (const std::string& change : config::changed_settings(before->config, config_))
      base::log_warning("the run goes on with {} in the checkpoint", change);
  }

  /// A training may go on with more or other demonstrations (a round of DAgger): these begin anew.
  void forget_other_walks(std::vector<NamedBytes>& state) const {
    const std::string mine = fmt::format("rank{}/{}env", rank_.rank, kRecordedPrefix);
    const auto walks =
        std::find_if(state.begin(), state.end(), [&](const NamedBytes& entry) { return entry.name == mine; });
    if (walks == state.end() || demos_->is_of_these_walks(walks->bytes)) return;
    const std::string prefix = std::string("/") + kRecordedPrefix;
    std::erase_if(state,
                  [&](const NamedBytes& entry) { return entry.name.find(prefix) != std::string::npos; });
    base::log_info("DIFFUSION_DATA_DIR names others than the checkpoint's run learned from; they begin anew");
  }

  /// What was learnt is kept when memory runs out, which all ranks are told together.
  base::Error give_up(base::Error error) {
    if (error.code != base::ErrorCode::kDeviceMemory) return error;
    const std::int64_t update = trainer_->updates_done();
    if (update == 0) {
      error.message += "; nothing was learnt yet";
    } else if (update == saved_update_) {
      error.message += fmt::format("; go on with --resume-from the checkpoint of update {}", update);
    } else if (const base::Status saved = save(LastSave::kStopped); saved.ok()) {
      error.message += fmt::format("; saved as update {}, go on with --resume-from", update);
    } else {
      error.message += "; and it could not be saved: " + saved.error().message;
    }
    return error;
  }

  base::Status save(LastSave last) {
    enter("saving", StepLimits::kSaving);
    INKNAV_ASSIGN_OR_RETURN(const std::vector<NamedBytes> state, trainer_->save_state());
    saved_update_ = trainer_->updates_done();
    run::injected_fault_point("save", trainer_->updates_done(), rank_.rank);
    if (!main_) {
      run::injected_fault_point("evaluation", trainer_->updates_done(), rank_.rank);
      return base::ok_status();
    }
    INKNAV_RETURN_IF_ERROR(main_->save(trainer_->updates_done(), trainer_->frames_done(), *trainer_,
                                       settings_.policy, state, last));
    if (last == LastSave::kStopped || !evaluation_) return base::ok_status();
    enter("evaluation", StepLimits::kUnlimited);
    run::injected_fault_point("evaluation", trainer_->updates_done(), rank_.rank);
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
      base::log_info("stopped by a signal after update {}; saved; go on with --resume-from {}",
                     trainer_->updates_done(), main_->checkpoint(trainer_->updates_done()).string());
    }
    return run::exit_code_of(stop);
  }

  const TrainingRequest& request_;
  config::ExperimentConfig config_;
  run::RankInfo rank_;
  base::ThreadPool pool_;
  std::unique_ptr<Ranks> ranks_;
  std::unique_ptr<task::NavigationEnv> env_;
  std::unique_ptr<task::ReplayEnv> demos_;  // of DIFFUSION_DATA_DIR
  TrainerSettings settings_;
  StepLimits limits_;
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<MainRank> main_;
  std::unique_ptr<QuickEvaluation> evaluation_;  // of rank 0
  std::optional<MemoryQuestion> memory_question_;
  MemoryThere memory_there_;        // before anything was loaded
  std::int64_t saved_update_ = -1;  // the last that was saved
};

/// Memory may also run out where no rank can tell the others; then this one says so and ends.
base::Result<int> run_rank(RankRun& rank_run) {
  try {
    return rank_run.run();
  } catch (const base::Fault& fault) {
    return fault.error();
  } catch (const std::exception& fault) {
    if (!is_out_of_memory(fault)) throw;
  }
  return base::Error{base::ErrorCode::kDeviceMemory,
                     "memory ran out; lower NUM_PROCESSES, NUM_RANKS, RL.PPO.num_steps or the camera's size; "
                     "the checkpoints that were written are whole, go on with --resume-from"};
}

}  // namespace

base::Result<int> run_training(const TrainingRequest& request) {
  const config::ExperimentConfig& config = request.loaded.config;
  INKNAV_RETURN_IF_ERROR(run::check_injected_fault());
  if (!config.network_interface.empty()) {
    INKNAV_RETURN_IF_ERROR(run::find_interface(config.network_interface));
  }
  INKNAV_ASSIGN_OR_RETURN(const std::optional<run::RankInfo> outside, run::rank_from_environment());
  run::CpuPlan plan = request.plan;
  if (outside) {
    INKNAV_ASSIGN_OR_RETURN(plan, run::plan_cpu(outside->world_size, config.num_threads, config.num_processes,
                                                base::available_cores(), config.rl.ppo.num_mini_batch));
  }
  run::install_signal_handlers();
  // Of ranks that are started here, rank 0 says it.
  const bool launches = !outside && plan.num_ranks > 1;
  if (!launches && (!outside || outside->is_main())) announce(request, plan);
  if (launches) {
    run::LaunchRequest launch;
    launch.num_ranks = plan.num_ranks;
    launch.arguments = request.arguments;
    launch.log_file = run::run_paths(config, request.model_dir).log_file;
    return run::launch_ranks(launch);
  }
  RankRun rank_run(request, outside.value_or(run::RankInfo{}),
                   task::step_threads(config, plan.threads_per_rank));
  return run_rank(rank_run);
}

}  // namespace inknav::learn
