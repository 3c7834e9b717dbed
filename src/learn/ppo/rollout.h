// SPDX-License-Identifier: MIT
#pragma once
// Rollout: T steps of N environments, everything an update needs, allocated once.
//
// A rollout may be cut after fewer steps than it has room for: T is then what it was cut to.
// Index T of the observations is the one after the last step (for its value only). Labels are the privileged
// truth that supervises reading and imitation; they are zero with zero weight where the environment has none.
// minibatch() gathers whole trajectories of some environments into contiguous memory, rows in (t, n) order.
// Everything lies on the placement's device. What the host writes has a twin there (host, slot(t).host): the
// observations go up step by step (PolicyRunner::infer), the records in one go at the end (upload). When
// direct, the twins are one and the same.

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "learn/placement.h"
#include "learn/policy_runner.h"

namespace inknav::learn {

struct RolloutLabels {
  torch::Tensor expert_action;      // [T, N] i64, STOP widened to stop_label_distance
  torch::Tensor waypoint;           // [T, N, 2] unit vector (right, forward) to the expert's waypoint
  torch::Tensor waypoint_weight;    // [T, N]
  torch::Tensor remaining;          // [T, N] / kRemainingScale, clipped to 1
  torch::Tensor correction;         // [T, N, 6] / kCorrectionScale, clipped to +-kMaxCorrection
  torch::Tensor correction_weight;  // [T, N] 1 where the truth is known
  torch::Tensor log_scale;          // [T, N] truth minus prior
  torch::Tensor goal;               // [T, N, 2] / kGoalScale
  torch::Tensor plan;        // [T, N, horizon * point_size] numbers of learn/diffusion/plan.h, or undefined
  torch::Tensor goal_place;  // [T, N] i64 class of learn/diffusion/goal_places.h, or undefined
};
inline constexpr float kMaxCorrection = 3.0f;

/// What the host notes at every step.
struct RolloutRecords {
  torch::Tensor keep;      // [T, N]
  torch::Tensor actions;   // [T, N] i64
  torch::Tensor log_prob;  // [T, N]
  torch::Tensor rewards;   // [T, N]
  torch::Tensor done;      // [T, N] f32, 1 where the episode ended with this step
  RolloutLabels labels;
};

struct Minibatch {
  PolicyInput input;            // drawing left undefined
  torch::Tensor drawings;       // [U, 4, S, S] u8 unique drawings, or undefined
  torch::Tensor drawing_index;  // [T * n] i64 into drawings
  torch::Tensor state;          // [n, state_size]
  torch::Tensor keep;           // [T, n]
  torch::Tensor actions;        // [T * n] i64
  torch::Tensor old_log_prob;   // [T * n]
  torch::Tensor old_values;     // [T * n]
  torch::Tensor returns;        // [T * n]
  torch::Tensor advantages;     // [T * n]
  RolloutLabels labels;         // rows flattened
  torch::Tensor clip;           // [] PPO's, where the work is recorded (ppo/loss.h); else undefined
};
/// Its tensors but for `drawings`, in one order.
std::vector<torch::Tensor*> members_of(Minibatch& batch);

class Rollout {
 public:
  Rollout(const PolicySettings& settings, std::int64_t num_steps, std::int64_t num_envs,
          const Placement& placement);

  /// Steps that are filled, and steps that there is room for.
  std::int64_t num_steps() const { return num_steps_; }
  std::int64_t max_steps() const { return static_cast<std::int64_t>(slots_.size()) - 1; }
  void cut(std::int64_t num_steps) { num_steps_ = num_steps; }
  std::int64_t num_envs() const { return num_envs_; }
  const Placement& placement() const { return placement_; }
  /// When staged, all steps share one slot on the host: it must have gone up before the next is written.
  SlotPair& slot(std::int64_t t) { return slots_[static_cast<std::size_t>(t)]; }

  /// First drawings of the rollout, [n, 4, S, S] on the device, of the environments from `first` on; then
  /// add_drawing at resets, [4, S, S].
  void start_drawings(const torch::Tensor& planes, std::int64_t first = 0);
  void add_drawing(std::int64_t environment, const torch::Tensor& planes);
  /// Stores which drawing every environment, or those from `first` on, has at step t.
  void note_drawings(std::int64_t t) { note_drawings(t, 0, num_envs_); }
  void note_drawings(std::int64_t t, std::int64_t first, std::int64_t count);
  /// Takes the host's records to the device.
  void upload();

  /// `packed`: with the packing of its episodes, for a recurrent core on a GPU.
  Minibatch minibatch(const std::vector<std::int64_t>& environments, bool packed = false) const;

  /// Of all tensors but `state`; learn/memory_plan.h foretells it.
  std::uint64_t num_bytes() const;

  RolloutRecords host;
  RolloutRecords records;    // on the device
  torch::Tensor state;       // [N, state_size] at step 0
  torch::Tensor values;      // [T + 1, N]
  torch::Tensor bootstrap;   // [T, N] value of the final observation where it ended by time-out, else 0
  torch::Tensor returns;     // [T, N]
  torch::Tensor advantages;  // [T, N]

 private:
  std::int64_t num_steps_;
  std::int64_t num_envs_;
  PolicySettings settings_;
  Placement placement_;
  torch::Tensor image_;            // [T + 1, N, H, W, C]
  torch::Tensor crops_;            // [T + 1, N, C, C, 6]
  torch::Tensor numbers_;          // [T + 1, N, V]
  torch::Tensor previous_action_;  // [T + 1, N]
  std::vector<SlotPair> slots_;
  torch::Tensor drawings_;  // [capacity, 4, S, S] u8
  std::int64_t num_drawings_ = 0;
  std::vector<std::int64_t> current_drawing_;  // [N]
  torch::Tensor drawing_index_;                // [T, N] i64, on the host
};

}  // namespace inknav::learn
