// SPDX-License-Identifier: MIT
#pragma once
// Shape of the denoiser ConditionalUnet1D; known to the torch module and to the inference engine. No torch
// here.

#include <vector>

#include "base/result.h"

namespace inknav::learn {

struct Unet1dSettings {
  int horizon = 16;    // H, points of a plan; a multiple of 2^(levels - 1)
  int action_dim = 2;  // D, numbers of a point
  int cond_dim = 256;  // of the condition vector
  std::vector<int> down_dims = {32, 64,
                                128};  // channels of the levels, multiples of 8 (the groups of GroupNorm)
  int kernel_size = 5;                 // taps of the convolutions, odd
  int time_dim = 128;                  // of the time embedding, even, at least 4
  bool film_scale = true;              // FiLM multiplies and adds, else only adds

  static constexpr int kNumGroups = 8;
  static constexpr double kNormEpsilon = 1e-5;

  int num_levels() const { return static_cast<int>(down_dims.size()); }
  /// ErrorCode::kUsage, names the key of RL.DIFFUSION.
  base::Status validate() const;
};

/// Sinusoidal embedding of `time`: sin then cos of time * exp(-i ln(10000) / (dim / 2 - 1)), i < dim / 2.
std::vector<double> time_embedding(double time, int dim);

}  // namespace inknav::learn
