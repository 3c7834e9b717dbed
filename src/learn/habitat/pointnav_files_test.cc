// SPDX-License-Identifier: MIT
// PointNav policies in files that PyTorch itself wrote, with PyTorch's own answers (testdata/README.md).
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "learn/habitat/pointnav_agent.h"
#include "learn/habitat/pointnav_network.h"
#include "learn/weights_exchange.h"
#include "run/torch_weights.h"

namespace inknav::learn {
namespace {

using torch::Tensor;
using Tensors = std::map<std::string, Tensor>;

const std::filesystem::path kFolder = "src/learn/habitat/testdata";
constexpr std::int64_t kSide = 128;
constexpr int kSteps = 3;

run::TorchWeights read(const std::string& file, const std::string& key) {
  auto weights = run::read_torch_weights(kFolder / file, {.key = key});
  EXPECT_TRUE(weights.ok()) << weights.error().message;
  return weights.ok() ? *std::move(weights) : run::TorchWeights{};
}

Tensors float_tensors(const run::TorchWeights& weights) {
  Tensors tensors;
  for (const run::OwnedTensor& tensor : weights.tensors) {
    EXPECT_EQ(tensor.type, run::SpanType::kF32) << tensor.name;
    tensors[tensor.name] = torch::empty(tensor.shape);
    std::memcpy(tensors[tensor.name].data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  }
  return tensors;
}

/// As make_policies.py has it.
float uniform(std::uint32_t tensor, std::uint32_t element) {
  std::uint32_t h = tensor * 0x9E3779B1u + element * 0x85EBCA77u + 1u;
  h = (h ^ h >> 16) * 0x7FEB352Du;
  h = (h ^ h >> 15) * 0x846CA68Bu;
  return static_cast<float>((h ^ h >> 16) >> 8) * 0x1p-24f;
}

Tensors filled(const PointNavSettings& settings) {
  Tensors tensors;
  std::uint32_t index = 0;
  for (const auto& [name, shape] : tensors_of(settings)) {
    Tensor tensor = torch::empty(shape);
    const auto fan = static_cast<double>(tensor.dim() > 1 ? tensor.numel() / tensor.size(0) : 1);
    const double scale = tensor.dim() > 1 ? 1.7 / std::sqrt(fan) : 0.5;
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      const double value =
          scale * (2.0 * static_cast<double>(uniform(index, static_cast<std::uint32_t>(i))) - 1.0);
      tensor.data_ptr<float>()[i] = static_cast<float>(name.ends_with("_var") ? std::abs(value) : value);
    }
    ++index;
    tensors["actor_critic." + name] = tensor;
  }
  return tensors;
}

Tensor picture(std::int64_t row, std::int64_t step, std::int64_t channels) {
  Tensor image = torch::empty({channels, kSide, kSide});
  for (std::int64_t i = 0; i < image.numel(); ++i) {
    const std::int64_t x = i % kSide, y = i / kSide % kSide, c = i / (kSide * kSide);
    const std::int64_t level = (7 * x + 13 * y + 29 * c + 31 * step + 17 * row + x * y / 16) % 64;
    image.data_ptr<float>()[i] = static_cast<float>(level) / 64.0f;
  }
  return image;
}

/// The same float32 operations in another build of the same library, threads and vector widths apart:
/// PyTorch 1.13 and 2.11 differ by 4e-7 in these answers, which are of size one.
constexpr double kTolerance = 1e-5;

void expect_near(const Tensor& found, const Tensor& wanted, const std::string& what) {
  ASSERT_EQ(found.sizes(), wanted.sizes()) << what;
  EXPECT_LT((found - wanted).abs().max().item<double>(), kTolerance) << what;
}

/// Three steps of two episodes; that of row 1 ends before step 2.
void expect_answers(const Tensors& weights, Tensors expected) {
  const auto network = PointNavNetwork::create(weights, "f");
  ASSERT_TRUE(network.ok()) << network.error().message;
  const PointNavSettings& settings = (*network)->settings();
  ASSERT_EQ((*network)->visual_size(kSide, kSide), settings.visual_size);
  PointNavInput input;
  input.state = torch::zeros({2, (*network)->state_size()});
  for (int step = 0; step < kSteps; ++step) {
    input.keep = torch::tensor({step > 0 ? 1.0f : 0.0f, step == 1 ? 1.0f : 0.0f});
    input.image =
        torch::stack({picture(0, step, settings.image_channels), picture(1, step, settings.image_channels)});
    input.goal = torch::tensor({{3.5f + static_cast<float>(step), -0.7f}, {0.2f, 2.5f}});
    input.previous_action = torch::tensor({std::int64_t{(step + 3) % 4}, std::int64_t{3}});
    const PointNavOutput output = (*network)->forward(input);
    const std::string at = " of step " + std::to_string(step);
    expect_near(output.log_probabilities, expected["log_probabilities"][step], "log_probabilities" + at);
    expect_near(output.value, expected["value"][step], "value" + at);
    expect_near(output.state, expected["state"][step], "state" + at);
    input.state = output.state;
  }
}

TEST(PointNavFiles, APolicyThatPyTorch211WroteAnswersAsItDidThere) {
  const std::string file = "depth_lstm_torch_2_11.pth";
  const run::TorchWeights weights = read(file, "");
  EXPECT_EQ(weights.key, "state_dict");
  EXPECT_EQ(weights.not_read, (std::vector<std::string>{"yacs.config.CfgNode", "__builtin__.set"}));
  expect_answers(float_tensors(weights), float_tensors(read(file, "expected")));
}

TEST(PointNavFiles, PyTorch113AnswersTheSame) {
  // SE-ResNeXt of bottlenecks on colour and depth with a GRU; names in their sorted order, as there.
  PointNavSettings settings = resnet50_settings();
  settings.image_channels = 4;
  settings.normalizes = settings.squeeze = true;
  settings.base_planes = settings.first_planes = 4;
  settings.cardinality.fill({2});
  settings.compressed_channels = 3;
  settings.visual_size = 12;
  settings.hidden_size = 8;
  settings.lstm = false;
  settings.rnn_layers = 1;
  expect_answers(filled(settings), float_tensors(read("rgbd_gru_torch_1_13.pth", "expected")));
}

template <typename T>
std::vector<T> numbers(const run::OwnedTensor& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

TEST(PointNavFiles, OtherElementTypesOfBothVersionsAreRead) {
  for (const char* file : {"depth_lstm_torch_2_11.pth", "rgbd_gru_torch_1_13.pth"}) {
    const run::TorchWeights others = read(file, "others");
    ASSERT_EQ(others.tensors.size(), 6u) << file;
    const auto at = [&](std::size_t i, const char* name, run::SpanType type) -> const run::OwnedTensor& {
      EXPECT_EQ(others.tensors[i].name, name) << file;
      EXPECT_EQ(others.tensors[i].type, type) << file;
      return others.tensors[i];
    };
    // 0, 1, 2, 3 as half and brain floats: sign, exponent (bias 15 and 127), mantissa.
    EXPECT_EQ(numbers<std::uint16_t>(at(0, "half", run::SpanType::kF16)),
              (std::vector<std::uint16_t>{0, 0x3C00, 0x4000, 0x4200}));
    EXPECT_EQ(numbers<std::uint16_t>(at(1, "brain", run::SpanType::kBF16)),
              (std::vector<std::uint16_t>{0, 0x3F80, 0x4000, 0x4040}));
    EXPECT_EQ(numbers<std::int64_t>(at(2, "long", run::SpanType::kI64)),
              (std::vector<std::int64_t>{std::int64_t{1} << 40, -1}));
    EXPECT_EQ(numbers<std::uint8_t>(at(3, "byte", run::SpanType::kU8)), (std::vector<std::uint8_t>{0, 255}));
    EXPECT_EQ(numbers<std::uint8_t>(at(4, "truth", run::SpanType::kBool)), (std::vector<std::uint8_t>{1, 0}));
    const run::OwnedTensor& turned = at(5, "turned", run::SpanType::kF32);
    EXPECT_EQ(turned.shape, (std::vector<std::int64_t>{3, 2}));
    EXPECT_EQ(numbers<float>(turned), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  }
}

TEST(PointNavFiles, AConvertedPolicyIsFoundToBeOne) {
  base::TemporaryFolder folder;
  const auto report =
      torch_to_checkpoint(kFolder / "depth_lstm_torch_2_11.pth", folder / "p.safetensors", {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->tensors, 59u);
  const auto file = run::read_safetensors(folder / "p.safetensors");
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_TRUE(is_pointnav_file(*file));
  EXPECT_TRUE(load_pointnav_agent(*file, {}).ok());
}

}  // namespace
}  // namespace inknav::learn
