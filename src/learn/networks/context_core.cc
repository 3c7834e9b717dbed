// SPDX-License-Identifier: MIT
#include "learn/networks/context_core.h"

#include <cmath>

#include "base/check.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr float kMasked = -1e9f;  // added to the score of a token that is not of this episode

Tensor layer_norm(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  return torch::layer_norm(x, {x.size(-1)}, 1.0f + scale, shift);
}

/// [B, n, F] -> [B, heads, n, F / heads]
Tensor split_heads(const Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

}  // namespace

AttentionLayerImpl::AttentionLayerImpl(const ContextShape& shape) : heads_(shape.heads) {
  INKNAV_CHECK(shape.features % shape.heads == 0, shape.features, shape.heads);
  const std::int64_t features = shape.features, wide = features * shape.ff_factor;
  first_scale_ = register_parameter("first_scale", torch::zeros({features}));
  first_shift_ = register_parameter("first_shift", torch::zeros({features}));
  second_scale_ = register_parameter("second_scale", torch::zeros({features}));
  second_shift_ = register_parameter("second_shift", torch::zeros({features}));
  query_ = register_module("query", torch::nn::Linear(features, features));
  key_value_ = register_module("key_value", torch::nn::Linear(features, 2 * features));
  out_ = register_module("zero_out", torch::nn::Linear(features, features));
  widen_ = register_module("widen", torch::nn::Linear(features, wide));
  narrow_ = register_module("zero_narrow", torch::nn::Linear(wide, features));
}

Tensor AttentionLayerImpl::forward(const Tensor& tokens, const Tensor& mask, std::int64_t queries) {
  const Tensor normed = layer_norm(tokens, first_scale_, first_shift_);
  const std::int64_t first = tokens.size(1) - queries;
  const Tensor asked = split_heads(query_(normed.narrow(1, first, queries)), heads_);
  const std::vector<Tensor> pair = key_value_(normed).chunk(2, 2);
  const Tensor keys = split_heads(pair[0], heads_), values = split_heads(pair[1], heads_);
  const double scale = 1.0 / std::sqrt(static_cast<double>(keys.size(3)));
  const Tensor weights = torch::softmax(asked.matmul(keys.transpose(2, 3)) * scale + mask, 3);
  const Tensor mixed = weights.matmul(values).transpose(1, 2).reshape({tokens.size(0), queries, -1});
  const Tensor x = tokens.narrow(1, first, queries) + out_(mixed);
  return x + narrow_(torch::relu(widen_(layer_norm(x, second_scale_, second_shift_))));
}

ContextCoreImpl::ContextCoreImpl(Recurrence kind, const ContextShape& shape) : kind_(kind), shape_(shape) {
  INKNAV_CHECK(kind == Recurrence::kTransformer || kind == Recurrence::kStack);
  INKNAV_CHECK(shape.window >= 1 && shape.features >= 1, shape.window, shape.features);
  if (kind == Recurrence::kStack) {
    stack_ = register_module("stack", torch::nn::Linear(shape.window * shape.features, shape.features));
    return;
  }
  position_ = register_parameter("zero_position", torch::zeros({shape.window, shape.features}));
  for (int i = 0; i < shape.layers; ++i) layers_->push_back(AttentionLayer(shape));
  register_module("layers", layers_);
}

std::int64_t ContextCoreImpl::state_size() const {
  return static_cast<std::int64_t>(shape_.window - 1) * shape_.features + 1;
}

ContextCoreImpl::Output ContextCoreImpl::forward(const Tensor& inputs, const Tensor& state,
                                                 const Tensor& keep) {
  const std::int64_t steps = inputs.size(0), rows = inputs.size(1), features = shape_.features;
  const std::int64_t window = shape_.window, past = window - 1;
  const Tensor before = state.narrow(1, 0, past * features).view({rows, past, features}).transpose(0, 1);
  const Tensor all = torch::cat({before, inputs});  // [past + T, N, F]
  // How many past observations each step may see.
  Tensor seen = state.select(1, past * features);
  std::vector<Tensor> counts;
  for (std::int64_t t = 0; t < steps; ++t) {
    const Tensor visible = seen * keep[t];
    counts.push_back(visible);
    seen = (visible + 1.0f).clamp_max(static_cast<float>(past));
  }
  const Tensor tokens =
      all.unfold(0, window, 1).permute({0, 1, 3, 2}).reshape({steps * rows, window, features});
  // Token j of the window lies past - j steps back.
  const Tensor back = torch::arange(past, -1, -1, inputs.options().dtype(torch::kFloat32));
  const Tensor visible = torch::stack(counts).view({steps * rows, 1}).ge(back);  // [B, window]
  Tensor out;
  if (kind_ == Recurrence::kStack) {
    out = stack_(torch::where(visible.unsqueeze(2), tokens, torch::zeros({}, tokens.options())).flatten(1))
              .relu();
  } else {
    const Tensor mask = torch::where(visible, 0.0f, kMasked).view({steps * rows, 1, 1, window});
    Tensor x = tokens + position_;
    for (std::size_t i = 0; i < layers_->size(); ++i) {
      const bool last = i + 1 == layers_->size();
      x = layers_[i]->as<AttentionLayer>()->forward(x, mask, last ? 1 : window);
    }
    out = x.select(1, x.size(1) - 1);
  }
  const Tensor kept = all.narrow(0, steps, past).transpose(0, 1).reshape({rows, past * features});
  return {out.view({steps, rows, features}), torch::cat({kept.detach(), seen.unsqueeze(1)}, 1)};
}

}  // namespace inknav::learn
