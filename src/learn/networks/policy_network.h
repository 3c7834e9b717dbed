// SPDX-License-Identifier: MIT
#pragma once
// PolicyNetwork: observation -> features -> recurrent core -> heads.
//
//   crops --CropEncoder--.
//   image --backbone-----+-- concat with numbers, previous action, drawing features -- FC -- core -- one
//   linear head                                                                               '-- condition
//
// The head gives action logits, value, waypoint direction, remaining way, correction of the belief, goal.
// With decode_waypoint the logits of the three motions come from the bearing of the waypoint, with
// hysteresis against turning back, plus the learned part; STOP is learned alone. The result is
// differentiable, so imitation and PPO share one policy. A diffusion policy draws its way from denoiser() on
// the condition (learn/diffusion/planner.h); all else is the same network. All randomness is in initialize().
// Shapes: T steps, N environments, B = T * N rows in (t, n) order.

#include <torch/torch.h>

#include <memory>

#include "learn/diffusion/conditional_unet1d.h"
#include "learn/networks/context_core.h"
#include "learn/networks/encoders.h"
#include "learn/networks/recurrent.h"
#include "learn/reading/belief.h"
#include "learn/settings.h"

namespace inknav::learn {

struct PolicyInput {
  torch::Tensor image;            // [B, H, W, channels] f32, or undefined
  torch::Tensor crops;            // [B, C, C, 6] u8, or undefined
  torch::Tensor numbers;          // [B, vector_size] f32
  torch::Tensor previous_action;  // [B] i64, 0 = none, else action + 1
  torch::Tensor drawing;  // [B, drawing_features] f32 (rows gathered from encode_drawings), or undefined
  std::shared_ptr<const EpisodePacking> packing;  // of the same keep, or null: see RecurrentCore
};

struct PolicyOutput {
  torch::Tensor log_probabilities;  // [B, num_actions]; a diffusion policy has them after decode()
  torch::Tensor stop;               // [B] log odds of STOP, only with decode_waypoint
  torch::Tensor motions;            // [B, num_actions - 1] learned part of the motions, likewise
  torch::Tensor value;              // [B]
  torch::Tensor waypoint;           // [B, 2] direction (right, forward), about unit length
  torch::Tensor remaining;          // [B] metres / kRemainingScale
  torch::Tensor correction;         // [B, 6] of the belief, in units of kCorrectionScale
  torch::Tensor goal;               // [B, 2] goal in the body frame / kGoalScale, or undefined
  torch::Tensor goal_logits;        // [B, goal cells and rays] of a diffusion policy's goal predictor
  torch::Tensor condition;          // [B, condition_size] of a diffusion policy
  torch::Tensor state;              // [N, state_size] after the last step
};

inline constexpr float kRemainingScale = 3.0f;  // metres
inline constexpr float kGoalScale = 5.0f;       // metres
// Metres right and forward, radians, ln of scale, stretch of axes and diagonals.
inline constexpr float kCorrectionScale[kCorrectionSize] = {0.5f, 0.5f, 0.2f, 0.2f, 0.2f, 0.2f};
inline constexpr int kCropPlanes = 6;

class PolicyNetwork : public torch::nn::Module {
 public:
  PolicyNetwork(const PolicySettings& settings, std::uint64_t seed);

  const PolicySettings& settings() const { return settings_; }
  /// Whether the networks compute in bf16 (networks/autocast.h); outputs are f32 in any case.
  void set_bf16(bool bf16) { bf16_ = bf16; }
  bool bf16() const { return bf16_; }
  torch::Device device() const { return trunk_->weight.device(); }
  std::int64_t state_size() const;  // 0 without recurrence; rows are still [N, max(1, state_size)]

  /// [U, 4, S, S] u8 -> ([U, drawing_features], [U] correction of the prior log scale).
  std::pair<torch::Tensor, torch::Tensor> encode_drawings(const torch::Tensor& planes);

  /// input rows are (t, n) ordered; state [N, state_size]; keep [T, N] f32, 0 where an episode begins.
  PolicyOutput forward(const PolicyInput& input, const torch::Tensor& state, const torch::Tensor& keep);

  /// Log probabilities of the actions from `waypoint`, the odds of STOP and the learned part of the motions.
  void decode(PolicyOutput& output, const torch::Tensor& previous_action) const;

  /// Of a diffusion policy; width of its condition.
  ConditionalUnet1d& denoiser() { return denoiser_; }
  std::int64_t condition_size() const;

 private:
  torch::Tensor features(const PolicyInput& input);
  torch::Tensor hidden(const torch::Tensor& trunk, const torch::Tensor& state, const torch::Tensor& keep,
                       const EpisodePacking* packing, PolicyOutput& output);
  torch::Tensor decoded_motions(const torch::Tensor& waypoint, const torch::Tensor& previous_action) const;

  PolicySettings settings_;
  bool bf16_ = false;
  CropEncoder crop_encoder_{nullptr};
  SeResNet9 se_resnet_{nullptr};
  ResNet18 resnet18_{nullptr};
  SmallCnn small_cnn_{nullptr};
  DrawingEncoder drawing_encoder_{nullptr};
  torch::nn::Linear trunk_{nullptr};
  torch::nn::Linear second_{nullptr};
  RecurrentCore core_{nullptr};
  ContextCore context_{nullptr};
  torch::nn::Linear head_{nullptr};
  torch::nn::Linear correction_{nullptr};
  torch::nn::Linear goal_{nullptr};
  torch::nn::Linear goal_places_{nullptr};
  ConditionalUnet1d denoiser_{nullptr};
};

}  // namespace inknav::learn
