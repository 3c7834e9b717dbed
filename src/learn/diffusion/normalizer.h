// SPDX-License-Identifier: MIT
#pragma once
// Normalizer: per-column scale and offset, normalised = value * scale + offset, for arrays [..., D] f32.
//
// kLimits maps each column's range to [-1, 1]; a column with a range below 1e-4 is only shifted to 0.
// kGaussian gives zero mean and unit (unbiased) deviation; deviations below 1e-4 count as 1.
// Fitted once on training data, stored with the weights under "<prefix>scale", "offset", "min", "max",
// "mean", "std" and read back from there, so that an agent cannot act with other numbers than it learned
// with.

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace inknav::learn {

enum class NormalizerMode : std::uint8_t { kLimits, kGaussian };

class Normalizer {
 public:
  using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

  /// data [N, D], N >= 2 (kGaussian) or 1, finite; `what` names it in messages (ErrorCode::kData).
  static base::Result<Normalizer> fit(NormalizerMode mode, const torch::Tensor& data,
                                      const std::string& what);
  /// The limits map of known ranges [D] each, low < high or equal.
  static Normalizer from_limits(const torch::Tensor& low, const torch::Tensor& high);
  /// Values stay as they are.
  static Normalizer identity(std::int64_t columns);

  torch::Tensor apply(const torch::Tensor& values) const;   // [..., D] -> [..., D]
  torch::Tensor invert(const torch::Tensor& values) const;  // the reverse
  std::int64_t columns() const { return scale_.numel(); }
  const torch::Tensor& scale() const { return scale_; }    // [D] f32
  const torch::Tensor& offset() const { return offset_; }  // [D] f32

  NamedTensors named(const std::string& prefix) const;
  /// `where` (a file) begins the message when a tensor is absent, of another shape, not finite, or a scale is
  /// 0.
  static base::Result<Normalizer> restore(const NamedTensors& source, const std::string& prefix,
                                          std::int64_t columns, const std::string& where);

 private:
  torch::Tensor scale_, offset_, min_, max_, mean_, deviation_;  // [D] f32
};

}  // namespace inknav::learn
