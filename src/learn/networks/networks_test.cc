// SPDX-License-Identifier: MIT
// Fast layers against plain torch: the fused GRU and the LSTM against torch's cells, FlatParameters against
// AdamW.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "learn/networks/flat_parameters.h"
#include "learn/networks/policy_network.h"
#include "learn/networks/recurrent.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

struct SequenceCase {
  Tensor inputs, state, keep;
};

SequenceCase make_case(std::int64_t steps, std::int64_t rows, std::int64_t input, std::int64_t state_size) {
  torch::manual_seed(5);
  SequenceCase c{torch::randn({steps, rows, input}), torch::randn({rows, state_size}),
                 torch::ones({steps, rows})};
  c.keep[0][1] = 0.0f;
  c.keep[3][0] = 0.0f;
  c.keep[3][2] = 0.0f;
  c.inputs.requires_grad_(true);
  c.state.requires_grad_(true);
  return c;
}

Tensor parameter(const RecurrentCore& core, const std::string& name) {
  return core->named_parameters()[name];
}

/// The same sequence with torch's own cell, step by step.
RecurrentCoreImpl::Output plain(const RecurrentCore& core, Recurrence kind, const SequenceCase& c,
                                std::int64_t hidden) {
  const Tensor wi = parameter(core, "input_weight"), wh = parameter(core, "hidden_weight");
  const Tensor bi = parameter(core, "input_bias"), bh = parameter(core, "hidden_bias");
  std::vector<Tensor> outputs;
  Tensor state = c.state;
  for (std::int64_t t = 0; t < c.inputs.size(0); ++t) {
    const Tensor masked = state * c.keep[t].unsqueeze(1);
    if (kind == Recurrence::kGru) {
      state = torch::gru_cell(c.inputs[t], masked, wi, wh, bi, bh);
      outputs.push_back(state);
    } else {
      const auto [h, cell] = torch::lstm_cell(
          c.inputs[t], {masked.narrow(1, 0, hidden), masked.narrow(1, hidden, hidden)}, wi, wh, bi, bh);
      state = torch::cat({h, cell}, 1);
      outputs.push_back(h);
    }
  }
  return {torch::stack(outputs), state};
}

TEST(RecurrentCore, EqualsTorchCellsInValueAndGradient) {
  for (const Recurrence kind : {Recurrence::kGru, Recurrence::kLstm}) {
    RecurrentCore core(kind, 6, 10);
    initialize(*core, 1);
    {
      torch::NoGradGuard no_grad;
      for (const char* name : {"input_bias", "hidden_bias"})
        parameter(core, name).copy_(torch::randn({kind == Recurrence::kGru ? 30 : 40}));
    }
    SequenceCase c = make_case(7, 3, 6, core->state_size());
    const Tensor weight = torch::randn({7, 3, 10});
    std::vector<std::vector<Tensor>> gradients;
    std::vector<RecurrentCoreImpl::Output> outputs;
    for (const bool fast : {true, false}) {
      core->zero_grad();
      c.inputs.mutable_grad() = Tensor();
      c.state.mutable_grad() = Tensor();
      outputs.push_back(fast ? core->forward(c.inputs, c.state, c.keep) : plain(core, kind, c, 10));
      (outputs.back().features * weight).sum().backward();
      gradients.push_back({c.inputs.grad().clone(), c.state.grad().clone()});
      for (const Tensor& p : core->parameters()) gradients.back().push_back(p.grad().clone());
    }
    EXPECT_TRUE(torch::allclose(outputs[0].features, outputs[1].features, 1e-5, 1e-6));
    EXPECT_TRUE(torch::allclose(outputs[0].state, outputs[1].state, 1e-5, 1e-6));
    for (std::size_t i = 0; i < gradients[0].size(); ++i) {
      EXPECT_TRUE(torch::allclose(gradients[0][i], gradients[1][i], 1e-4, 1e-5)) << i;
    }
  }
}

TEST(RecurrentCore, OneSequenceEqualsItsSteps) {
  RecurrentCore core(Recurrence::kGru, 6, 10);
  initialize(*core, 1);
  torch::NoGradGuard no_grad;
  const SequenceCase c = make_case(7, 3, 6, 10);
  const auto whole = core->forward(c.inputs, c.state, c.keep);
  Tensor state = c.state;
  for (std::int64_t t = 0; t < 7; ++t) {
    const auto step = core->forward(c.inputs.narrow(0, t, 1), state, c.keep.narrow(0, t, 1));
    state = step.state;
    EXPECT_TRUE(torch::allclose(step.features[0], whole.features[t], 1e-6, 1e-6));
  }
}

TEST(FlatParameters, StepsLikeAdamW) {
  for (const bool special : {false, true}) {
    const auto build = [] {
      auto module = std::make_shared<torch::nn::SequentialImpl>(
          torch::nn::Conv2d(3, 4, 3), torch::nn::Flatten(), torch::nn::Linear(4 * 16, 5));
      initialize(*module, 9);
      return module;
    };
    auto flat_module = build();
    auto plain_module = build();
    FlatParameters flat(*flat_module, 2, special ? "2." : "");
    const double special_lr = 1e-3;
    std::vector<Tensor> first, second;
    for (const auto& item : plain_module->named_parameters()) {
      (special && item.key().rfind("2.", 0) == 0 ? second : first).push_back(item.value());
    }
    torch::optim::AdamW main(first, torch::optim::AdamWOptions(1e-2).eps(1e-5).weight_decay(0.1));
    std::unique_ptr<torch::optim::AdamW> other;
    if (special) {
      other = std::make_unique<torch::optim::AdamW>(
          second, torch::optim::AdamWOptions(special_lr).eps(1e-5).weight_decay(0.1));
    }
    torch::manual_seed(1);
    for (int i = 0; i < 4; ++i) {
      const Tensor x = torch::randn({2, 3, 6, 6}), y = torch::randn({2, 5});
      flat.zero_gradients();
      torch::mse_loss(flat_module->forward(x), y).backward();
      flat.step({.lr = 1e-2, .special_lr = special_lr, .eps = 1e-5, .weight_decay = 0.1});
      plain_module->zero_grad();
      torch::mse_loss(plain_module->forward(x), y).backward();
      main.step();
      if (other) other->step();
    }
    const auto a = flat_module->named_parameters(), b = plain_module->named_parameters();
    for (const auto& item : a)
      EXPECT_TRUE(torch::allclose(item.value(), b[item.key()], 1e-4, 1e-6)) << item.key();
  }
}

TEST(PolicyNetwork, SettingsSurviveJsonAndBadOnesAreNamed) {
  PolicySettings settings;
  settings.number_fields = {"gps", "compass"};
  settings.backbone = Backbone::kSeResNet9;
  settings.reading.enabled = true;
  settings.reading.metres_per_cell = 0.125f;
  const auto copy = PolicySettings::from_json(settings.to_json(), "x");
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(copy->to_json(), settings.to_json());
  for (const char* text : {"", "[]", "{\"num_actions\": 4}"}) {
    const auto bad = PolicySettings::from_json(text, "runs/a.safetensors");
    ASSERT_FALSE(bad.ok());
    EXPECT_EQ(bad.error().code, base::ErrorCode::kData);
    EXPECT_EQ(bad.error().message.rfind("runs/a.safetensors: ", 0), 0u) << bad.error().message;
  }
  settings.hidden_size = 1 << 30;
  EXPECT_FALSE(PolicySettings::from_json(settings.to_json(), "x").ok());
}

TEST(PolicyNetwork, HysteresisKeepsTheTurnAndTheBearingDecides) {
  PolicySettings settings;
  settings.vector_size = 1;
  settings.recurrence = Recurrence::kNone;
  settings.hidden_size = 8;
  settings.decode_waypoint = true;
  PolicyNetwork network(settings, 1);
  torch::NoGradGuard no_grad;
  // A head that says the bearing it is told: waypoint (sin, cos) from the bias alone.
  Tensor weight = network.named_parameters()["head.weight"], bias = network.named_parameters()["head.bias"];
  weight.zero_();
  const auto action_at = [&](float bearing_turns, std::int64_t previous) {
    const float bearing = bearing_turns * settings.turn_angle;
    bias[0] = -10.0f;
    bias[5] = -std::sin(bearing);
    bias[6] = std::cos(bearing);
    PolicyInput input;
    input.numbers = torch::zeros({1, 1});
    input.previous_action = torch::full({1}, previous, torch::kInt64);
    const auto out = network.forward(input, torch::zeros({1, 1}), torch::ones({1, 1}));
    return out.log_probabilities.argmax(1).item<std::int64_t>();
  };
  EXPECT_EQ(action_at(0.0f, 0), 1);
  EXPECT_EQ(action_at(0.7f, 0), 2);
  EXPECT_EQ(action_at(-0.7f, 0), 3);
  EXPECT_EQ(action_at(0.7f, 4), 1) << "after a right turn a small bearing to the left means forward";
  EXPECT_EQ(action_at(2.2f, 4), 2);
}

TEST(PolicyNetwork, ChannelsLastWeightsChangeNothing) {
  PolicySettings settings;
  settings.vector_size = 2;
  settings.backbone = Backbone::kSeResNet9;
  settings.image_height = settings.image_width = 16;
  settings.image_channels = 1;
  settings.base_planes = 8;
  settings.hidden_size = 16;
  PolicyNetwork plain_network(settings, 1), flat_network(settings, 1);
  FlatParameters flat(flat_network, 0);
  torch::manual_seed(2);
  PolicyInput input;
  input.image = torch::rand({6, 16, 16, 1});
  input.numbers = torch::rand({6, 2});
  input.previous_action = torch::zeros({6}, torch::kInt64);
  const auto a = plain_network.forward(input, torch::zeros({3, 16}), torch::ones({2, 3}));
  const auto b = flat_network.forward(input, torch::zeros({3, 16}), torch::ones({2, 3}));
  EXPECT_TRUE(torch::allclose(a.value, b.value, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(a.log_probabilities, b.log_probabilities, 1e-5, 1e-6));
}

}  // namespace
}  // namespace inknav::learn
