// SPDX-License-Identifier: MIT
#pragma once
// The layers of ConditionalUnet1d for training: on [B, T, C] with channels contiguous, where a convolution is
// one matrix product, and with GroupNorm, Mish and FiLM in one pass each way. f32 only; ConditionalUnet1d
// uses torch's own layers for other types, which is the slow twin the tests compare with. Deterministic: sums
// run in a fixed order.
//
// Parameters have torch's shapes. Contiguous tensors are wanted where it says [..]; gradients flow to every
// tensor.

#include <torch/torch.h>

namespace inknav::learn {

/// Conv1d with padding k / 2: x [B, T, C], weight [O, C, k], bias [O] -> [B, (T - 1) / stride + 1, O], k odd.
torch::Tensor conv_rows(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                        std::int64_t stride);

/// ConvTranspose1d of kernel 4, stride 2, padding 1: x [B, T, C], weight [C, O, 4], bias [O] -> [B, 2 T, O].
torch::Tensor transposed_conv_rows(const torch::Tensor& x, const torch::Tensor& weight,
                                   const torch::Tensor& bias);

/// film(mish(group_norm(y))): y [B, T, C], gain and bias [C], C a multiple of 8 and of the groups. film is
/// undefined (none), [B, C] (is added) or [B, 2 C] (scale, then what is added).
torch::Tensor norm_mish_rows(const torch::Tensor& y, const torch::Tensor& gain, const torch::Tensor& bias,
                             const torch::Tensor& film, std::int64_t groups, double epsilon);

}  // namespace inknav::learn
