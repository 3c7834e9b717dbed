// SPDX-License-Identifier: MIT
#pragma once
// DenoisingLoss: how far the denoiser is from undoing noise that was put on the expert's plans.
//
// Of the rows of a minibatch a random part is taken (the plans a step denoises, RL.DIFFUSION.batch_size over
// the ranks), each with a noise level or flow time of its own; the loss is the mean squared error of the
// model's output against what the prediction type asks for. Which rows, levels and noise follow from the key
// alone.

#include <torch/torch.h>

#include <cstdint>

#include "base/philox.h"
#include "base/result.h"
#include "learn/diffusion/conditional_unet1d.h"
#include "learn/diffusion/noise_schedule.h"
#include "learn/settings.h"

namespace inknav::learn {

/// What is drawn for one call: which rows, and what is done to them. R rows, f32 but for `index`.
struct DenoisingDraw {
  torch::Tensor index;   // [R] i64 into the minibatch
  torch::Tensor noise;   // [R, horizon, point_size]
  torch::Tensor signal;  // [R, 1, 1] share of the plan in what is denoised
  torch::Tensor share;   // [R, 1, 1] share of the noise
  torch::Tensor time;    // [R] as the network is given it
};

class DenoisingLoss {
 public:
  /// `rows` plans a call, `coef` multiplies the result.
  static base::Result<DenoisingLoss> make(const DiffusionSettings& settings, std::int64_t rows, float coef);

  /// For a minibatch of `count` rows, on the host, so that it is the same on every device. Of a part of a
  /// batch that part of `rows` is taken, at least one.
  DenoisingDraw draw(std::int64_t count, const base::PhiloxKey& key, double part_of_batch = 1.0) const;

  /// condition [B, C], plans [B, horizon * point_size], the draw beside them -> scalar with gradient.
  torch::Tensor operator()(ConditionalUnet1d& denoiser, const torch::Tensor& condition,
                           const torch::Tensor& plans, const DenoisingDraw& draw) const;
  /// Draws by the key.
  torch::Tensor operator()(ConditionalUnet1d& denoiser, const torch::Tensor& condition,
                           const torch::Tensor& plans, const base::PhiloxKey& key) const;

 private:
  DenoisingLoss(const DiffusionSettings& settings, std::int64_t rows, float coef,
                const NoiseSchedule& schedule);

  DiffusionSettings settings_;
  std::int64_t rows_;
  float coef_;
  torch::Tensor signal_;  // [T] sqrt(alpha_cumprod)
  torch::Tensor noise_;   // [T] sqrt(1 - alpha_cumprod)
};

}  // namespace inknav::learn
