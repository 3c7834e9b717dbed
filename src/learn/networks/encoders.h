// SPDX-License-Identifier: MIT
#pragma once
// Convolutional encoders. All inputs are channels-last (NHWC in memory, NCHW in shape), f32.
//
// SeResNet9: 4x4 space-to-depth stem, four stages of one residual block with squeeze-and-excitation, no
//   normalisation: the last convolution of a block begins at zero (Fixup, Zhang et al. 2019), the shape
//   follows "Large Batch Simulation for Deep Reinforcement Learning" (Shacklett et al. 2021).
// ResNet18: 2x2 pooling, then stem and four stages of two basic blocks (He et al. 2016), without
//   normalisation, the last convolution of a block begins at zero as above; base_planes 32 is half width.
// SmallCnn: three convolutions. CropEncoder: three, for the stacked crops of learn/reading.
// DrawingEncoder: the whole drawing to a few features and a correction of the prior log scale.

#include <torch/torch.h>

#include <cstdint>
#include <functional>

#include "learn/settings.h"

namespace inknav::learn {

class BasicBlockImpl : public torch::nn::Module {
 public:
  BasicBlockImpl(std::int64_t in_planes, std::int64_t out_planes, std::int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);

 protected:
  torch::Tensor residual(const torch::Tensor& x) { return second_(first_(x).relu_()); }
  torch::Tensor shortcut(const torch::Tensor& x) { return shortcut_.is_empty() ? x : shortcut_(x); }

 private:
  torch::nn::Conv2d first_{nullptr};
  torch::nn::Conv2d second_{nullptr};
  torch::nn::Conv2d shortcut_{nullptr};
};
TORCH_MODULE(BasicBlock);

class SeBlockImpl : public BasicBlockImpl {
 public:
  SeBlockImpl(std::int64_t in_planes, std::int64_t out_planes, std::int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Linear squeeze_{nullptr};
  torch::nn::Linear excite_{nullptr};
};
TORCH_MODULE(SeBlock);

/// A stem and four stages; every stage but the first halves the picture and doubles the planes.
class StagedEncoderImpl : public torch::nn::Module {
 public:
  std::int64_t out_size() const { return out_size_; }

 protected:
  /// Appends the blocks of one stage.
  using AddStage = std::function<void(torch::nn::Sequential& stages, std::int64_t in_planes,
                                      std::int64_t out_planes, std::int64_t stride)>;
  /// Of a stem that gives `base_planes` planes of `height` x `width`.
  void build(const torch::nn::Conv2d& stem, std::int64_t height, std::int64_t width, std::int64_t base_planes,
             const AddStage& add_stage);
  torch::Tensor stem(const torch::Tensor& x) { return stem_(x).relu_(); }
  torch::Tensor stages(const torch::Tensor& x);  // -> [B, out_size]

 private:
  torch::nn::Conv2d stem_{nullptr};
  torch::nn::Sequential stages_;
  std::int64_t out_size_ = 0;
};

class SeResNet9Impl : public StagedEncoderImpl {
 public:
  SeResNet9Impl(std::int64_t channels, std::int64_t height, std::int64_t width, std::int64_t base_planes);
  torch::Tensor forward(const torch::Tensor& image);  // [B, C, H, W] -> [B, out_size]
};
TORCH_MODULE(SeResNet9);

class ResNet18Impl : public StagedEncoderImpl {
 public:
  ResNet18Impl(std::int64_t channels, std::int64_t height, std::int64_t width, std::int64_t base_planes);
  torch::Tensor forward(const torch::Tensor& image);  // [B, C, H, W] -> [B, out_size]
};
TORCH_MODULE(ResNet18);

class SmallCnnImpl : public torch::nn::Module {
 public:
  SmallCnnImpl(std::int64_t channels, std::int64_t height, std::int64_t width, std::int64_t base_planes);
  torch::Tensor forward(const torch::Tensor& image);
  std::int64_t out_size() const { return out_size_; }

 private:
  torch::nn::Sequential layers_;
  std::int64_t out_size_ = 0;
};
TORCH_MODULE(SmallCnn);

class CropEncoderImpl : public torch::nn::Module {
 public:
  CropEncoderImpl(std::int64_t planes, std::int64_t cells, std::int64_t channels);
  torch::Tensor forward(const torch::Tensor& crops);  // [B, planes, C, C] in [0, 1]
  static constexpr std::int64_t kOutSize = 256;

 private:
  torch::nn::Sequential layers_;
  torch::nn::Linear project_{nullptr};
};
TORCH_MODULE(CropEncoder);

class DrawingEncoderImpl : public torch::nn::Module {
 public:
  DrawingEncoderImpl(std::int64_t drawing_size, std::int64_t features);
  /// [U, 4, S, S] u8 -> [U, features + 1]; the last column corrects the prior log scale.
  torch::Tensor forward(const torch::Tensor& planes);

 private:
  torch::nn::Sequential layers_;
  torch::nn::Linear project_{nullptr};
  torch::nn::Linear out_{nullptr};
};
TORCH_MODULE(DrawingEncoder);

/// Deterministic start values from philox(seed, kNetworkInit): every weight of two or more dimensions normal
/// with He's variance (fan in), biases zero; parameters whose name contains "zero" stay zero. A "weight" of
/// one dimension is the scale of a normalisation and begins at 1.
void initialize(torch::nn::Module& module, std::uint64_t seed);

}  // namespace inknav::learn
