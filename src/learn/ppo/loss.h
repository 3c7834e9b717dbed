// SPDX-License-Identifier: MIT
#pragma once
// Losses of one minibatch. All are means over the rows (weights included in the mean, never renormalised), so
// that the mean over ranks of equal batches is the loss of the joint batch.
//
// PPO (Schulman et al. 2017): action -min(r A, clip(r) A), value 0.5 max of plain and clipped squared error,
// entropy of the policy. Imitation: cross entropy to the expert's action (STOP weighs kStopWeight), Huber
// distances of waypoint direction, remaining way, belief correction, scale prior, goal.

#include <torch/torch.h>

#include "learn/networks/policy_network.h"
#include "learn/ppo/rollout.h"

namespace inknav::learn {

inline constexpr float kStopWeight = 2.0f;

struct LossWeights {
  float clip = 0.2f;  // Minibatch::clip goes before it
  bool clip_value = true;
  float action = 1.0f;  // 0 in pure imitation
  float value = 0.5f;
  float entropy = 0.01f;
  float cloning = 0.0f;
  float waypoint = 0.0f;
  float correction = 0.0f;
  float goal = 0.0f;
  float goal_place = 0.0f;

  bool operator==(const LossWeights&) const = default;
};

enum LossTerm : int {
  kTotalLoss,
  kActionLoss,
  kValueLoss,
  kEntropy,
  kCloningLoss,
  kWaypointLoss,
  kRemainingLoss,
  kCorrectionLoss,
  kScaleLoss,
  kGoalLoss,
  kGoalPlaceLoss,
  kDenoisingLoss,
  kClippedFraction,
  kApproximateKl,
  kNumLossTerms,
};

struct PpoTerms {
  torch::Tensor action;  // scalars
  torch::Tensor value;
  torch::Tensor entropy;
  torch::Tensor clipped;
  torch::Tensor kl;
};
PpoTerms ppo_terms(const PolicyOutput& output, const Minibatch& batch, float given_clip, bool clip_value);

struct Loss {
  torch::Tensor total;  // scalar with gradient
  torch::Tensor terms;  // [kNumLossTerms] detached
};
/// `scale_correction` [B] is the drawing encoder's correction of the prior log scale, or undefined;
/// `denoising` is the weighted scalar of learn/diffusion/denoising_loss.h, or undefined.
Loss minibatch_loss(const PolicyOutput& output, const torch::Tensor& scale_correction,
                    const torch::Tensor& denoising, const Minibatch& batch, const LossWeights& weights);

}  // namespace inknav::learn
