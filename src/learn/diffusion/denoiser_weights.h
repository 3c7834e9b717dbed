// SPDX-License-Identifier: MIT
#pragma once
// The weights of a ConditionalUnet1d as FastDenoiser wants them: contiguous f32 copies by name.

#include "learn/diffusion/conditional_unet1d.h"
#include "learn/diffusion/fast_denoiser.h"

namespace inknav::learn {

/// Owns its copies; later changes of the module do not reach it.
WeightSource weights_of(const ConditionalUnet1d& net);

}  // namespace inknav::learn
