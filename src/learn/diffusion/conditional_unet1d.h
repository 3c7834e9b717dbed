// SPDX-License-Identifier: MIT
#pragma once
// ConditionalUnet1D: the denoiser of Diffusion Policy (Chi et al. 2023), exactly: parameters have the same
// shapes and names ("down_modules.0.0.blocks.0.block.0.weight"), so that their number and their meaning
// agree.
//
// Residual block: Conv1d -> GroupNorm(8) -> Mish, FiLM from the condition, the same again, plus the input
// (through a 1x1 convolution when channels differ). Condition: the embedded time beside the global condition.
// Down: two blocks a level and a strided convolution except at the last; two blocks in the middle; up: beside
// the level's skip (x first), two blocks, a transposed convolution. The skip of the first level is not used.
// In f32 the layers are those of unet1d_ops.h, in f64 torch's own: the slow twin.
// Laws: a batch equals its rows one by one; FastDenoiser equals this module; f32 equals f64 up to rounding,
// values and gradients (tests).

#include <torch/torch.h>

#include <functional>
#include <vector>

#include "learn/diffusion/unet1d_settings.h"

namespace inknav::learn {

/// Conv1d (same length), GroupNorm, Mish on [B, T, C], then FiLM: undefined (none), [B, out] (is added) or
/// [B, 2 out] (scale, then what is added).
class Conv1dBlockImpl : public torch::nn::Module {
 public:
  Conv1dBlockImpl(int in, int out, int kernel_size);
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& film = {});

 private:
  torch::nn::Conv1d conv_{nullptr};
  torch::nn::GroupNorm norm_{nullptr};
};
TORCH_MODULE(Conv1dBlock);

class ConditionalResidualBlock1dImpl : public torch::nn::Module {
 public:
  ConditionalResidualBlock1dImpl(int in, int out, int cond_dim, int kernel_size, bool film_scale);
  /// x [B, T, in], film [B, out or 2 out] as film_of makes it -> [B, T, out]
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& film);
  /// cond [B, cond_dim], behind its Mish.
  torch::Tensor film_of(const torch::Tensor& cond) { return film_(cond); }
  /// The parts of film_of that time and condition make, which add up to it: the first `time_dim` columns and
  /// the rest, with the bias.
  torch::Tensor film_of_time(const torch::Tensor& time, std::int64_t time_dim) const;
  torch::Tensor film_of_condition(const torch::Tensor& cond, std::int64_t time_dim) const;
  void reset_film();

 private:
  bool film_scale_;
  int out_;
  Conv1dBlock first_{nullptr}, second_{nullptr};
  torch::nn::Linear film_{nullptr};
  torch::nn::Conv1d residual_{nullptr};  // null: identity
};
TORCH_MODULE(ConditionalResidualBlock1d);

class ConditionalUnet1dImpl : public torch::nn::Module {
 public:
  /// Settings must be valid.
  explicit ConditionalUnet1dImpl(const Unet1dSettings& settings);

  /// x [B, H, D], time [B] (a level, or flow_network_time), cond [B, cond_dim] -> [B, H, D].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& time, const torch::Tensor& cond);

  /// FiLM's projections of every block, in the order in which forward meets them: of times [E] and of
  /// conditions [B, cond_dim]. Law: forward(x, t, c) == forward_films(x, their sum) up to rounding (test).
  std::vector<torch::Tensor> films_of_times(const torch::Tensor& times);
  std::vector<torch::Tensor> films_of_conditions(const torch::Tensor& cond);
  torch::Tensor forward_films(const torch::Tensor& x, const std::vector<torch::Tensor>& films);

  /// Call after initialize(): FiLM's scales begin around 1 (not around 0, where they would shut the first
  /// convolution of each block off) and the output at 0.
  void reset_film_and_output();
  const Unet1dSettings& settings() const { return settings_; }

 private:
  struct Level {
    ConditionalResidualBlock1d first{nullptr}, second{nullptr};
    torch::nn::Conv1d down{nullptr};
    torch::nn::ConvTranspose1d up{nullptr};
  };
  /// The network with `film` asked for each block's projection, in order.
  torch::Tensor run(const torch::Tensor& x,
                    const std::function<torch::Tensor(ConditionalResidualBlock1d&)>& film);
  torch::Tensor embedded(const torch::Tensor& time, torch::ScalarType type);
  std::vector<ConditionalResidualBlock1d> blocks();
  Level make_level(int in, int out, int cond_dim, torch::nn::ModuleList& parent, bool down, bool up);

  Unet1dSettings settings_;
  torch::nn::Linear time_first_{nullptr}, time_second_{nullptr};
  std::vector<Level> down_, up_;
  Level middle_;
  Conv1dBlock final_block_{nullptr};
  torch::nn::Conv1d final_{nullptr};
};
TORCH_MODULE(ConditionalUnet1d);

}  // namespace inknav::learn
