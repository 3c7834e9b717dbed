// SPDX-License-Identifier: MIT
#include "learn/networks/encoders.h"

#include <cmath>
#include <string>

#include "base/check.h"
#include "base/philox.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

torch::nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2));
}

std::int64_t halved(std::int64_t size, std::int64_t stride) { return (size + stride - 1) / stride; }

/// [B, C, H, W] -> [B, 16 C, H/4, W/4], channels-last in and out.
Tensor space_to_depth4(const Tensor& x) {
  const std::int64_t b = x.size(0), c = x.size(1), h = x.size(2) / 4, w = x.size(3) / 4;
  return x.permute({0, 2, 3, 1})
      .reshape({b, h, 4, w, 4, c})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({b, h, w, 16 * c})
      .permute({0, 3, 1, 2});
}

/// In place: a convolution's gradient does not need its own output.
Tensor relu(Tensor x) { return x.relu_(); }

Tensor flat(const Tensor& x) { return x.permute({0, 2, 3, 1}).reshape({x.size(0), -1}); }

}  // namespace

BasicBlockImpl::BasicBlockImpl(std::int64_t in_planes, std::int64_t out_planes, std::int64_t stride) {
  first_ = register_module("first", conv(in_planes, out_planes, 3, stride));
  second_ = register_module("zero_second", conv(out_planes, out_planes, 3, 1));
  if (in_planes != out_planes || stride != 1) {
    shortcut_ = register_module("shortcut", conv(in_planes, out_planes, 1, stride));
  }
}

Tensor BasicBlockImpl::forward(const Tensor& x) {
  const Tensor y = residual(x);
  return (y + shortcut(x)).relu_();
}

SeBlockImpl::SeBlockImpl(std::int64_t in_planes, std::int64_t out_planes, std::int64_t stride)
    : BasicBlockImpl(in_planes, out_planes, stride) {
  const std::int64_t narrow = std::max<std::int64_t>(out_planes / 16, 4);
  squeeze_ = register_module("squeeze", torch::nn::Linear(out_planes, narrow));
  excite_ = register_module("excite", torch::nn::Linear(narrow, out_planes));
}

Tensor SeBlockImpl::forward(const Tensor& x) {
  const Tensor y = residual(x);
  const Tensor gate = torch::sigmoid(excite_(squeeze_(y.mean({2, 3})).relu_()));
  return torch::addcmul(shortcut(x), y, gate.view({y.size(0), y.size(1), 1, 1})).relu_();
}

void StagedEncoderImpl::build(const torch::nn::Conv2d& stem, std::int64_t height, std::int64_t width,
                              std::int64_t base_planes, const AddStage& add_stage) {
  stem_ = register_module("stem", stem);
  std::int64_t planes = base_planes;
  for (int stage = 0; stage < 4; ++stage) {
    const std::int64_t stride = stage == 0 ? 1 : 2;
    const std::int64_t out = base_planes << stage;
    add_stage(stages_, planes, out, stride);
    height = halved(height, stride);
    width = halved(width, stride);
    planes = out;
  }
  register_module("stages", stages_);
  out_size_ = planes * height * width;
}

Tensor StagedEncoderImpl::stages(const Tensor& x) { return flat(stages_->forward(x)); }

SeResNet9Impl::SeResNet9Impl(std::int64_t channels, std::int64_t height, std::int64_t width,
                             std::int64_t base_planes) {
  INKNAV_CHECK(height % 4 == 0 && width % 4 == 0, height, width);
  build(conv(16 * channels, base_planes, 3, 1), height / 4, width / 4, base_planes,
        [](torch::nn::Sequential& stages, std::int64_t in, std::int64_t out, std::int64_t stride) {
          stages->push_back(SeBlock(in, out, stride));
        });
}

Tensor SeResNet9Impl::forward(const Tensor& image) { return stages(stem(space_to_depth4(image))); }

ResNet18Impl::ResNet18Impl(std::int64_t channels, std::int64_t height, std::int64_t width,
                           std::int64_t base_planes) {
  INKNAV_CHECK(height % 4 == 0 && width % 4 == 0, height, width);
  build(conv(channels, base_planes, 7, 2), halved(height / 4, 2), halved(width / 4, 2), base_planes,
        [](torch::nn::Sequential& stages, std::int64_t in, std::int64_t out, std::int64_t stride) {
          stages->push_back(BasicBlock(in, out, stride));
          stages->push_back(BasicBlock(out, out, 1));
        });
}

Tensor ResNet18Impl::forward(const Tensor& image) {
  return stages(torch::max_pool2d(stem(torch::avg_pool2d(image, 2)), 3, 2, 1));
}

SmallCnnImpl::SmallCnnImpl(std::int64_t channels, std::int64_t height, std::int64_t width,
                           std::int64_t base_planes) {
  layers_->push_back(conv(16 * channels, base_planes, 3, 1));
  layers_->push_back(torch::nn::Functional(relu));
  layers_->push_back(conv(base_planes, 2 * base_planes, 3, 2));
  layers_->push_back(torch::nn::Functional(relu));
  layers_->push_back(conv(2 * base_planes, base_planes, 3, 1));
  layers_->push_back(torch::nn::Functional(relu));
  register_module("layers", layers_);
  out_size_ = base_planes * halved(height / 4, 2) * halved(width / 4, 2);
}

Tensor SmallCnnImpl::forward(const Tensor& image) { return flat(layers_->forward(space_to_depth4(image))); }

CropEncoderImpl::CropEncoderImpl(std::int64_t planes, std::int64_t cells, std::int64_t channels) {
  INKNAV_CHECK(cells % 4 == 0, cells);
  // From cells to a quarter of the side in one convolution; two of stride 2 take twice the time.
  layers_->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(planes, channels, 6).stride(4).padding(1)));
  layers_->push_back(torch::nn::Functional(relu));
  layers_->push_back(conv(channels, 2 * channels, 3, 2));
  layers_->push_back(torch::nn::Functional(relu));
  layers_->push_back(conv(2 * channels, 2 * channels, 3, 2));
  layers_->push_back(torch::nn::Functional(relu));
  register_module("layers", layers_);
  const std::int64_t side = halved(halved(cells / 4, 2), 2);
  project_ = register_module("project", torch::nn::Linear(2 * channels * side * side, kOutSize));
}

Tensor CropEncoderImpl::forward(const Tensor& crops) {
  return project_(flat(layers_->forward(crops))).relu_();
}

DrawingEncoderImpl::DrawingEncoderImpl(std::int64_t drawing_size, std::int64_t features) {
  layers_->push_back(conv(4, 8, 5, 4));
  layers_->push_back(torch::nn::Functional(relu));
  layers_->push_back(conv(8, 16, 3, 2));
  layers_->push_back(torch::nn::Functional(relu));
  layers_->push_back(conv(16, 32, 3, 2));
  layers_->push_back(torch::nn::Functional(relu));
  register_module("layers", layers_);
  const std::int64_t side = halved(halved(halved(drawing_size, 4), 2), 2);
  project_ = register_module("project", torch::nn::Linear(32 * side * side, 64));
  out_ = register_module("zero_out", torch::nn::Linear(64, features + 1));
}

Tensor DrawingEncoderImpl::forward(const Tensor& planes) {
  const Tensor x = planes.to(torch::kFloat32).mul_(1.0f / 255.0f).contiguous(at::MemoryFormat::ChannelsLast);
  return out_(project_(flat(layers_->forward(x))).relu_());
}

void initialize(torch::nn::Module& module, std::uint64_t seed) {
  torch::NoGradGuard no_grad;
  std::uint32_t index = 0;
  for (const auto& item : module.named_parameters()) {
    Tensor parameter = item.value();
    const std::uint32_t stream_index = index++;
    if (parameter.dim() == 1 && item.key().ends_with("weight")) {
      parameter.fill_(1.0);
      continue;
    }
    if (parameter.dim() < 2 || item.key().find("zero") != std::string::npos) {
      parameter.zero_();
      continue;
    }
    const std::int64_t fan_in = parameter.numel() / parameter.size(0);
    const bool recurrent = item.key().find("hidden_weight") != std::string::npos ||
                           item.key().find("input_weight") != std::string::npos;
    const float gain = recurrent ? 1.0f : 2.0f;
    const float deviation = std::sqrt(gain / static_cast<float>(fan_in));
    base::PhiloxStream stream({seed, stream_index, 0, 0, base::Purpose::kNetworkInit});
    Tensor values = torch::empty({parameter.numel()});
    float* data = values.data_ptr<float>();
    for (std::int64_t i = 0; i < values.numel(); ++i) data[i] = deviation * stream.normal();
    parameter.copy_(values.view(parameter.sizes()));
  }
}

}  // namespace inknav::learn
