// SPDX-License-Identifier: MIT
#include "learn/env_count.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/check.h"
#include "base/control_group.h"
#include "learn/settings_from_config.h"
#include "learn/trainer.h"
#include "task/env_from_config.h"

namespace inknav::learn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTrialSeconds = 5.0;    // for all sizes together
constexpr double kCloseToBest = 0.95;    // of the most frames a second
constexpr std::size_t kLeastTrials = 3;  // however long they take: the first ones say little
constexpr int kTrialSteps = 4;           // of a rollout, at most
constexpr int kSmallest = 16, kLargest = 512;
constexpr double kMemoryShare = 0.5;  // the rest is for what grows later: scenes, caches, the evaluation

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

class Trials {
 public:
  Trials(const config::ExperimentConfig& config, const task::Dataset& dataset, int world_size,
         base::ThreadPool& pool)
      : config_(config), dataset_(dataset), world_size_(world_size), pool_(pool), before_(resident_bytes()) {}

  base::Result<std::vector<EnvCountTrial>> run(std::uint64_t memory_bytes) {
    std::vector<EnvCountTrial> trials;
    const Clock::time_point start = Clock::now();
    const int batches = config_.rl.ppo.num_mini_batch;
    int num_envs = (kSmallest + batches - 1) / batches * batches;
    while (true) {
      const Clock::time_point begin = Clock::now();
      INKNAV_ASSIGN_OR_RETURN(const EnvCountTrial trial, measure(num_envs));
      trials.push_back(trial);
      num_envs *= 2;
      // The next one takes up to twice as long and twice the memory.
      const bool is_late =
          trials.size() >= kLeastTrials && seconds_since(start) + 2.0 * seconds_since(begin) > kTrialSeconds;
      if (num_envs > kLargest || is_late || 2 * trial.bytes > memory_bytes) {
        return trials;
      }
    }
  }

 private:
  base::Result<EnvCountTrial> measure(int num_envs) {
    const task::NavigationEnvSettings env_settings = task::env_settings(config_, {0, num_envs, num_envs});
    INKNAV_ASSIGN_OR_RETURN(const auto env, task::NavigationEnv::create(env_settings, dataset_, pool_));
    TrainerSettings settings = trainer_settings(config_, env->spec(), env_settings, world_size_);
    const int whole = settings.ppo.num_steps;
    settings.ppo.num_steps = std::min(whole, kTrialSteps);
    const auto trainer = Trainer::create(settings, *env, nullptr, pool_);
    INKNAV_RETURN_IF_ERROR(trainer->update());  // warms caches and drawings up
    INKNAV_ASSIGN_OR_RETURN(const UpdateReport update, trainer->update());
    EnvCountTrial trial;
    trial.num_envs = num_envs;
    trial.frames_per_second = num_envs * settings.ppo.num_steps / std::max(update.seconds.total, 1e-6);
    // What is there already, such as scenes, is not the environments'; a longer rollout costs in proportion.
    const std::uint64_t grown = resident_bytes() - std::min(resident_bytes(), before_);
    trial.bytes =
        grown * static_cast<std::uint64_t>(whole) / static_cast<std::uint64_t>(settings.ppo.num_steps);
    return trial;
  }

  const config::ExperimentConfig& config_;
  const task::Dataset& dataset_;
  const int world_size_;
  base::ThreadPool& pool_;
  const std::uint64_t before_;
};

}  // namespace

EnvCountChoice choose_env_count(std::span<const EnvCountTrial> trials, std::uint64_t memory_bytes) {
  INKNAV_CHECK(!trials.empty());
  const auto fits = [memory_bytes](const EnvCountTrial& trial) { return trial.bytes <= memory_bytes; };
  if (!fits(trials.front())) {
    return {trials.front().num_envs,
            fmt::format("{} environments a rank: they take {}, a rank may use {}; more memory or smaller "
                        "images are wanted",
                        trials.front().num_envs, gibibytes(trials.front().bytes), gibibytes(memory_bytes))};
  }
  const EnvCountTrial* best = &trials.front();
  const EnvCountTrial* too_large = nullptr;
  for (const EnvCountTrial& trial : trials) {
    if (!fits(trial)) {
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
  reason += fmt::format(", {} of {} of memory", gibibytes(chosen.bytes), gibibytes(memory_bytes));
  if (too_large != nullptr)
    reason += fmt::format("; {} would take {}", too_large->num_envs, gibibytes(too_large->bytes));
  reason += fmt::format("; tried {} to {}", trials.front().num_envs, trials.back().num_envs);
  return {chosen.num_envs, reason};
}

std::uint64_t memory_of_rank(int ranks) {
  const std::uint64_t limit = base::control_group_limits().memory_bytes.value_or(UINT64_MAX);
  const auto usable = static_cast<double>(std::min(limit, free_bytes()));
  return static_cast<std::uint64_t>(kMemoryShare * usable / std::max(ranks, 1));
}

base::Result<EnvCountChoice> measure_env_count(const config::ExperimentConfig& config,
                                               const task::Dataset& dataset, int world_size,
                                               base::ThreadPool& pool) {
  const std::uint64_t memory = memory_of_rank(world_size);
  INKNAV_ASSIGN_OR_RETURN(const std::vector<EnvCountTrial> trials,
                          Trials(config, dataset, world_size, pool).run(memory));
  return choose_env_count(trials, memory);
}

}  // namespace inknav::learn
