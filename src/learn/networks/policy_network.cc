// SPDX-License-Identifier: MIT
#include "learn/networks/policy_network.h"

#include <algorithm>

#include "base/check.h"
#include "learn/diffusion/goal_places.h"
#include "learn/networks/autocast.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

// nav::Action
constexpr std::int64_t kLeft = 2;
constexpr std::int64_t kRight = 3;

constexpr float kTurnSlope = 2.0f;   // logits per turn angle of bearing
constexpr float kHysteresis = 3.0f;  // logits against turning back at once: one and a half turns
constexpr float kMaxTurns =
    4.0f;  // bearing is clipped to so many turns, so that the learned part keeps a say
constexpr float kMaxLearned = 0.5f;  // bound of the learned part of a motion's logit, below the hysteresis
constexpr float kHeadGain = 0.01f;   // the policy begins near uniform ...
constexpr float kStopLogit = -4.0f;  // ... but for STOP, which is the right action once in about fifty steps

/// Bearing of (right, forward), left positive. Its gradient is that of atan2, bounded near the origin.
Tensor bearing_of(const Tensor& waypoint) {
  const Tensor right = waypoint.select(1, 0);
  const Tensor forward = waypoint.select(1, 1);
  const Tensor r0 = right.detach();
  const Tensor f0 = forward.detach();
  const Tensor norm2 = (r0 * r0 + f0 * f0).clamp_min(0.25);
  return torch::atan2(-r0, f0) + (r0 * (forward - f0) - f0 * (right - r0)) / norm2;
}

}  // namespace

PolicyNetwork::PolicyNetwork(const PolicySettings& settings, std::uint64_t seed) : settings_(settings) {
  INKNAV_CHECK(!settings.decode_waypoint || settings.num_actions == 4, settings.num_actions);
  INKNAV_CHECK(!settings.diffusion.enabled || settings.decode_waypoint);
  // With the decoder the previous action is its business alone: a network that sees it copies it, and spins.
  std::int64_t width = settings.vector_size + (settings.decode_waypoint ? 0 : settings.num_actions + 1);
  if (settings.reading.enabled) {
    crop_encoder_ = register_module(
        "crop_encoder", CropEncoder(kCropPlanes, settings.reading.crop_cells, settings.reading.channels));
    drawing_encoder_ = register_module(
        "drawing_encoder", DrawingEncoder(settings.reading.drawing_size, settings.reading.drawing_features));
    width += CropEncoderImpl::kOutSize + settings.reading.drawing_features;
  }
  const std::int64_t h = settings.image_height, w = settings.image_width, c = settings.image_channels;
  if (settings.backbone == Backbone::kSeResNet9) {
    se_resnet_ = register_module("se_resnet9", SeResNet9(c, h, w, settings.base_planes));
    width += se_resnet_->out_size();
  } else if (settings.backbone == Backbone::kResNet18) {
    resnet18_ = register_module("resnet18", ResNet18(c, h, w, settings.base_planes));
    width += resnet18_->out_size();
  } else if (settings.backbone == Backbone::kSmallCnn) {
    small_cnn_ = register_module("small_cnn", SmallCnn(c, h, w, settings.base_planes));
    width += small_cnn_->out_size();
  }
  trunk_ = register_module("trunk", torch::nn::Linear(width, settings.hidden_size));
  switch (settings.recurrence) {
    case Recurrence::kNone:
      second_ = register_module("second", torch::nn::Linear(settings.hidden_size, settings.hidden_size));
      break;
    case Recurrence::kGru:
    case Recurrence::kLstm:
      core_ = register_module("core",
                              RecurrentCore(settings.recurrence, settings.hidden_size, settings.hidden_size));
      break;
    case Recurrence::kTransformer:
    case Recurrence::kStack:
      context_ = register_module(
          "context",
          ContextCore(settings.recurrence,
                      ContextShape{settings.context_window, settings.hidden_size, settings.attention_heads,
                                   settings.attention_layers, settings.attention_ff_factor}));
      break;
  }
  // Columns: logits, value, waypoint (2), remaining.
  head_ = register_module("head", torch::nn::Linear(settings.hidden_size, settings.num_actions + 4));
  if (settings.reading.enabled) {
    correction_ =
        register_module("zero_correction", torch::nn::Linear(settings.hidden_size, kCorrectionSize));
  }
  goal_ = register_module("goal_head", torch::nn::Linear(settings.hidden_size, 2));
  const DiffusionSettings& diffusion = settings.diffusion;
  if (diffusion.enabled) {
    if (goal_places(diffusion) > 0) {
      goal_places_ =
          register_module("goal_places", torch::nn::Linear(settings.hidden_size, goal_places(diffusion)));
    }
    denoiser_ = register_module(
        "denoiser", ConditionalUnet1d(denoiser_settings(diffusion, static_cast<int>(condition_size()))));
  }
  initialize(*this, seed);
  if (!denoiser_.is_empty()) denoiser_->reset_film_and_output();
  torch::NoGradGuard no_grad;
  head_->weight.narrow(0, 0, settings.num_actions).mul_(kHeadGain);
  if (settings.decode_waypoint) head_->bias[0].fill_(kStopLogit);
}

std::int64_t PolicyNetwork::state_size() const {
  if (!context_.is_empty()) return context_->state_size();
  return core_.is_empty() ? 1 : core_->state_size();
}

std::int64_t PolicyNetwork::condition_size() const {
  return settings_.hidden_size + goal_places(settings_.diffusion);
}

std::pair<Tensor, Tensor> PolicyNetwork::encode_drawings(const Tensor& planes) {
  const Autocast guard(bf16_, planes.device());
  const Tensor encoded = drawing_encoder_(planes).to(torch::kFloat32);
  const std::int64_t features = settings_.reading.drawing_features;
  return {encoded.narrow(1, 0, features), encoded.select(1, features)};
}

Tensor PolicyNetwork::features(const PolicyInput& input) {
  std::vector<Tensor> parts;
  if (!crop_encoder_.is_empty()) {
    const Tensor crops = input.crops.to(torch::kFloat32).mul_(1.0f / 255.0f).permute({0, 3, 1, 2});
    parts.push_back(crop_encoder_(crops));
    parts.push_back(input.drawing);
  }
  if (!se_resnet_.is_empty()) parts.push_back(se_resnet_(input.image.permute({0, 3, 1, 2})));
  if (!resnet18_.is_empty()) parts.push_back(resnet18_(input.image.permute({0, 3, 1, 2})));
  if (!small_cnn_.is_empty()) parts.push_back(small_cnn_(input.image.permute({0, 3, 1, 2})));
  parts.push_back(input.numbers);
  if (!settings_.decode_waypoint) {
    parts.push_back(torch::one_hot(input.previous_action, settings_.num_actions + 1).to(torch::kFloat32));
  }
  return trunk_(torch::cat(parts, 1)).relu_();
}

Tensor PolicyNetwork::decoded_motions(const Tensor& waypoint, const Tensor& previous_action) const {
  const Tensor turns = (bearing_of(waypoint) / settings_.turn_angle).clamp(-kMaxTurns, kMaxTurns);
  const Tensor after_right = previous_action.eq(kRight + 1).to(torch::kFloat32) * kHysteresis;
  const Tensor after_left = previous_action.eq(kLeft + 1).to(torch::kFloat32) * kHysteresis;
  const Tensor left = kTurnSlope * (turns - 0.5f) - after_right;
  const Tensor right = kTurnSlope * (-turns - 0.5f) - after_left;
  const Tensor zero = torch::zeros_like(left);
  return torch::stack({zero, left, right}, 1);
}

Tensor PolicyNetwork::hidden(const Tensor& trunk, const Tensor& state, const Tensor& keep,
                             const EpisodePacking* packing, PolicyOutput& output) {
  const std::int64_t steps = keep.size(0), rows = keep.size(1);
  if (!core_.is_empty()) {
    const RecurrentCoreImpl::Output core =
        core_->forward(trunk.view({steps, rows, -1}), state, keep, packing);
    output.state = core.state.to(torch::kFloat32);
    return core.features.view({steps * rows, -1});
  }
  if (!context_.is_empty()) {
    const ContextCoreImpl::Output context = context_->forward(trunk.view({steps, rows, -1}), state, keep);
    output.state = context.state.to(torch::kFloat32);
    return context.features.view({steps * rows, -1});
  }
  output.state = state;
  return second_(trunk).relu_();
}

void PolicyNetwork::decode(PolicyOutput& output, const Tensor& previous_action) const {
  const Tensor learned = kMaxLearned * torch::tanh(output.motions / kMaxLearned);
  const Tensor motions = learned + decoded_motions(output.waypoint, previous_action);
  const Tensor go = torch::log_sigmoid(-output.stop).unsqueeze(1);
  output.log_probabilities =
      torch::cat({torch::log_sigmoid(output.stop).unsqueeze(1), go + torch::log_softmax(motions, 1)}, 1);
}

PolicyOutput PolicyNetwork::forward(const PolicyInput& input, const Tensor& state, const Tensor& keep) {
  PolicyOutput output;
  const Autocast guard(bf16_, input.numbers.device());
  const Tensor hidden = this->hidden(features(input), state, keep, input.packing.get(), output);
  const Tensor head = head_(hidden).to(torch::kFloat32);
  const std::int64_t actions = settings_.num_actions;
  const Tensor logits = head.narrow(1, 0, actions);
  output.value = head.select(1, actions);
  output.waypoint = head.narrow(1, actions + 1, 2);
  output.remaining = head.select(1, actions + 3);
  if (settings_.predict_goal) output.goal = goal_(hidden).to(torch::kFloat32);
  if (!correction_.is_empty()) output.correction = correction_(hidden).to(torch::kFloat32);
  if (settings_.decode_waypoint) {
    output.stop = logits.select(1, 0);
    output.motions = logits.narrow(1, 1, actions - 1);
  }
  if (settings_.diffusion.enabled) {
    output.condition = hidden.to(torch::kFloat32);
    if (!goal_places_.is_empty()) {
      output.goal_logits = goal_places_(hidden).to(torch::kFloat32);
      // Where the goal may be steers the plan; the plan's loss does not teach where the goal is.
      output.condition = torch::cat({output.condition, torch::softmax(output.goal_logits.detach(), 1)}, 1);
    }
  } else if (settings_.decode_waypoint) {
    decode(output, input.previous_action);
  } else {
    output.log_probabilities = torch::log_softmax(logits, 1);
  }
  return output;
}

}  // namespace inknav::learn
