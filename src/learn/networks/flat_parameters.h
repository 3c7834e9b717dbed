// SPDX-License-Identifier: MIT
#pragma once
// FlatParameters: all weights of a module in one array, all gradients in another of the same layout, and
// AdamW over them: one bucket to all-reduce, one pass to step, one copy to roll back.
//
// Convolution weights lie channels-last in the array (oneDNN then needs no reorder); named tensors for
// checkpoints are handed out in torch's usual order. Weight decay is decoupled (AdamW). Everything lies on
// the device of the module's parameters. LAMB: Adam's step of a tensor, weight decay in it, times
// |weights| / |step| where both are above 0, so that no layer moves by more than its part. Laws: stepping
// equals torch::optim::AdamW, and LAMB in double precision, up to float rounding (tests).

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

#include "learn/settings.h"

namespace inknav::learn {

struct AdamSettings {
  Optimizer optimizer = Optimizer::kAdam;
  double lr = 7e-4;
  double special_lr = 7e-4;  // of the parameters that the constructor was told to step apart
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-5;
  double weight_decay = 1e-4;
};

class FlatParameters {
 public:
  /// Moves the module's parameters into the array; the module keeps working on views of it. `extra` floats
  /// follow the gradients in the bucket (losses that are averaged over the ranks with them).
  /// Parameters whose name begins with `special_prefix` (empty: none) are stepped with special_lr.
  FlatParameters(torch::nn::Module& module, std::int64_t extra, const std::string& special_prefix = "");

  torch::Tensor& bucket() { return bucket_; }  // [size + extra] gradients, then the extra numbers
  torch::Tensor gradients() { return bucket_.narrow(0, 0, size_); }
  torch::Tensor extra() { return bucket_.narrow(0, size_, bucket_.size(0) - size_); }
  torch::Tensor& values() { return values_; }
  std::int64_t size() const { return size_; }
  /// The module's parameters in the order of the array: begins()[i] is where the gradient of parameters()[i]
  /// begins.
  const std::vector<torch::Tensor>& parameters() const { return parameters_; }
  std::vector<std::int64_t> begins() const;

  void zero_gradients() { bucket_.zero_(); }
  /// `skipped`: a scalar f32 on the parameters' device; where it is 1 nothing is stepped. With it the
  /// learning rates are those of the last set_rates(), on the device too, so that the step may be captured
  /// into a graph.
  void step(const AdamSettings& settings, const torch::Tensor& skipped = {});
  void set_rates(const AdamSettings& settings);

  /// A copy of weights and moments in memory, for a rollback.
  void keep_snapshot();
  void restore_snapshot();

  using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;
  /// Contiguous copies "<prefix>value/<name>", and with moments "adam_m/", "adam_v/", "adam_step".
  NamedTensors named_values() const;
  NamedTensors named_moments() const;
  /// Any array of the same layout, "<prefix><name>".
  NamedTensors named(const std::string& prefix, const torch::Tensor& flat) const;
  /// Reverse of the above; false names in `missing` when one is absent or of another shape.
  bool assign_values(const NamedTensors& source, std::string* missing);
  bool assign_moments(const NamedTensors& source, std::string* missing);
  bool assign(const NamedTensors& source, const std::string& prefix, const torch::Tensor& flat,
              std::string* missing) const;

 private:
  struct Slice {
    std::string name;
    std::int64_t begin = 0;
    std::vector<std::int64_t> shape;
  };
  torch::Tensor view_of(const torch::Tensor& flat, const Slice& slice) const;
  void step_adam(const AdamSettings& settings, const torch::Tensor& skipped);
  void step_lamb(const AdamSettings& settings, const torch::Tensor& skipped);

  std::vector<Slice> slices_;
  std::vector<torch::Tensor> parameters_;
  std::int64_t size_ = 0;
  std::int64_t special_begin_ = 0;  // the special ones lie at the end
  torch::Tensor values_;
  torch::Tensor bucket_;
  torch::Tensor first_moment_;
  torch::Tensor second_moment_;
  torch::Tensor step_;                   // [] f32, number of steps done
  torch::Tensor rates_;                  // [2] f32, of set_rates()
  std::vector<torch::Tensor> snapshot_;  // of values, moments, step
};

}  // namespace inknav::learn
