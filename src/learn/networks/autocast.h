// SPDX-License-Identifier: MIT
#pragma once
// Autocast: while it lives, matrix products and convolutions of this thread on a device are computed in bf16
// (weights stay f32; sums, normalisations and losses are f32, as libtorch's lists say). Does nothing when not
// wanted. Gradients need no guard: they follow the types of the forward pass.

#include <torch/torch.h>

namespace inknav::learn {

class Autocast {
 public:
  Autocast(bool bf16, const torch::Device& device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool bf16_;
  torch::DeviceType device_;
  bool was_enabled_ = false;
  torch::ScalarType was_type_ = torch::kFloat32;
};

}  // namespace inknav::learn
