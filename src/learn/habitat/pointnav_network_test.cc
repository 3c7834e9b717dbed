// SPDX-License-Identifier: MIT
#include "learn/habitat/pointnav_network.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/philox.h"
#include "learn/habitat/pointnav_variants.h"

namespace inknav::learn {
namespace {

using testing::tiny;
using testing::variants;

// The policy written down a second time, in plain loops and doubles, from the description in
// pointnav_settings.h.

using Weights = std::map<std::string, torch::Tensor>;

/// Small random numbers; variances of the normalisation are positive.
Weights random_weights(const PointNavSettings& settings, std::uint64_t seed, const std::string& prefix = "") {
  Weights weights;
  std::uint32_t index = 0;
  for (const auto& [name, shape] : tensors_of(settings)) {
    base::PhiloxStream stream({seed, index++, 0, 0, base::Purpose::kTest});
    torch::Tensor tensor = torch::empty(shape);
    float* data = tensor.data_ptr<float>();
    const std::int64_t fan = tensor.dim() > 1 ? tensor.numel() / tensor.size(0) : 1;
    const float scale = tensor.dim() > 1 ? 1.7f / std::sqrt(static_cast<float>(fan)) : 0.5f;
    for (std::int64_t i = 0; i < tensor.numel(); ++i) data[i] = scale * (2.0f * stream.uniform() - 1.0f);
    if (name.ends_with("_var")) tensor.abs_();
    weights[prefix + name] = tensor;
  }
  return weights;
}

/// [channels][height][width]
struct Volume {
  int channels = 0, height = 0, width = 0;
  std::vector<double> values;

  Volume(int c, int h, int w)
      : channels(c),
        height(h),
        width(w),
        values(static_cast<std::size_t>(c) * static_cast<std::size_t>(h * w)) {}
  double& at(int c, int y, int x) { return values[static_cast<std::size_t>((c * height + y) * width + x)]; }
  double at(int c, int y, int x) const {
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
};

class PointNavTwin {
 public:
  PointNavTwin(PointNavSettings settings, Weights weights)
      : settings_(std::move(settings)), weights_(std::move(weights)) {}

  struct Output {
    std::vector<double> log_probabilities, state;
    double value = 0.0;
  };

  /// `previous` is -1 where an episode begins; the state is then zero.
  Output forward(const Volume& image, double distance, double angle, int previous,
                 std::vector<double> state) const {
    std::vector<double> x;
    if (!settings_.blind) x = encode(image);
    append(x, linear("net.tgt_embeding", {distance, std::cos(-angle), std::sin(-angle)}));
    std::vector<double> row;
    for (int i = 0; i < kPointNavEmbedding; ++i)
      row.push_back(weight("net.prev_action_embedding.weight", previous + 1, i));
    append(x, row);
    if (previous < 0) std::fill(state.begin(), state.end(), 0.0);
    Output output;
    x = remember(x, state, output.state);
    std::vector<double> logits = linear("action_distribution.linear", x);
    double sum = 0.0;
    for (const double logit : logits) sum += std::exp(logit);
    for (const double logit : logits) output.log_probabilities.push_back(logit - std::log(sum));
    output.value = linear("critic.fc", x)[0];
    return output;
  }

 private:
  const torch::Tensor& tensor(const std::string& name) const { return weights_.at(name); }
  double weight(const std::string& name, std::int64_t i) const {
    return static_cast<double>(tensor(name).data_ptr<float>()[i]);
  }
  double weight(const std::string& name, std::int64_t i, std::int64_t j) const {
    return weight(name, i * tensor(name).size(1) + j);
  }
  static void append(std::vector<double>& to, const std::vector<double>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }
  static double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
  static void relu(std::vector<double>& values) {
    for (double& value : values) value = std::max(value, 0.0);
  }

  std::vector<double> linear(const std::string& name, const std::vector<double>& x) const {
    std::vector<double> out;
    for (std::int64_t i = 0; i < tensor(name + ".bias").size(0); ++i) {
      double sum = weight(name + ".bias", i);
      for (std::size_t j = 0; j < x.size(); ++j)
        sum += weight(name + ".weight", i, static_cast<std::int64_t>(j)) * x[j];
      out.push_back(sum);
    }
    return out;
  }

  /// Sum over the window of a kernel [channels, size, size] whose first cell lies at (y, x) of channel
  /// `first`.
  static double window_sum(const float* kernel, int channels, int size, const Volume& in,
                           std::array<int, 3> corner) {
    const auto [first, y, x] = corner;
    double sum = 0.0;
    for (int i = 0; i < channels * size * size; ++i) {
      const int c = i / (size * size), v = y + i / size % size, u = x + i % size;
      const bool inside = v >= 0 && u >= 0 && v < in.height && u < in.width;
      if (inside) sum += static_cast<double>(kernel[i]) * in.at(first + c, v, u);
    }
    return sum;
  }

  Volume convolve(const std::string& name, const Volume& in, int stride, int groups) const {
    const torch::Tensor& kernel = tensor(name + ".weight");
    const int out_channels = static_cast<int>(kernel.size(0)), grouped = static_cast<int>(kernel.size(1));
    const int size = static_cast<int>(kernel.size(2)), padding = size / 2;
    Volume out(out_channels, (in.height + 2 * padding - size) / stride + 1,
               (in.width + 2 * padding - size) / stride + 1);
    for (int o = 0; o < out_channels; ++o) {
      const int first = o / (out_channels / groups) * grouped;
      const float* weights =
          kernel.data_ptr<float>() + static_cast<std::ptrdiff_t>(o) * grouped * size * size;
      for (int cell = 0; cell < out.height * out.width; ++cell) {
        const int y = cell / out.width, x = cell % out.width;
        out.at(o, y, x) =
            window_sum(weights, grouped, size, in, {first, y * stride - padding, x * stride - padding});
      }
    }
    return out;
  }

  void normalise(const std::string& name, Volume& volume, int groups) const {
    const int each = volume.channels / groups;
    const double count = static_cast<double>(each) * volume.height * volume.width;
    for (int g = 0; g < groups; ++g) {
      double mean = 0.0, variance = 0.0;
      const std::size_t begin =
          static_cast<std::size_t>(g * each) * static_cast<std::size_t>(volume.height * volume.width);
      const std::size_t end = begin + static_cast<std::size_t>(count);
      for (std::size_t i = begin; i < end; ++i) mean += volume.values[i] / count;
      for (std::size_t i = begin; i < end; ++i)
        variance += (volume.values[i] - mean) * (volume.values[i] - mean) / count;
      const std::size_t plane = static_cast<std::size_t>(volume.height * volume.width);
      for (std::size_t i = begin; i < end; ++i) {
        const auto channel = static_cast<std::int64_t>(i / plane);
        volume.values[i] =
            (volume.values[i] - mean) / std::sqrt(variance + 1e-5) * weight(name + ".weight", channel) +
            weight(name + ".bias", channel);
      }
    }
  }

  Volume block(const std::string& name, const Volume& in, int stride, int cardinality) const {
    const int groups = settings_.norm_groups();
    Volume out(0, 0, 0);
    if (settings_.bottleneck) {
      out = convolve(name + "convs.0", in, 1, 1);
      normalise(name + "convs.1", out, groups);
      relu(out.values);
      out = convolve(name + "convs.3", out, stride, cardinality);
      normalise(name + "convs.4", out, groups);
      relu(out.values);
      out = convolve(name + "convs.6", out, 1, 1);
      normalise(name + "convs.7", out, groups);
    } else {
      out = convolve(name + "convs.0", in, stride, cardinality);
      normalise(name + "convs.1", out, groups);
      relu(out.values);
      out = convolve(name + "convs.3", out, 1, cardinality);
      normalise(name + "convs.4", out, groups);
    }
    if (settings_.squeeze) excite(name, out);
    Volume identity = in;
    if (weights_.contains(name + "downsample.0.weight")) {
      identity = convolve(name + "downsample.0", in, stride, 1);
      normalise(name + "downsample.1", identity, groups);
    }
    for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] += identity.values[i];
    relu(out.values);
    return out;
  }

  void excite(const std::string& name, Volume& volume) const {
    std::vector<double> means(static_cast<std::size_t>(volume.channels), 0.0);
    const std::size_t plane = static_cast<std::size_t>(volume.height * volume.width);
    for (std::size_t i = 0; i < volume.values.size(); ++i)
      means[i / plane] += volume.values[i] / static_cast<double>(plane);
    std::vector<double> squeezed = linear(name + "se.excite.0", means);
    relu(squeezed);
    const std::vector<double> excited = linear(name + "se.excite.2", squeezed);
    for (std::size_t i = 0; i < volume.values.size(); ++i) volume.values[i] *= sigmoid(excited[i / plane]);
  }

  std::vector<double> encode(const Volume& image) const {
    const std::string encoder = "net.visual_encoder.";
    Volume x(image.channels, image.height / 2, image.width / 2);
    for (int c = 0; c < x.channels; ++c) {
      for (int v = 0; v < x.height; ++v) {
        for (int u = 0; u < x.width; ++u) {
          double sum = image.at(c, 2 * v, 2 * u) + image.at(c, 2 * v, 2 * u + 1) +
                       image.at(c, 2 * v + 1, 2 * u) + image.at(c, 2 * v + 1, 2 * u + 1);
          sum /= 4.0;
          if (settings_.normalizes) {
            const double variance = weight(encoder + "running_mean_and_var._var", c);
            sum = (sum - weight(encoder + "running_mean_and_var._mean", c)) /
                  std::sqrt(std::max(variance, 1e-2));
          }
          x.at(c, v, u) = sum;
        }
      }
    }
    x = convolve(encoder + "backbone.conv1.0", x, 2, 1);
    normalise(encoder + "backbone.conv1.1", x, settings_.norm_groups());
    relu(x.values);
    x = pool(x);
    for (std::size_t stage = 0; stage < 4; ++stage) {
      for (std::size_t i = 0; i < settings_.cardinality[stage].size(); ++i) {
        x = block(encoder + "backbone.layer" + std::to_string(stage + 1) + "." + std::to_string(i) + ".", x,
                  stage > 0 && i == 0 ? 2 : 1, settings_.cardinality[stage][i]);
      }
    }
    x = convolve(encoder + "compression.0", x, 1, 1);
    normalise(encoder + "compression.1", x, 1);
    relu(x.values);
    std::vector<double> out = linear("net.visual_fc.1", x.values);
    relu(out);
    return out;
  }

  static Volume pool(const Volume& in) {
    Volume out(in.channels, (in.height - 1) / 2 + 1, (in.width - 1) / 2 + 1);
    for (std::size_t i = 0; i < out.values.size(); ++i) {
      const int cell = static_cast<int>(i), x = cell % out.width, y = cell / out.width % out.height;
      const int c = cell / (out.width * out.height);
      double most = -1e300;
      for (int v = std::max(2 * y - 1, 0); v <= std::min(2 * y + 1, in.height - 1); ++v) {
        for (int u = std::max(2 * x - 1, 0); u <= std::min(2 * x + 1, in.width - 1); ++u)
          most = std::max(most, in.at(c, v, u));
      }
      out.values[i] = most;
    }
    return out;
  }

  /// Gates in PyTorch's order: i f g o of an LSTM, r z n of a GRU.
  std::vector<double> remember(std::vector<double> x, const std::vector<double>& state,
                               std::vector<double>& next) const {
    const auto hidden = static_cast<std::size_t>(settings_.hidden_size);
    const auto layers = static_cast<std::size_t>(settings_.rnn_layers);
    next.assign(state.size(), 0.0);
    for (std::size_t layer = 0; layer < layers; ++layer) {
      const std::string end = "_l" + std::to_string(layer), rnn = "net.state_encoder.rnn.";
      const auto product = [&](const std::string& kind, std::size_t row, const double* in,
                               std::size_t count) {
        double sum = weight(rnn + "bias_" + kind + end, static_cast<std::int64_t>(row));
        for (std::size_t j = 0; j < count; ++j) {
          sum += weight(rnn + "weight_" + kind + end, static_cast<std::int64_t>(row),
                        static_cast<std::int64_t>(j)) *
                 in[j];
        }
        return sum;
      };
      const double* h = state.data() + layer * hidden;
      std::vector<double> out(hidden);
      for (std::size_t k = 0; k < hidden; ++k) {
        const auto from_x = [&](std::size_t gate) {
          return product("ih", gate * hidden + k, x.data(), x.size());
        };
        const auto from_h = [&](std::size_t gate) { return product("hh", gate * hidden + k, h, hidden); };
        if (settings_.lstm) {
          const double c = state[(layers + layer) * hidden + k];
          const double next_c = sigmoid(from_x(1) + from_h(1)) * c +
                                sigmoid(from_x(0) + from_h(0)) * std::tanh(from_x(2) + from_h(2));
          next[(layers + layer) * hidden + k] = next_c;
          out[k] = sigmoid(from_x(3) + from_h(3)) * std::tanh(next_c);
        } else {
          const double r = sigmoid(from_x(0) + from_h(0)), z = sigmoid(from_x(1) + from_h(1));
          out[k] = (1.0 - z) * std::tanh(from_x(2) + r * from_h(2)) + z * h[k];
        }
        next[layer * hidden + k] = out[k];
      }
      x = out;
    }
    return x;
  }

  PointNavSettings settings_;
  Weights weights_;
};

/// float against double: some thousand sums of a few hundred terms of size one each lose about 1e-6.
constexpr double kTolerance = 2e-4;

TEST(PointNavNetwork, EqualsTheSlowTwin) {
  constexpr int kHeight = 66, kWidth = 130;  // 2 x 3 cells at the end
  for (const auto& [name, settings] : variants()) {
    const Weights weights = random_weights(settings, 5);
    Weights prefixed = random_weights(settings, 5, "actor_critic.");
    const auto network = PointNavNetwork::create(prefixed, "f");
    ASSERT_TRUE(network.ok()) << name << ": " << network.error().message;
    const PointNavTwin twin(settings, weights);
    constexpr std::int64_t kRows = 2;
    base::PhiloxStream stream({.seed = 8, .purpose = base::Purpose::kTest});
    PointNavInput input;
    input.state = torch::zeros({kRows, (*network)->state_size()});
    input.previous_action = torch::zeros({kRows}, torch::kInt64);
    input.keep = torch::zeros({kRows});
    std::vector<std::vector<double>> states(
        kRows, std::vector<double>(static_cast<std::size_t>((*network)->state_size())));
    for (int step = 0; step < 3; ++step) {
      input.image = torch::empty({kRows, settings.image_channels, kHeight, kWidth});
      for (std::int64_t i = 0; i < input.image.numel(); ++i)
        input.image.data_ptr<float>()[i] = stream.uniform();
      input.goal = torch::tensor({{3.5f + static_cast<float>(step), -0.7f}, {0.2f, 2.5f}});
      const PointNavOutput output = (*network)->forward(input);
      for (std::int64_t row = 0; row < kRows; ++row) {
        Volume image(settings.image_channels, kHeight, kWidth);
        const float* pixels = input.image[row].data_ptr<float>();
        std::copy(pixels, pixels + image.values.size(), image.values.begin());
        const bool begins = input.keep[row].item<float>() == 0.0f;
        const int previous = begins ? -1 : static_cast<int>(input.previous_action[row].item<std::int64_t>());
        const auto wanted =
            twin.forward(image, input.goal[row][0].item<double>(), input.goal[row][1].item<double>(),
                         previous, states[static_cast<std::size_t>(row)]);
        states[static_cast<std::size_t>(row)] = wanted.state;
        for (std::size_t a = 0; a < 4; ++a) {
          EXPECT_NEAR(output.log_probabilities[row][static_cast<std::int64_t>(a)].item<double>(),
                      wanted.log_probabilities[a], kTolerance)
              << name << " step " << step;
        }
        EXPECT_NEAR(output.value[row].item<double>(), wanted.value, kTolerance) << name << " step " << step;
        for (std::size_t k = 0; k < wanted.state.size(); ++k) {
          EXPECT_NEAR(output.state[row][static_cast<std::int64_t>(k)].item<double>(), wanted.state[k],
                      kTolerance)
              << name;
        }
      }
      // The second row begins a new episode at step 2.
      input.state = output.state;
      input.keep = torch::tensor({1.0f, step == 1 ? 0.0f : 1.0f});
      input.previous_action = torch::tensor({std::int64_t{1 + step}, std::int64_t{3}});
    }
  }
}

Weights zero_weights(const PointNavSettings& settings) {
  Weights weights;
  for (const auto& [name, shape] : tensors_of(settings)) weights[name] = torch::zeros(shape);
  return weights;
}

TEST(PointNavNetwork, PicturesEndInAsManyNumbersAsTheyDo) {
  const auto network = PointNavNetwork::create(random_weights(tiny(false), 1), "f");
  ASSERT_TRUE(network.ok());
  EXPECT_EQ((*network)->visual_size(66, 130), 18);
  EXPECT_EQ((*network)->visual_size(64, 64), 3);
  const auto published = PointNavNetwork::create(zero_weights(resnet18_settings()), "f");
  ASSERT_TRUE(published.ok());
  EXPECT_EQ((*published)->visual_size(256, 256), 2048);
  PointNavInput input{torch::zeros({1, 1, 256, 256}), torch::zeros({1, 2}), torch::zeros({1}, torch::kInt64),
                      torch::zeros({1, (*published)->state_size()}), torch::zeros({1})};
  const PointNavOutput output = (*published)->forward(input);
  EXPECT_EQ(output.log_probabilities.sizes(), (at::IntArrayRef{1, 4}));
  EXPECT_NEAR(output.log_probabilities.exp().sum().item<double>(), 1.0, 1e-5);
}

TEST(PointNavNetwork, OtherWeightsAreErrorsThatNameTheTensors) {
  const auto fault = [](const std::function<void(Weights&)>& change) {
    Weights weights = random_weights(tiny(true), 2);
    change(weights);
    const auto network = PointNavNetwork::create(weights, "f.pth");
    if (network.ok()) return std::string("(accepted)");
    EXPECT_EQ(network.error().code, base::ErrorCode::kData);
    EXPECT_EQ(network.error().message.substr(0, 7), "f.pth: ");
    return network.error().message;
  };
  const auto expect = [&](const char* part, const std::function<void(Weights&)>& change) {
    const std::string message = fault(change);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect("(accepted)", [](Weights&) {});
  expect("critic.fc.bias is not there", [](Weights& w) { w.erase("critic.fc.bias"); });
  expect("net.gps_embedding.weight is not known", [](Weights& w) {
    w["net.gps_embedding.weight"] = torch::zeros({32, 2});
  });
  expect("net.tgt_embeding.weight is [32, 2] for [32, 3]", [](Weights& w) {
    w["net.tgt_embeding.weight"] = torch::zeros({32, 2});
  });
  expect("no recurrent core", [](Weights& w) { w.erase("net.state_encoder.rnn.weight_hh_l0"); });
  expect("no recurrent core", [](Weights& w) { w["action_distribution.linear.weight"] = torch::zeros({}); });
  expect("pictures of 2 channels", [](Weights& w) {
    w["net.visual_encoder.backbone.conv1.0.weight"] = torch::zeros({4, 2, 7, 7});
  });
  expect("another kind", [](Weights& w) {
    w["net.visual_encoder.backbone.conv1.0.weight"] = torch::zeros({1, 1, 7, 7});
  });
  expect("another kind", [](Weights& w) { w.erase("net.visual_encoder.compression.0.weight"); });
  expect("and ", [](Weights& w) { w["net.state_encoder.rnn.weight_hh_l0"] = torch::zeros({28, 7}); });
  expect("with and without", [](Weights& w) { w["actor_critic.critic.fc.bias"] = torch::zeros({1}); });
  expect("finite weights", [](Weights& w) { w["critic.fc.bias"].fill_(std::nan("")); });
  EXPECT_FALSE(is_pointnav_policy({{"w", {1}}}));
}

}  // namespace
}  // namespace inknav::learn
