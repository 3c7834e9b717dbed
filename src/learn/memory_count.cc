// SPDX-License-Identifier: MIT
#include <torch/torch.h>

#include <algorithm>

#include "base/check.h"
#include "learn/counted_memory.h"
#include "learn/memory_plan.h"
#include "learn/networks/policy_network.h"
#include "learn/ppo/updater.h"
#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

// Steps of the one environment that the two measured minibatches have; two points make a line.
constexpr std::int64_t kShort = 4, kLong = 8;

/// A network that learns from made-up minibatches, to see what that takes.
class Trial {
 public:
  explicit Trial(const TrainerSettings& settings)
      : settings_(settings),
        network_(settings.policy, settings.seed),
        parameters_(network_, kBucketExtra, "goal_head") {
    settings_.ppo.ppo_epoch = 1;
    settings_.ppo.num_mini_batch = 1;
    settings_.ppo.normalize_advantage = false;
  }

  std::uint64_t num_parameters() { return static_cast<std::uint64_t>(parameters_.values().numel()); }
  std::uint64_t state_size() const { return static_cast<std::uint64_t>(network_.state_size()); }

  /// The most that an update from `steps` steps of one environment holds beside what lies there always.
  std::uint64_t bytes_of_update(std::int64_t steps, const DenoisingLoss* denoising) {
    Rollout rollout(settings_.policy, steps, 1, Placement());
    const std::int64_t side = settings_.policy.reading.drawing_size;
    rollout.start_drawings(torch::zeros({1, 4, side, side}, torch::kUInt8));
    rollout.state = torch::zeros({1, network_.state_size()});
    Updater updater(settings_.ppo, settings_.seed, network_, parameters_, denoising, nullptr, Placement());
    UpdateSchedule schedule;
    schedule.lr = schedule.goal_lr = 0.0;
    schedule.weights = loss_weights(settings_.ppo, settings_.imitation, settings_.policy.predict_goal, 0, 1);
    const CountedMemory counted;
    INKNAV_CHECK(updater.run(schedule, rollout).ok());
    return counted.most_bytes();
  }

 private:
  TrainerSettings settings_;
  PolicyNetwork network_;
  FlatParameters parameters_;
};

}  // namespace

NetworkMemory count_network(const TrainerSettings& settings) {
  setup_torch();
  Trial trial(settings);
  NetworkMemory memory;
  memory.parameters = trial.num_parameters();
  memory.state_size = trial.state_size();
  const std::uint64_t few = trial.bytes_of_update(kShort, nullptr);
  const std::uint64_t more = trial.bytes_of_update(kLong, nullptr);
  memory.bytes_a_row = more > few ? (more - few) / (kLong - kShort) : 0;
  memory.bytes_of_step = few - std::min(few, kShort * memory.bytes_a_row);
  if (settings.policy.diffusion.enabled) {
    auto denoising = DenoisingLoss::make(settings.policy.diffusion, kShort, settings.diffusion.coef);
    INKNAV_CHECK(denoising.ok());  // the settings were validated with the configuration
    const std::uint64_t with = trial.bytes_of_update(kShort, &*denoising);
    // A step denoises this many plans, however many rows it has.
    const auto plans = static_cast<std::uint64_t>(std::max(settings.diffusion.batch_size, 1));
    if (with > few) memory.bytes_of_step += (with - few) * plans / kShort;
  }
  return memory;
}

}  // namespace inknav::learn
