// SPDX-License-Identifier: MIT
#include "learn/networks/autocast.h"

namespace inknav::learn {

Autocast::Autocast(bool bf16, const torch::Device& device) : bf16_(bf16), device_(device.type()) {
  if (!bf16_) return;
  was_enabled_ = at::autocast::is_autocast_enabled(device_);
  was_type_ = at::autocast::get_autocast_dtype(device_);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!bf16_) return;
  // The converted weights must not outlive an optimiser step, nor a recorded graph.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_enabled_);
  at::autocast::set_autocast_dtype(device_, was_type_);
}

}  // namespace inknav::learn
