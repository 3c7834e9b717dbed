// SPDX-License-Identifier: MIT
#pragma once
// Autocast: while it lives, matrix products and convolutions of this thread on a device are computed in bf16
// (weights stay f32; sums, normalisations and losses are f32, as libtorch's lists say). Does nothing when not
// wanted. Gradients need no guard: they follow the types of the forward pass.

#include <ATen/autocast_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
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

/// While it lives, operators take and give the types of their arguments, also inside of an Autocast.
class WithoutAutocast {
 public:
  explicit WithoutAutocast(const torch::Device& device)
      : guard_(at::autocast::get_autocast_dispatch_key_from_device_type(device.type())) {}

 private:
  c10::impl::ExcludeDispatchKeyGuard guard_;
};

}  // namespace inknav::learn
