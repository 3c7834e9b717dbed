// SPDX-License-Identifier: MIT
#include "learn/ppo/loss.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr float kScaleUnit = 0.2f;  // of the log scale's error, as in kCorrectionScale

Tensor huber(const Tensor& prediction, const Tensor& target) {
  return torch::huber_loss(prediction, target, at::Reduction::None, 1.0);
}

}  // namespace

PpoTerms ppo_terms(const PolicyOutput& output, const Minibatch& batch, float given_clip, bool clip_value) {
  PpoTerms terms;
  const Tensor log_prob = output.log_probabilities.gather(1, batch.actions.unsqueeze(1)).squeeze(1);
  const Tensor log_ratio = log_prob - batch.old_log_prob;
  const Tensor ratio = log_ratio.exp();
  const Tensor clip = batch.clip.defined() ? batch.clip : torch::full({}, given_clip, ratio.options());
  const Tensor clipped = ratio.clamp(1.0f - clip, 1.0f + clip);
  terms.action = -torch::min(ratio * batch.advantages, clipped * batch.advantages).mean();
  const Tensor error = (output.value - batch.returns).square();
  if (clip_value) {
    const Tensor near = batch.old_values + (output.value - batch.old_values).clamp(-clip, clip);
    terms.value = 0.5f * torch::max(error, (near - batch.returns).square()).mean();
  } else {
    terms.value = 0.5f * error.mean();
  }
  terms.entropy = -(output.log_probabilities.exp() * output.log_probabilities).sum(1).mean();
  terms.clipped = (ratio.detach() - 1.0f).abs().gt(clip).to(torch::kFloat32).mean();
  terms.kl = (ratio.detach() - 1.0f - log_ratio.detach()).mean();
  return terms;
}

Loss minibatch_loss(const PolicyOutput& output, const Tensor& scale_correction, const Tensor& denoising,
                    const Minibatch& batch, const LossWeights& weights) {
  const RolloutLabels& labels = batch.labels;
  const Tensor zero = torch::zeros({}, output.value.options().requires_grad(false));
  // A plan has no action probabilities to compare; its policy is taught by the expert alone.
  const PpoTerms ppo = output.log_probabilities.defined()
                           ? ppo_terms(output, batch, weights.clip, weights.clip_value)
                           : PpoTerms{zero, zero, zero, zero, zero};
  Tensor cloning = zero, waypoint = zero, remaining = zero, correction = zero, scale = zero, goal = zero;
  Tensor goal_place = zero;
  Tensor total = weights.value * ppo.value;
  if (weights.action != 0.0f) total = total + weights.action * ppo.action - weights.entropy * ppo.entropy;
  if (weights.cloning != 0.0f) {
    const Tensor stop = labels.expert_action.eq(0).to(torch::kFloat32);
    const Tensor row_weight = stop * (kStopWeight - 1.0f) + 1.0f;
    if (output.stop.defined()) {
      // The motions are taught by the waypoint: a cross entropy on them would make it exaggerate its bearing.
      const Tensor stay = torch::log_sigmoid(output.stop), go = torch::log_sigmoid(-output.stop);
      cloning = -((stop * stay + (1.0f - stop) * go) * row_weight).mean();
    } else {
      const Tensor log_prob =
          output.log_probabilities.gather(1, labels.expert_action.unsqueeze(1)).squeeze(1);
      cloning = -(log_prob * row_weight).mean();
    }
    total = total + weights.cloning * cloning;
  }
  if (weights.waypoint != 0.0f) {
    waypoint = (huber(output.waypoint, labels.waypoint).sum(1) * labels.waypoint_weight).mean();
    remaining = huber(output.remaining, labels.remaining).mean();
    total = total + weights.waypoint * (waypoint + remaining);
  }
  if (weights.correction != 0.0f && output.correction.defined()) {
    correction = (huber(output.correction, labels.correction).sum(1) * labels.correction_weight).mean();
    scale = (huber(scale_correction / kScaleUnit, labels.log_scale / kScaleUnit) * labels.correction_weight)
                .mean();
    total = total + weights.correction * (correction + scale);
  }
  if (weights.goal != 0.0f && output.goal.defined()) {
    goal = huber(output.goal, labels.goal).sum(1).mean();
    total = total + weights.goal * goal;
  }
  if (weights.goal_place != 0.0f && output.goal_logits.defined()) {
    goal_place = torch::cross_entropy_loss(output.goal_logits, labels.goal_place);
    total = total + weights.goal_place * goal_place;
  }
  if (denoising.defined()) total = total + denoising;
  Loss loss;
  loss.total = total;
  torch::NoGradGuard no_grad;
  loss.terms = torch::stack({total.detach(), ppo.action.detach(), ppo.value.detach(), ppo.entropy.detach(),
                             cloning.detach(), waypoint.detach(), remaining.detach(), correction.detach(),
                             scale.detach(), goal.detach(), goal_place.detach(),
                             denoising.defined() ? denoising.detach() : zero, ppo.clipped, ppo.kl});
  return loss;
}

}  // namespace inknav::learn
