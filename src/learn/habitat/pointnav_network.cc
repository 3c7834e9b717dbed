// SPDX-License-Identifier: MIT
#include "learn/habitat/pointnav_network.h"

#include <tuple>
#include <utility>
#include <vector>

#include "base/check.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr double kNormEps = 1e-5;        // of group norms, PyTorch's default
constexpr double kVarianceFloor = 1e-2;  // of the running variance
const std::string kEncoder = "net.visual_encoder.";
const std::string kRnn = "net.state_encoder.rnn.";

std::int64_t halved(std::int64_t extent) { return (extent + 1) / 2; }

}  // namespace

base::Result<std::shared_ptr<PointNavNetwork>> PointNavNetwork::create(
    const std::map<std::string, Tensor>& tensors, const std::filesystem::path& path) {
  std::map<std::string, Tensor> plain;
  TensorShapes shapes;
  for (const auto& [name, tensor] : tensors) {
    const std::string key = without_actor_prefix(name);
    if (!plain.emplace(key, tensor).second) {
      return base::Error{base::ErrorCode::kData,
                         path.string() + ": one tensor " + key +
                             " was wanted, found it with and without \"actor_critic.\"; "
                             "give another file"};
    }
    shapes[key] = tensor.sizes().vec();
    if (!tensor.isfinite().all().item<bool>()) {
      return base::Error{base::ErrorCode::kData, path.string() + ": finite weights were wanted, found " +
                                                     key + " with others; give another file"};
    }
  }
  INKNAV_ASSIGN_OR_RETURN(PointNavSettings settings, pointnav_settings_of(shapes, path));
  return std::shared_ptr<PointNavNetwork>(new PointNavNetwork(std::move(settings), std::move(plain)));
}

std::int64_t PointNavNetwork::state_size() const {
  return std::int64_t{settings_.hidden_size} * settings_.rnn_layers * (settings_.lstm ? 2 : 1);
}

std::int64_t PointNavNetwork::visual_size(std::int64_t height, std::int64_t width) const {
  height /= 2;  // the mean drops an odd row
  width /= 2;
  constexpr int kHalvings = 5;  // first convolution, pooling, three stages
  for (int i = 0; i < kHalvings; ++i) {
    height = halved(height);
    width = halved(width);
  }
  return height * width * settings_.compressed_channels;
}

const Tensor& PointNavNetwork::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  INKNAV_CHECK(found != tensors_.end(), name);
  return found->second;
}

Tensor PointNavNetwork::linear(const std::string& name, const Tensor& x) const {
  return torch::linear(x, at(name + ".weight"), at(name + ".bias"));
}

Tensor PointNavNetwork::convolution(const std::string& name, const Tensor& x, std::int64_t stride,
                                    std::int64_t groups) const {
  const Tensor& weight = at(name + ".weight");
  const std::int64_t padding = weight.size(2) / 2;
  return torch::conv2d(x, weight, {}, stride, padding, 1, groups);
}

Tensor PointNavNetwork::norm(const std::string& name, const Tensor& x, std::int64_t groups) const {
  return torch::group_norm(x, groups, at(name + ".weight"), at(name + ".bias"), kNormEps);
}

Tensor PointNavNetwork::block(const std::string& name, const Tensor& x, std::int64_t stride,
                              std::int64_t cardinality) const {
  const std::int64_t groups = settings_.norm_groups();
  Tensor out;
  if (settings_.bottleneck) {
    out = norm(name + "convs.1", convolution(name + "convs.0", x, 1, 1), groups).relu_();
    out = norm(name + "convs.4", convolution(name + "convs.3", out, stride, cardinality), groups).relu_();
    out = norm(name + "convs.7", convolution(name + "convs.6", out, 1, 1), groups);
  } else {
    out = norm(name + "convs.1", convolution(name + "convs.0", x, stride, cardinality), groups).relu_();
    out = norm(name + "convs.4", convolution(name + "convs.3", out, 1, cardinality), groups);
  }
  if (settings_.squeeze) {
    const Tensor squeezed = linear(name + "se.excite.0", out.mean({2, 3})).relu_();
    const Tensor excited = linear(name + "se.excite.2", squeezed).sigmoid_();
    out = out * excited.unsqueeze(2).unsqueeze(3);
  }
  const bool projected = tensors_.contains(name + "downsample.0.weight");
  const Tensor identity =
      projected ? norm(name + "downsample.1", convolution(name + "downsample.0", x, stride, 1), groups) : x;
  return (out + identity).relu_();
}

Tensor PointNavNetwork::encode(const Tensor& image) const {
  Tensor x = torch::avg_pool2d(image, 2);
  if (settings_.normalizes) {
    const Tensor scale = at(kEncoder + "running_mean_and_var._var").clamp_min(kVarianceFloor).rsqrt();
    x = (x - at(kEncoder + "running_mean_and_var._mean")) * scale;
  }
  x = norm(kEncoder + "backbone.conv1.1", convolution(kEncoder + "backbone.conv1.0", x, 2, 1),
           settings_.norm_groups())
          .relu_();
  x = torch::max_pool2d(x, 3, 2, 1);
  for (std::size_t stage = 0; stage < settings_.cardinality.size(); ++stage) {
    for (std::size_t i = 0; i < settings_.cardinality[stage].size(); ++i) {
      const std::string name =
          kEncoder + "backbone.layer" + std::to_string(stage + 1) + "." + std::to_string(i) + ".";
      x = block(name, x, stage > 0 && i == 0 ? 2 : 1, settings_.cardinality[stage][i]);
    }
  }
  x = norm(kEncoder + "compression.1", convolution(kEncoder + "compression.0", x, 1, 1), 1).relu_();
  return linear("net.visual_fc.1", x.flatten(1)).relu_();
}

Tensor PointNavNetwork::remember(Tensor x, const PointNavInput& input, Tensor& next) const {
  const std::int64_t hidden = settings_.hidden_size, layers = settings_.rnn_layers;
  const Tensor state = input.state * input.keep.unsqueeze(1);
  std::vector<Tensor> outputs, cells;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const std::string end = "_l" + std::to_string(layer);
    const Tensor &wi = at(kRnn + "weight_ih" + end), &wh = at(kRnn + "weight_hh" + end);
    const Tensor &bi = at(kRnn + "bias_ih" + end), &bh = at(kRnn + "bias_hh" + end);
    const Tensor h = state.narrow(1, layer * hidden, hidden);
    if (settings_.lstm) {
      const Tensor c = state.narrow(1, (layers + layer) * hidden, hidden);
      auto [h_next, c_next] = torch::lstm_cell(x, {h, c}, wi, wh, bi, bh);
      cells.push_back(c_next);
      x = h_next;
    } else {
      x = torch::gru_cell(x, h, wi, wh, bi, bh);
    }
    outputs.push_back(x);
  }
  outputs.insert(outputs.end(), cells.begin(), cells.end());
  next = torch::cat(outputs, 1);
  return x;
}

PointNavOutput PointNavNetwork::forward(const PointNavInput& input) const {
  torch::NoGradGuard no_grad;
  std::vector<Tensor> parts;
  if (!settings_.blind) parts.push_back(encode(input.image));
  const Tensor angle = -input.goal.select(1, 1);
  parts.push_back(
      linear("net.tgt_embeding", torch::stack({input.goal.select(1, 0), angle.cos(), angle.sin()}, 1)));
  const Tensor previous = (input.previous_action + 1) * input.keep.to(torch::kInt64);
  parts.push_back(torch::embedding(at("net.prev_action_embedding.weight"), previous));
  PointNavOutput output;
  const Tensor features = remember(torch::cat(parts, 1), input, output.state);
  output.log_probabilities = linear("action_distribution.linear", features).log_softmax(1);
  output.value = linear("critic.fc", features).squeeze(1);
  return output;
}

}  // namespace inknav::learn
