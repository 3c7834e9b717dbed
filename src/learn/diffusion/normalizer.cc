// SPDX-License-Identifier: MIT
#include "learn/diffusion/normalizer.h"

#include <fmt/format.h>

#include <algorithm>

namespace inknav::learn {

using torch::Tensor;

namespace {

constexpr double kSmallest = 1e-4;  // ranges and deviations below this are not stretched

/// Scale and offset of the limits map, in double.
std::pair<Tensor, Tensor> limits_map(const Tensor& low, const Tensor& high) {
  const Tensor flat = (high - low) < kSmallest;
  const Tensor range = torch::where(flat, torch::full_like(low, 2.0), high - low);
  const Tensor scale = 2.0 / range;
  return {scale, torch::where(flat, -low, -1.0 - scale * low)};
}

bool is_finite(const Tensor& values) { return torch::isfinite(values).all().item<bool>(); }

}  // namespace

base::Result<Normalizer> Normalizer::fit(NormalizerMode mode, const Tensor& data, const std::string& what) {
  torch::NoGradGuard no_grad;
  const auto refuse = [&](const std::string& text) {
    return base::Error{base::ErrorCode::kData, what + ": " + text};
  };
  INKNAV_CHECK(data.dim() == 2, data.dim());
  const std::int64_t wanted = mode == NormalizerMode::kGaussian ? 2 : 1;
  if (data.size(0) < wanted) {
    return refuse(
        fmt::format("at least {} rows are wanted to fit the normaliser, found {}; give more "
                    "demonstrations",
                    wanted, data.size(0)));
  }
  const Tensor values = data.to(torch::kFloat64);
  if (!is_finite(values)) {
    const Tensor bad = torch::nonzero(torch::isfinite(values).logical_not())[0];
    return refuse(
        fmt::format("finite numbers are wanted to fit the normaliser, row {} column {} is not; check the "
                    "data set with `inknav data check`",
                    bad[0].item<std::int64_t>(), bad[1].item<std::int64_t>()));
  }
  const Tensor low = std::get<0>(values.min(0)), high = std::get<0>(values.max(0));
  const Tensor mean = values.mean(0);
  const Tensor deviation = data.size(0) > 1 ? values.std(0, true) : torch::zeros_like(mean);
  std::pair<Tensor, Tensor> map = limits_map(low, high);
  if (mode == NormalizerMode::kGaussian) {
    map.first = 1.0 / torch::where(deviation < kSmallest, torch::ones_like(deviation), deviation);
    map.second = -mean * map.first;
  }
  const auto single = [](const Tensor& t) { return t.to(torch::kFloat32).contiguous(); };
  Normalizer result;
  result.scale_ = single(map.first);
  result.offset_ = single(map.second);
  result.min_ = single(low);
  result.max_ = single(high);
  result.mean_ = single(mean);
  result.deviation_ = single(deviation);
  return result;
}

Normalizer Normalizer::from_limits(const Tensor& low, const Tensor& high) {
  INKNAV_CHECK(low.dim() == 1 && low.sizes() == high.sizes() && (low <= high).all().item<bool>());
  // The two corners as data: minimum and maximum are theirs.
  return fit(NormalizerMode::kLimits, torch::stack({low, high}), "limits").value();
}

Normalizer Normalizer::identity(std::int64_t columns) {
  return from_limits(torch::full({columns}, -1.0), torch::full({columns}, 1.0));
}

Tensor Normalizer::apply(const Tensor& values) const { return values * scale_ + offset_; }

Tensor Normalizer::invert(const Tensor& values) const { return (values - offset_) / scale_; }

Normalizer::NamedTensors Normalizer::named(const std::string& prefix) const {
  return {{prefix + "scale", scale_.clone()}, {prefix + "offset", offset_.clone()},
          {prefix + "min", min_.clone()},     {prefix + "max", max_.clone()},
          {prefix + "mean", mean_.clone()},   {prefix + "std", deviation_.clone()}};
}

base::Result<Normalizer> Normalizer::restore(const NamedTensors& source, const std::string& prefix,
                                             std::int64_t columns, const std::string& where) {
  Normalizer result;
  const auto refuse = [&](const std::string& name, const std::string& text) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: tensor {}{} {}; the checkpoint was not written by this "
                                   "configuration, give the matching one",
                                   where, prefix, name, text)};
  };
  const std::pair<const char*, Tensor*> wanted[] = {{"scale", &result.scale_}, {"offset", &result.offset_},
                                                    {"min", &result.min_},     {"max", &result.max_},
                                                    {"mean", &result.mean_},   {"std", &result.deviation_}};
  for (const auto& [name, target] : wanted) {
    const auto found = std::find_if(source.begin(), source.end(),
                                    [&](const auto& entry) { return entry.first == prefix + name; });
    if (found == source.end()) return refuse(name, "is wanted and is not there");
    const Tensor& tensor = found->second;
    if (tensor.dim() != 1 || tensor.numel() != columns || tensor.scalar_type() != torch::kFloat32) {
      return refuse(name, fmt::format("of {} f32 numbers is wanted, found {} of type {}", columns,
                                      fmt::join(tensor.sizes(), "x"), c10::toString(tensor.scalar_type())));
    }
    if (!is_finite(tensor)) return refuse(name, "holds numbers that are not finite");
    *target = tensor.clone();
  }
  if ((result.scale_ == 0.0).any().item<bool>())
    return refuse("scale", "holds a zero, which cannot be undone");
  return result;
}

}  // namespace inknav::learn
