// SPDX-License-Identifier: MIT
#pragma once
// Updater: epochs and minibatches of one PPO or imitation update over a filled rollout.
//
// Gradients of a minibatch are scaled by the rank's share of the frames (1 / ranks, unless rollouts were cut)
// and summed over the ranks in one bucket together with the losses, so every rank takes the same decision;
// the sums begin while the backward pass still fills the bucket (ppo/overlapped_sum.h). A minibatch whose
// loss or gradient is not finite is skipped by all ranks. The order of minibatches is philox(seed, rank,
// update, epoch). On the CPU the decision to skip is taken at each minibatch; on a staged placement it stays
// on the device, as a factor of the step, and is read with the losses at the end of the update.
//
// Memory: when it runs out on any rank while gradients are computed, the bucket says so and all ranks give
// the gradients up, release what is cached and compute them once more; when that fails too, minibatches are
// cut into twice as many parts whose gradients are added up (the same batch, other rounding, so the log says
// it), for the rest of the run; where a part is one environment already, run() returns kDeviceMemory on all
// ranks. A retry gives the bits that the first try would have given.

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/result.h"
#include "learn/cuda/replay.h"
#include "learn/diffusion/denoising_loss.h"
#include "learn/networks/flat_parameters.h"
#include "learn/ppo/loss.h"
#include "learn/ppo/overlapped_sum.h"
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
  std::int64_t frames = 0;  // of all ranks
  int minibatches = 0;
  int skipped = 0;
};

/// Numbers behind the gradients in the bucket: the losses, and last on how many ranks memory ran out.
inline constexpr std::int64_t kBucketExtra = kNumLossTerms + 1;

/// What one minibatch, or a part of it, is learnt from.
struct Lesson {
  Minibatch batch;
  DenoisingDraw draw;  // of a diffusion policy
  LossWeights weights;
  double share = 1.0;  // of it in the gradient of all ranks
};

class Updater {
 public:
  /// `denoising` may be null (not a diffusion policy); `on_step` is called after every optimiser step, and
  /// once more when memory ran out in it, with the scalar on the device that is 1 where the step was skipped
  /// (undefined: it was not).
  Updater(const PpoSettings& settings, std::uint64_t seed, PolicyNetwork& network, FlatParameters& parameters,
          const DenoisingLoss* denoising, Ranks* ranks, const Placement& placement);
  std::function<void(const torch::Tensor& skipped)> on_step;

  /// Fills returns and advantages, then learns.
  base::Result<UpdateOutcome> run(const UpdateSchedule& schedule, Rollout& rollout);
  /// Into how many parts a minibatch is cut now; 1 until memory ran out.
  std::int64_t parts() const { return parts_; }
  /// How often a minibatch did not fit what was recorded, the first one included.
  std::int64_t recordings() const { return recordings_; }
  /// Null with one rank.
  const OverlappedSum* bucket_sum() const { return sum_ ? &*sum_ : nullptr; }

 private:
  using Environments = std::span<const std::int64_t>;
  base::Status prepare(Rollout& rollout);
  base::Status share_frames(const Rollout& rollout);
  base::Status normalize(Rollout& rollout);
  base::Status minibatch(const UpdateSchedule& schedule, const Rollout& rollout, Environments environments,
                         std::uint32_t number, UpdateOutcome& outcome);
  bool fill_bucket(const UpdateSchedule& schedule, const Rollout& rollout, Environments environments,
                   std::uint32_t number);
  Lesson make_lesson(const UpdateSchedule& schedule, Minibatch batch, std::uint32_t key_number,
                     double part_of_batch) const;
  /// Adds the gradients and losses of a lesson to the bucket, which the `first` clears and the `last`
  /// completes. Only device work of fixed shapes.
  void differentiate(const Lesson& lesson, bool first, bool last);
  bool is_recorded() const { return gradients_.records() && parts_ == 1; }
  /// Copies a lesson to where the recorded work looks for it; records anew when it does not fit.
  void fix(Lesson lesson);
  base::Status make_room(std::int64_t update, std::int64_t environments, int ranks_short, bool retried);
  void step_on_host(const AdamSettings& adam, UpdateOutcome& outcome);
  void step_on_device(const AdamSettings& adam);
  void read_sums(UpdateOutcome& outcome) const;

  PpoSettings settings_;
  std::uint64_t seed_;
  PolicyNetwork& network_;
  FlatParameters& parameters_;
  const DenoisingLoss* denoising_;
  Ranks* ranks_;
  std::int64_t frames_ = 0;  // of the update, over all ranks
  double share_ = 1.0;       // of this rank in them
  std::int64_t parts_ = 1;
  torch::Tensor sums_;     // [kNumLossTerms + 2] f64: losses, norm, number of the steps taken on the device
  torch::Tensor skipped_;  // of the last of them
  Placement placement_;
  Replay gradients_, step_;
  Lesson fixed_;  // what gradients_ works on
  std::int64_t recordings_ = 0;
  std::optional<OverlappedSum> sum_;
};

/// The loss weights of one update.
LossWeights loss_weights(const PpoSettings& ppo, const ImitationSettings& imitation, bool predict_goal,
                         std::int64_t update, std::int64_t num_updates);

}  // namespace inknav::learn
