// SPDX-License-Identifier: MIT
#include "learn/networks/flat_parameters.h"

#include <algorithm>

#include "learn/low_memory.h"

namespace inknav::learn {

using torch::Tensor;

FlatParameters::FlatParameters(torch::nn::Module& module, std::int64_t extra,
                               const std::string& special_prefix) {
  torch::NoGradGuard no_grad;
  std::vector<std::pair<std::string, Tensor>> named;
  for (const auto& item : module.named_parameters()) named.emplace_back(item.key(), item.value());
  const auto special = std::stable_partition(named.begin(), named.end(), [&](const auto& entry) {
    return special_prefix.empty() || entry.first.rfind(special_prefix, 0) != 0;
  });
  for (auto entry = named.begin(); entry != named.end(); ++entry) {
    if (entry == special) special_begin_ = size_;
    slices_.push_back({entry->first, size_, entry->second.sizes().vec()});
    size_ += entry->second.numel();
  }
  if (special == named.end()) special_begin_ = size_;
  const torch::TensorOptions where =
      named.empty() ? torch::TensorOptions() : named.front().second.options().requires_grad(false);
  values_ = torch::empty({size_}, where);
  bucket_ = torch::zeros({size_ + extra}, where);
  first_moment_ = torch::zeros({size_}, where);
  second_moment_ = torch::zeros({size_}, where);
  step_ = torch::zeros({}, where);
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    Tensor parameter = named[i].second;
    Tensor view = view_of(values_, slices_[i]);
    view.copy_(parameter);
    parameter.set_data(view);
    parameter.mutable_grad() = view_of(bucket_, slices_[i]);
    parameters_.push_back(parameter);
  }
}

std::vector<std::int64_t> FlatParameters::begins() const {
  std::vector<std::int64_t> begins;
  for (const Slice& slice : slices_) begins.push_back(slice.begin);
  return begins;
}

Tensor FlatParameters::view_of(const Tensor& flat, const Slice& slice) const {
  std::int64_t count = 1;
  for (const std::int64_t extent : slice.shape) count *= extent;
  const Tensor part = flat.narrow(0, slice.begin, count);
  if (slice.shape.size() == 4) {
    return part.view({slice.shape[0], slice.shape[2], slice.shape[3], slice.shape[1]}).permute({0, 3, 1, 2});
  }
  return part.view(slice.shape);
}

void FlatParameters::set_rates(const AdamSettings& settings) {
  if (!rates_.defined()) rates_ = torch::empty({2}, values_.options());
  // As arguments of kernels: for a copy out of the host's memory it would have to wait.
  rates_[0].fill_(settings.lr);
  rates_[1].fill_(settings.special_lr);
}

void FlatParameters::step(const AdamSettings& settings, const Tensor& skipped) {
  torch::NoGradGuard no_grad;
  // Each of these takes memory before it writes, so it can be tried again.
  if (skipped.defined()) {
    with_second_try([&] { step_.add_(1.0f - skipped); });
  } else {
    with_second_try([&] { step_.add_(1.0); });
  }
  if (settings.optimizer == Optimizer::kLamb) {
    step_lamb(settings, skipped);
  } else {
    step_adam(settings, skipped);
  }
}

void FlatParameters::step_adam(const AdamSettings& settings, const Tensor& skipped) {
  const std::vector<Tensor> steps{step_};
  const auto run = [&](std::int64_t begin, std::int64_t end, const auto& lr) {
    if (begin == end) return;
    const auto part = [&](const Tensor& t) { return std::vector<Tensor>{t.narrow(0, begin, end - begin)}; };
    with_second_try([&] {
      at::_fused_adamw_(part(values_), part(bucket_), part(first_moment_), part(second_moment_), {}, steps,
                        lr, settings.beta1, settings.beta2, settings.weight_decay, settings.eps, false, false,
                        {}, skipped.defined() ? std::optional<Tensor>(skipped) : std::nullopt);
    });
  };
  if (skipped.defined()) {
    run(0, special_begin_, rates_[0]);
    run(special_begin_, size_, rates_[1]);
  } else {
    run(0, special_begin_, settings.lr);
    run(special_begin_, size_, settings.special_lr);
  }
}

void FlatParameters::step_lamb(const AdamSettings& settings, const Tensor& skipped) {
  const Tensor gradients = bucket_.narrow(0, 0, size_);
  // A skipped gradient is not a number; it must not reach the moments.
  const Tensor taken = skipped.defined() ? skipped.lt(0.5f) : torch::ones({}, values_.options()).gt(0.5f);
  first_moment_.copy_(
      torch::where(taken, first_moment_.lerp(gradients, 1.0 - settings.beta1), first_moment_));
  second_moment_.copy_(
      torch::where(taken, second_moment_.lerp(gradients.square(), 1.0 - settings.beta2), second_moment_));
  const Tensor steps = step_.to(torch::kFloat64);
  const Tensor first_share = (1.0 - torch::pow(settings.beta1, steps)).to(torch::kFloat32);
  const Tensor second_share = (1.0 - torch::pow(settings.beta2, steps)).to(torch::kFloat32);
  const Tensor update = (first_moment_ / first_share)
                            .div_((second_moment_ / second_share).sqrt_().add_(settings.eps))
                            .add_(values_, settings.weight_decay);
  for (const Slice& slice : slices_) {
    std::int64_t count = 1;
    for (const std::int64_t extent : slice.shape) count *= extent;
    const bool special = slice.begin >= special_begin_;
    Tensor value = values_.narrow(0, slice.begin, count);
    const Tensor part = update.narrow(0, slice.begin, count);
    const Tensor value_norm = value.norm(), part_norm = part.norm();
    const Tensor ratio =
        torch::where(value_norm.gt(0.0f).logical_and(part_norm.gt(0.0f)), value_norm / part_norm, 1.0f);
    const Tensor rate = skipped.defined() ? rates_[special ? 1 : 0] * ratio
                                          : ratio * (special ? settings.special_lr : settings.lr);
    value.sub_(torch::where(taken, part * rate, 0.0f));
  }
}

void FlatParameters::keep_snapshot() {
  torch::NoGradGuard no_grad;
  snapshot_ = {values_.clone(), first_moment_.clone(), second_moment_.clone(), step_.clone()};
}

void FlatParameters::restore_snapshot() {
  torch::NoGradGuard no_grad;
  values_.copy_(snapshot_[0]);
  first_moment_.copy_(snapshot_[1]);
  second_moment_.copy_(snapshot_[2]);
  step_.copy_(snapshot_[3]);
}

FlatParameters::NamedTensors FlatParameters::named(const std::string& prefix, const Tensor& flat) const {
  NamedTensors result;
  for (const Slice& slice : slices_) {
    result.emplace_back(prefix + slice.name, view_of(flat, slice).clone(at::MemoryFormat::Contiguous));
  }
  return result;
}

FlatParameters::NamedTensors FlatParameters::named_values() const { return named("value/", values_); }

FlatParameters::NamedTensors FlatParameters::named_moments() const {
  NamedTensors result;
  for (const Slice& slice : slices_) {
    result.emplace_back("adam_m/" + slice.name,
                        view_of(first_moment_, slice).clone(at::MemoryFormat::Contiguous));
    result.emplace_back("adam_v/" + slice.name,
                        view_of(second_moment_, slice).clone(at::MemoryFormat::Contiguous));
  }
  result.emplace_back("adam_step", step_.clone());
  return result;
}

bool FlatParameters::assign(const NamedTensors& source, const std::string& prefix, const Tensor& flat,
                            std::string* missing) const {
  torch::NoGradGuard no_grad;
  for (const Slice& slice : slices_) {
    const auto found = std::find_if(source.begin(), source.end(),
                                    [&](const auto& entry) { return entry.first == prefix + slice.name; });
    if (found == source.end() || found->second.sizes() != at::IntArrayRef(slice.shape)) {
      *missing = prefix + slice.name;
      return false;
    }
    view_of(flat, slice).copy_(found->second);
  }
  return true;
}

bool FlatParameters::assign_values(const NamedTensors& source, std::string* missing) {
  return assign(source, "value/", values_, missing);
}

bool FlatParameters::assign_moments(const NamedTensors& source, std::string* missing) {
  if (!assign(source, "adam_m/", first_moment_, missing)) return false;
  if (!assign(source, "adam_v/", second_moment_, missing)) return false;
  const auto found = std::find_if(source.begin(), source.end(),
                                  [](const auto& entry) { return entry.first == "adam_step"; });
  if (found == source.end()) {
    *missing = "adam_step";
    return false;
  }
  torch::NoGradGuard no_grad;
  step_.copy_(found->second.reshape(at::IntArrayRef()));
  return true;
}

}  // namespace inknav::learn
