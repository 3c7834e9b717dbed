// SPDX-License-Identifier: MIT
#pragma once
// TorchDenoiser: the whole sampling loop of a ConditionalUnet1D by libtorch's operators on the device where
// its weights lie, for GPUs. The time's part of every FiLM projection is computed once for the levels of the
// sampler, the condition's part once a decision; noise is drawn on the host from the rows' keys, as
// FastDenoiser draws it; the loop is replayed as one graph while the number of rows stays the same. The steps
// are computed in double. Law: equals FastDenoiser up to the rounding of f32 sums (test).
// The module's weights are used where they are: call refresh() after they changed.

#include <torch/torch.h>

#include <cstdint>
#include <span>
#include <vector>

#include "learn/cuda/replay.h"
#include "learn/diffusion/conditional_unet1d.h"
#include "learn/diffusion/sampler.h"

namespace inknav::learn {

class TorchDenoiser {
 public:
  TorchDenoiser(const ConditionalUnet1d& network, const Sampler& sampler, const Placement& placement);
  void refresh();

  /// conditions [C, cond_dim] on the device, S samples of each; fills plans [C * S, H, D] on the host.
  void sample(const torch::Tensor& conditions, int samples_per_condition, const SampleRequest& request,
              std::span<float> plans);

 private:
  void start(const SampleRequest& request, int first);
  void loop(int first);
  torch::Tensor advanced(int evaluation, const torch::Tensor& x, const torch::Tensor& output);

  ConditionalUnet1d network_;
  Sampler sampler_;
  Placement placement_;
  std::vector<torch::Tensor> time_films_;  // of every block, [evaluations, film]
  // Fixed inputs and output of the loop; replaced when the number of rows changes.
  torch::Tensor conditions_;  // [B, cond_dim]
  torch::Tensor noise_;       // [evaluations, B, H, D] of the steps that add any
  torch::Tensor x_;           // [B, H, D], start
  torch::Tensor result_;
  torch::Tensor heun_start_, heun_velocity_;
  std::vector<float> host_x_, host_noise_;
  bool noisy_ = false;  // a step adds noise
  Replay replay_;
  int recorded_first_ = 0;
};

}  // namespace inknav::learn
