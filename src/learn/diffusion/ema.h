// SPDX-License-Identifier: MIT
#pragma once
// Ema: a running average of a flat array of weights (FlatParameters::values()), with the warm-up of the
// diffusion policy: at call k (from 0), s = max(0, k - update_after - 1), the average keeps 0 if s = 0, else
// clamp(1 - (1 + s / inv_gamma)^-power, min_value, max_value). So the first calls copy, later ones average
// longer and longer. Acting and evaluation use the average. Deterministic; one pass over the weights a call.

#include <torch/torch.h>

#include <cstdint>

#include "base/result.h"

namespace inknav::learn {

struct EmaSettings {
  double power = 0.75;  // 2/3 for runs of over a million updates
  double inv_gamma = 1.0;
  double min_value = 0.0;
  double max_value = 0.9999;
  std::int64_t update_after = 0;  // calls that only copy

  base::Status validate() const;
};

/// Share of the old average that call `call` keeps.
double ema_decay(const EmaSettings& settings, std::int64_t call);

class Ema {
 public:
  /// Begins as a copy of `values` [N].
  Ema(const torch::Tensor& values, const EmaSettings& settings);

  /// `skipped`: a scalar on the values' device; where it is 1 the average stays as it is (the call counts,
  /// until uncount()).
  void update(const torch::Tensor& values, const torch::Tensor& skipped = {});
  /// Takes back the last `calls` calls, once it is known that they were skipped.
  void uncount(std::int64_t calls) { calls_ -= calls; }
  const torch::Tensor& values() const { return values_; }  // [N], same layout
  std::int64_t calls() const { return calls_; }
  /// For resume: as if `calls` updates had led to `values`.
  void restore(const torch::Tensor& values, std::int64_t calls);

 private:
  EmaSettings settings_;
  torch::Tensor values_;
  std::int64_t calls_ = 0;
};

}  // namespace inknav::learn
