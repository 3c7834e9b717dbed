// SPDX-License-Identifier: MIT
#pragma once
// ContextCore: a core that looks at a window of the last observations, the present one included.
//
// The state holds the features of the window's past, so it is used like a recurrent core
// (networks/recurrent.h): state rows are [num_envs, (window - 1) * features + 1], the last number counts the
// past observations that are of this episode. keep[t] == 0 means that an episode begins at t: nothing before
// it is seen. A window never holds anything later than its own step. kTransformer: attention over the window
// (pre-norm layers, learned positions), answered by the present observation's token. kStack: the window side
// by side, through one linear layer. Laws: sequence(T) == T calls of sequence(1); a later observation changes
// no earlier output (tests).

#include <torch/torch.h>

#include "learn/settings.h"

namespace inknav::learn {

struct ContextShape {
  int window = 5;    // observations, the present one included
  int features = 0;  // of one observation, in and out
  int heads = 4;     // kTransformer only, divides features
  int layers = 2;
  int ff_factor = 4;  // width of the feed-forward layer over features
};

class AttentionLayerImpl : public torch::nn::Module {
 public:
  explicit AttentionLayerImpl(const ContextShape& shape);
  /// tokens [B, K, F], hidden [B, 1, 1, K] additive mask; only the last `queries` tokens are answered.
  torch::Tensor forward(const torch::Tensor& tokens, const torch::Tensor& mask, std::int64_t queries);

 private:
  std::int64_t heads_;
  torch::Tensor first_scale_, first_shift_, second_scale_, second_shift_;  // layer norms, scale is 1 + it
  torch::nn::Linear query_{nullptr}, key_value_{nullptr}, out_{nullptr};
  torch::nn::Linear widen_{nullptr}, narrow_{nullptr};
};
TORCH_MODULE(AttentionLayer);

class ContextCoreImpl : public torch::nn::Module {
 public:
  ContextCoreImpl(Recurrence kind, const ContextShape& shape);

  std::int64_t state_size() const;

  struct Output {
    torch::Tensor features;  // [T, N, features]
    torch::Tensor state;     // [N, state_size], after the last step
  };
  /// inputs [T, N, features], state [N, state_size], keep [T, N] f32.
  Output forward(const torch::Tensor& inputs, const torch::Tensor& state, const torch::Tensor& keep);

 private:
  Recurrence kind_;
  ContextShape shape_;
  torch::Tensor position_;  // [window, features]
  torch::nn::ModuleList layers_;
  torch::nn::Linear stack_{nullptr};
};
TORCH_MODULE(ContextCore);

}  // namespace inknav::learn
