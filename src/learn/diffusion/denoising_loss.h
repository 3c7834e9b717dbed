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

class DenoisingLoss {
 public:
  /// `rows` plans a call, `coef` multiplies the result.
  static base::Result<DenoisingLoss> make(const DiffusionSettings& settings, std::int64_t rows, float coef);

  /// condition [B, C], plans [B, horizon * point_size] -> scalar with gradient. Of a part of a batch that
  /// part of `rows` is taken, at least one.
  torch::Tensor operator()(ConditionalUnet1d& denoiser, const torch::Tensor& condition,
                           const torch::Tensor& plans, const base::PhiloxKey& key,
                           double part_of_batch = 1.0) const;

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
