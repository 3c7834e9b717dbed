// SPDX-License-Identifier: MIT
#pragma once
// PointNavNetwork: the forward pass of a PointNav policy of habitat-baselines on its own weights
// (learn/habitat/pointnav_settings.h has the picture). Evaluation only: one step at a time, no gradients.
//
// State rows are [N, state_size]: the layers' h, behind them the layers' c of an LSTM. keep == 0 means that
// an episode begins: the state is zeroed and the previous action is "none".
// Law: equals the slow twin in double of the test up to float rounding.

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "learn/habitat/pointnav_settings.h"

namespace inknav::learn {

struct PointNavInput {
  torch::Tensor image;            // [N, channels, H, W] f32, rgb in 0 to 1, depth as it was trained with
  torch::Tensor goal;             // [N, 2] f32 distance in metres, angle in radians, left positive
  torch::Tensor previous_action;  // [N] i64, not read where keep == 0
  torch::Tensor state;            // [N, state_size] f32
  torch::Tensor keep;             // [N] f32
};

struct PointNavOutput {
  torch::Tensor log_probabilities;  // [N, num_actions]
  torch::Tensor value;              // [N]
  torch::Tensor state;              // [N, state_size]
};

class PointNavNetwork {
 public:
  /// `tensors` f32 under their names, with or without "actor_critic."; `path` names them in errors.
  static base::Result<std::shared_ptr<PointNavNetwork>> create(
      const std::map<std::string, torch::Tensor>& tensors, const std::filesystem::path& path);

  const PointNavSettings& settings() const { return settings_; }
  std::int64_t state_size() const;
  /// Numbers that leave the compression for pictures of this size; it must be settings().visual_size.
  std::int64_t visual_size(std::int64_t height, std::int64_t width) const;

  PointNavOutput forward(const PointNavInput& input) const;

 private:
  PointNavNetwork(PointNavSettings settings, std::map<std::string, torch::Tensor> tensors)
      : settings_(std::move(settings)), tensors_(std::move(tensors)) {}

  const torch::Tensor& at(const std::string& name) const;
  torch::Tensor linear(const std::string& name, const torch::Tensor& x) const;
  torch::Tensor convolution(const std::string& name, const torch::Tensor& x, std::int64_t stride,
                            std::int64_t groups) const;
  torch::Tensor norm(const std::string& name, const torch::Tensor& x, std::int64_t groups) const;
  torch::Tensor block(const std::string& name, const torch::Tensor& x, std::int64_t stride,
                      std::int64_t cardinality) const;
  torch::Tensor encode(const torch::Tensor& image) const;
  torch::Tensor remember(torch::Tensor x, const PointNavInput& input, torch::Tensor& next) const;

  PointNavSettings settings_;
  std::map<std::string, torch::Tensor> tensors_;
};

}  // namespace inknav::learn
