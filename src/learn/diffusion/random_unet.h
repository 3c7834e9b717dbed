// SPDX-License-Identifier: MIT
#pragma once
// Tests only: a small denoiser whose parameters are all away from their special start values, so that a term
// that is left out shows.

#include <torch/torch.h>

#include "learn/diffusion/conditional_unet1d.h"
#include "learn/networks/encoders.h"

namespace inknav::learn::testing {

/// The same for the same settings.
inline ConditionalUnet1d random_unet(const Unet1dSettings& settings) {
  ConditionalUnet1d net(settings);
  initialize(*net, 3);
  torch::NoGradGuard no_grad;
  torch::manual_seed(9);
  for (torch::Tensor& parameter : net->parameters()) {
    if (parameter.dim() == 1) parameter.add_(0.3 * torch::randn_like(parameter));
  }
  return net;
}

}  // namespace inknav::learn::testing
