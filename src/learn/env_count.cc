// SPDX-License-Identifier: MIT
#include "learn/env_count.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/control_group.h"
#include "base/log.h"
#include "learn/low_memory.h"
#include "learn/memory_plan.h"
#include "learn/placement.h"
#include "learn/settings_from_config.h"
#include "learn/trainer.h"
#include "task/planned_spec.h"

namespace inknav::learn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kCloseToBest = 0.95;    // of the most frames a second
constexpr double kWorthTrying = 1.05;    // times as fast as before: then twice as many are tried, too
constexpr std::size_t kLeastTrials = 3;  // however long they take
constexpr double kMemoryShare = 0.5;     // the rest is for what grows later: scenes, caches, the evaluation
constexpr double kDeviceShare = 0.9;     // of a device's, whose plan holds scenes and libraries

/// What a trial is like where it runs.
struct TrialShape {
  int smallest = 0, largest = 0;  // environments
  int steps = 0;                  // of a rollout, at most
  int warm_ups = 0;               // updates before the one that is timed
  double seconds = 0.0;           // for all sizes together
};
constexpr TrialShape kOnCpu{16, 512, 4, 1, 5.0};
// Caches and drawings in the first update, graphs in the first two; batches as large as those of a training.
constexpr TrialShape kOnDevice{64, 4096, 16, 2, 20.0};
constexpr int kEnvsPerThread = 128;  // of the host, which steps them

const TrialShape& shape_of(const ComputeSettings& compute) {
  return compute.gpu < 0 && !compute.staged ? kOnCpu : kOnDevice;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t free_bytes() {
  std::ifstream file("/proc/meminfo");
  std::string line;
  std::uint64_t kibibytes = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    if (words >> name >> kibibytes && name == "MemAvailable:") return kibibytes << 10;
  }
  return std::uint64_t{1} << 30;
}

std::string gibibytes(std::uint64_t bytes) {
  return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0));
}

bool fits(const EnvCountMemory& memory, const EnvCountLimits& limits) {
  return memory.host_bytes <= limits.memory.host_bytes &&
         (limits.memory.device_bytes == 0 || memory.device_bytes <= limits.memory.device_bytes);
}

/// "1.00 GiB of 4.00 GiB of memory, 3.00 GiB of 70.00 GiB on the device"
std::string memory_text(const EnvCountMemory& memory, const EnvCountLimits& limits) {
  std::string text = gibibytes(memory.host_bytes) + " of ";
  text += gibibytes(limits.memory.host_bytes) + " of memory";
  if (limits.memory.device_bytes == 0) return text;
  text += ", " + gibibytes(memory.device_bytes) + " of ";
  return text + gibibytes(limits.memory.device_bytes) + " on the device";
}

class Trials {
 public:
  Trials(const config::ExperimentConfig& config, const task::Dataset& dataset, const EnvCountPlace& place,
         base::ThreadPool& pool)
      : config_(config),
        dataset_(dataset),
        place_(place),
        shape_(shape_of(place.compute)),
        pool_(pool),
        before_(resident_bytes()) {}

  base::Result<std::vector<EnvCountTrial>> run(const EnvCountLimits& limits) {
    std::vector<EnvCountTrial> trials;
    const int batches = config_.rl.ppo.num_mini_batch;
    std::optional<int> num_envs = (shape_.smallest + batches - 1) / batches * batches;
    const auto planned = [&](int next) { return memory_of(next, trials); };
    while (num_envs) {
      const base::Result<EnvCountTrial> trial = measure(*num_envs, trials);
      release_cached_memory();
      if (!trial.ok()) {
        if (trials.empty() || trial.error().code != base::ErrorCode::kDeviceMemory) return trial.error();
        base::log_warning("NUM_PROCESSES auto: memory ran out with {} environments a rank", *num_envs);
        return trials;
      }
      trials.push_back(*trial);
      num_envs = next_env_count(trials, limits, planned);
    }
    return trials;
  }

 private:
  bool is_planned() const { return place_.compute.gpu >= 0 || place_.compute.staged; }
  task::NavigationEnvSettings env_of(int num_envs) const {
    return task::env_settings(config_, trial_share(place_, num_envs));
  }

  /// Planned on a device; on the CPU that of the last trial, in proportion.
  EnvCountMemory memory_of(int num_envs, const std::vector<EnvCountTrial>& trials) {
    if (!is_planned()) {
      const EnvCountTrial& last = trials.back();
      return {last.memory.host_bytes * static_cast<std::uint64_t>(num_envs) /
                  static_cast<std::uint64_t>(last.num_envs),
              0};
    }
    const task::NavigationEnvSettings env = env_of(num_envs);
    if (!question_) {
      question_.emplace();
      question_->trainer = trainer_settings(config_, task::planned_spec(env), env, place_.world_size);
      question_->network = count_network(question_->trainer);
      question_->worlds = task::planned_worlds(dataset_);
      question_->num_episodes = dataset_.episodes.size();
      question_->num_ranks = place_.world_size;
      question_->on_device = true;
    }
    question_->env = env;
    const MemoryPlan plan = plan_memory(*question_);
    return {plan.host_bytes(), plan.device_bytes()};
  }

  base::Result<EnvCountTrial> measure(int num_envs, const std::vector<EnvCountTrial>& trials) {
    try {
      return train(num_envs, trials);
    } catch (const std::exception& fault) {
      if (!is_out_of_memory(fault)) throw;
      return base::Error{base::ErrorCode::kDeviceMemory,
                         fmt::format("NUM_PROCESSES auto: memory for {} environments was wanted, it ran out: "
                                     "{}; set NUM_PROCESSES, or smaller images",
                                     num_envs, std::string(fault.what()).substr(0, 200))};
    }
  }

  base::Result<EnvCountTrial> train(int num_envs, const std::vector<EnvCountTrial>& trials) {
    const Clock::time_point begin = Clock::now();
    const task::NavigationEnvSettings env_settings = env_of(num_envs);
    INKNAV_ASSIGN_OR_RETURN(const auto env, task::NavigationEnv::create(env_settings, dataset_, pool_));
    TrainerSettings settings = trainer_settings(config_, env->spec(), env_settings, place_.world_size);
    const Precision precision = settings.compute.precision;
    settings.compute = place_.compute;
    settings.compute.precision = precision;
    const int whole = settings.ppo.num_steps;
    settings.ppo.num_steps = std::min(whole, shape_.steps);
    const auto trainer = Trainer::create(settings, *env, nullptr, pool_);
    for (int i = 0; i < shape_.warm_ups; ++i) INKNAV_RETURN_IF_ERROR(trainer->update());
    INKNAV_ASSIGN_OR_RETURN(const UpdateReport update, trainer->update());
    EnvCountTrial trial;
    trial.num_envs = num_envs;
    trial.frames_per_second = num_envs * settings.ppo.num_steps / std::max(update.seconds.total, 1e-6);
    if (is_planned()) {
      trial.memory = memory_of(num_envs, trials);
    } else {
      // What is there already, such as scenes, is not the environments'; a longer rollout costs in
      // proportion.
      const std::uint64_t grown = resident_bytes() - std::min(resident_bytes(), before_);
      trial.memory.host_bytes =
          grown * static_cast<std::uint64_t>(whole) / static_cast<std::uint64_t>(settings.ppo.num_steps);
    }
    trial.seconds = seconds_since(begin);
    return trial;
  }

  const config::ExperimentConfig& config_;
  const task::Dataset& dataset_;
  const EnvCountPlace place_;
  const TrialShape shape_;
  base::ThreadPool& pool_;
  const std::uint64_t before_;
  std::optional<MemoryQuestion> question_;
};

}  // namespace

EnvCountChoice choose_env_count(std::span<const EnvCountTrial> trials, const EnvCountLimits& limits) {
  INKNAV_CHECK(!trials.empty());
  if (!fits(trials.front().memory, limits)) {
    return {trials.front().num_envs,
            fmt::format("{} environments a rank: they take {}; more memory or smaller images are wanted",
                        trials.front().num_envs, memory_text(trials.front().memory, limits))};
  }
  const EnvCountTrial* best = &trials.front();
  const EnvCountTrial* too_large = nullptr;
  for (const EnvCountTrial& trial : trials) {
    if (!fits(trial.memory, limits)) {
      too_large = &trial;
      break;
    }
    if (trial.frames_per_second > best->frames_per_second) best = &trial;
  }
  const auto close = [best](const EnvCountTrial& trial) {
    return trial.frames_per_second >= kCloseToBest * best->frames_per_second;
  };
  const EnvCountTrial& chosen = *std::find_if(trials.begin(), trials.end(), close);
  std::string reason =
      fmt::format("{} environments a rank: {:.0f} frames/s", chosen.num_envs, chosen.frames_per_second);
  if (&chosen != best)
    reason += fmt::format(", with {} of them {:.0f}", best->num_envs, best->frames_per_second);
  reason += ", " + memory_text(chosen.memory, limits);
  if (too_large != nullptr) {
    reason += fmt::format("; {} would take {}", too_large->num_envs, gibibytes(too_large->memory.host_bytes));
    if (limits.memory.device_bytes > 0)
      reason += fmt::format(" and {} on the device", gibibytes(too_large->memory.device_bytes));
  }
  reason += fmt::format("; tried {} to {}", trials.front().num_envs, trials.back().num_envs);
  return {chosen.num_envs, reason};
}

std::optional<int> next_env_count(std::span<const EnvCountTrial> trials, const EnvCountLimits& limits,
                                  const std::function<EnvCountMemory(int num_envs)>& planned) {
  INKNAV_CHECK(!trials.empty());
  const EnvCountTrial& last = trials.back();
  double best_before = 0.0, spent = 0.0;
  for (const EnvCountTrial& trial : trials) {
    if (&trial != &last) best_before = std::max(best_before, trial.frames_per_second);
    spent += trial.seconds;
  }
  const int next = 2 * last.num_envs;
  // The next one takes up to twice as long.
  const bool is_late = trials.size() >= kLeastTrials && spent + 2.0 * last.seconds > limits.seconds;
  const bool is_slower = trials.size() >= kLeastTrials && last.frames_per_second < kWorthTrying * best_before;
  if (is_late || is_slower || next > limits.most_envs || !fits(planned(next), limits)) return std::nullopt;
  return next;
}

std::uint64_t memory_of_rank(int ranks) {
  const std::uint64_t limit = base::control_group_limits().memory_bytes.value_or(UINT64_MAX);
  const auto usable = static_cast<double>(std::min(limit, free_bytes()));
  return static_cast<std::uint64_t>(kMemoryShare * usable / std::max(ranks, 1));
}

task::EnvShare trial_share(const EnvCountPlace& place, int num_envs) {
  return {.first = 0, .count = num_envs, .total = num_envs, .gpu = place.compute.gpu};
}

EnvCountLimits env_count_limits(const EnvCountPlace& place, int num_threads) {
  const TrialShape& shape = shape_of(place.compute);
  EnvCountLimits limits;
  limits.memory.host_bytes = memory_of_rank(place.world_size);
  limits.memory.device_bytes =
      static_cast<std::uint64_t>(kDeviceShare * static_cast<double>(place.device_bytes));
  limits.most_envs = shape.largest;
  if (&shape == &kOnDevice) {
    limits.most_envs = std::clamp(kEnvsPerThread * num_threads, 2 * shape.smallest, shape.largest);
  }
  limits.seconds = shape.seconds;
  return limits;
}

base::Result<EnvCountChoice> measure_env_count(const config::ExperimentConfig& config,
                                               const task::Dataset& dataset, const EnvCountPlace& place,
                                               base::ThreadPool& pool) {
  const EnvCountLimits limits = env_count_limits(place, pool.num_threads());
  INKNAV_ASSIGN_OR_RETURN(const std::vector<EnvCountTrial> trials,
                          Trials(config, dataset, place, pool).run(limits));
  return choose_env_count(trials, limits);
}

}  // namespace inknav::learn
