// SPDX-License-Identifier: MIT
#pragma once
// Updater: epochs and minibatches of one PPO or imitation update over a filled rollout.
//
// Gradients of a minibatch are scaled by 1 / ranks and summed over the ranks in one bucket together with the
// losses, so every rank takes the same decision. A minibatch whose loss or gradient is not finite is skipped
// by all ranks. The order of minibatches is philox(seed, rank, update, epoch). On the CPU the decision to
// skip is taken at each minibatch; on a staged placement it stays on the device, as a factor of the step,
// and is read with the losses at the end of the update, so that nothing waits for the device in between.

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <functional>

#include "base/result.h"
#include "learn/cuda/replay.h"
#include "learn/diffusion/denoising_loss.h"
#include "learn/networks/flat_parameters.h"
#include "learn/ppo/loss.h"
#include "learn/ppo/rollout.h"
#include "learn/ranks.h"
#include "learn/settings.h"

namespace inknav::learn {

struct UpdateSchedule {
  std::int64_t update = 0;
  std::uint64_t order_key = 0;  // changes after a rollback
  double lr = 7e-4;
  double goal_lr = 7e-4;
  LossWeights weights;
};

struct UpdateOutcome {
  std::array<double, kNumLossTerms> terms{};  // means over the minibatches that were not skipped
  double grad_norm = 0.0;
  int minibatches = 0;
  int skipped = 0;
};

/// What one minibatch is learnt from.
struct Lesson {
  Minibatch batch;
  DenoisingDraw draw;  // of a diffusion policy
  LossWeights weights;
  double share = 1.0;  // of this rank in the gradient of all
};

class Updater {
 public:
  /// `denoising` may be null (not a diffusion policy); `on_step` is called after every optimiser step, with
  /// the scalar on the device that is 1 where the step was skipped (undefined: it was not).
  Updater(const PpoSettings& settings, std::uint64_t seed, PolicyNetwork& network, FlatParameters& parameters,
          const DenoisingLoss* denoising, Ranks* ranks, const Placement& placement);
  std::function<void(const torch::Tensor& skipped)> on_step;

  /// Fills returns and advantages, then learns.
  base::Result<UpdateOutcome> run(const UpdateSchedule& schedule, Rollout& rollout);

 private:
  base::Status prepare(Rollout& rollout);
  base::Status normalize(Rollout& rollout);
  base::Status minibatch(const UpdateSchedule& schedule, Minibatch batch, std::uint32_t number,
                         UpdateOutcome& outcome);
  /// Gradients and losses of one minibatch, in the bucket. Only device work of fixed shapes.
  void differentiate(const Lesson& lesson);
  /// Copies a lesson to where the recorded work looks for it; records anew when it does not fit.
  void fix(Lesson lesson);
  base::Status sum_bucket();
  void step_on_host(const AdamSettings& adam, UpdateOutcome& outcome);
  void step_on_device(const AdamSettings& adam);
  void read_sums(UpdateOutcome& outcome) const;

  PpoSettings settings_;
  std::uint64_t seed_;
  PolicyNetwork& network_;
  FlatParameters& parameters_;
  const DenoisingLoss* denoising_;
  Ranks* ranks_;
  torch::Tensor sums_;     // [kNumLossTerms + 2] f64: losses, norm, number of the steps taken on the device
  torch::Tensor skipped_;  // of the last of them
  Placement placement_;
  Replay gradients_, step_;
  Lesson fixed_;  // what gradients_ works on
};

/// The loss weights of one update.
LossWeights loss_weights(const PpoSettings& ppo, const ImitationSettings& imitation, bool predict_goal,
                         std::int64_t update, std::int64_t num_updates);

}  // namespace inknav::learn
