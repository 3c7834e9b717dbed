// SPDX-License-Identifier: MIT
// The denoiser: parameter counts, its pieces against figures in double, gradients against differences.
#include "learn/diffusion/conditional_unet1d.h"

#include <gtest/gtest.h>

#include <cmath>

#include "learn/diffusion/random_unet.h"
#include "learn/networks/encoders.h"
#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

std::int64_t num_parameters(const Unet1dSettings& settings) {
  const ConditionalUnet1d net(settings);
  std::int64_t count = 0;
  for (const Tensor& parameter : net->parameters()) count += parameter.numel();
  return count;
}

TEST(ConditionalUnet1d, ParameterCounts) {
  EXPECT_EQ(num_parameters({.action_dim = 2,
                            .cond_dim = 256,
                            .down_dims = {64, 128, 256},
                            .kernel_size = 3,
                            .time_dim = 256,
                            .film_scale = false}),
            3'849'538);
  Unet1dSettings state{.action_dim = 2, .cond_dim = 10, .down_dims = {256, 512, 1024}, .time_dim = 256};
  EXPECT_EQ(num_parameters(state), 65'353'218);
  state.cond_dim = 40;
  EXPECT_EQ(num_parameters(state), 65'783'298);
  Unet1dSettings three{.action_dim = 3, .cond_dim = 256, .down_dims = {64, 128, 256}, .time_dim = 128};
  EXPECT_EQ(num_parameters(three), 5'334'147);
  three.kernel_size = 3;
  EXPECT_EQ(num_parameters(three), 3'916'547);
  three.kernel_size = 5;
  three.down_dims = {32, 64, 128};
  EXPECT_EQ(num_parameters(three), 1'780'611);
  three.down_dims = {128, 256, 512};
  EXPECT_EQ(num_parameters(three), 18'155'139);
}

TEST(ConditionalUnet1d, ParameterCountOfTheLargestKnown) {  // one GiB
  EXPECT_EQ(
      num_parameters({.action_dim = 2, .cond_dim = 132, .down_dims = {512, 1024, 2048}, .time_dim = 128}),
      251'511'938);
}

TEST(ConditionalUnet1d, Pieces) {
  const std::vector<double> one = time_embedding(1, 8), fifty = time_embedding(50, 8);
  const double wanted_one[] = {0.841470984808, 0.0463992234647, 0.00215443302337, 9.99999998333e-05,
                               0.540302305868, 0.998922976041,  0.999997679206,   0.999999995};
  const double wanted_fifty[] = {-0.262374853704, 0.731690170795,  0.10751352201,  0.00499997916669,
                                 0.964966028492,  -0.681637362505, 0.994203622295, 0.999987500026};
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(one[i], wanted_one[i], 1e-12);
    EXPECT_NEAR(fifty[i], wanted_fifty[i], 1e-12);
  }
  for (const auto& [x, wanted] : {std::pair{-2.0, -0.25250148269570888},
                                  std::pair{-1.0, -0.30340146137410895}, std::pair{.5, 0.37524521130489508},
                                  std::pair{1.0, 0.86509838826731034}, std::pair{3.0, 2.9865350049679575}}) {
    EXPECT_NEAR(torch::mish(torch::tensor(x, torch::kFloat64)).item<double>(), wanted, 1e-15);
  }
  const Tensor normed =
      torch::group_norm(torch::tensor({1.0, 2.0, 3.0, 5.0}, torch::kFloat64).view({1, 1, 4}), 1, {}, {},
                        Unet1dSettings::kNormEpsilon);
  const double wanted_norm[] = {-1.18321325213558, -0.507091393772392, 0.169030464590797, 1.52127418131718};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(normed[0][0][i].item<double>(), wanted_norm[i], 1e-13);
}

Unet1dSettings tiny() {
  return {
      .horizon = 8, .action_dim = 2, .cond_dim = 5, .down_dims = {8, 16}, .kernel_size = 3, .time_dim = 8};
}

TEST(ConditionalUnet1d, StartValuesAreDeterministic) {
  ConditionalUnet1d a(tiny()), b(tiny());
  initialize(*a, 5);
  initialize(*b, 5);
  const auto left = a->named_parameters(), right = b->named_parameters();
  for (const auto& item : left) {
    EXPECT_TRUE(torch::equal(item.value(), right[item.key()])) << item.key();
    if (item.key().find("block.1.weight") != std::string::npos) {
      EXPECT_TRUE(torch::equal(item.value(), torch::ones_like(item.value()))) << item.key();
    }
  }
  a->reset_film_and_output();
  const Tensor film = left["down_modules.0.0.cond_encoder.1.bias"];
  EXPECT_TRUE(torch::equal(film, torch::cat({torch::ones({8}), torch::zeros({8})})));
  EXPECT_EQ(a(torch::ones({1, 8, 2}), torch::ones({1}), torch::ones({1, 5})).abs().max().item<float>(), 0.0f);
}

TEST(ConditionalUnet1d, NamesAreTheWellKnownOnes) {
  const ConditionalUnet1d net(tiny());
  const auto named = net->named_parameters();
  const std::pair<const char*, std::vector<std::int64_t>> wanted[] = {
      {"diffusion_step_encoder.1.weight", {32, 8}},
      {"diffusion_step_encoder.3.bias", {8}},
      {"down_modules.0.0.blocks.0.block.0.weight", {8, 2, 3}},
      {"down_modules.0.0.blocks.1.block.1.bias", {8}},
      {"down_modules.0.0.residual_conv.weight", {8, 2, 1}},
      {"down_modules.0.2.conv.weight", {8, 8, 3}},
      {"down_modules.1.1.cond_encoder.1.weight", {32, 13}},
      {"mid_modules.1.blocks.0.block.0.weight", {16, 16, 3}},
      {"up_modules.0.0.blocks.0.block.0.weight", {8, 32, 3}},
      {"up_modules.0.2.conv.weight", {8, 8, 4}},
      {"final_conv.0.block.0.weight", {8, 8, 3}},
      {"final_conv.1.weight", {2, 8, 1}}};
  for (const auto& [name, shape] : wanted) {
    ASSERT_TRUE(named.contains(name)) << name;
    EXPECT_EQ(named[name].sizes().vec(), shape) << name;
  }
}

TEST(ConditionalUnet1d, ABatchEqualsItsRows) {
  setup_torch();
  torch::NoGradGuard no_grad;
  for (const bool scale : {true, false}) {
    Unet1dSettings settings = tiny();
    settings.film_scale = scale;
    ConditionalUnet1d net = testing::random_unet(settings);
    net->to(torch::kFloat64);
    const auto f64 = torch::TensorOptions().dtype(torch::kFloat64);
    const Tensor x = torch::randn({5, 8, 2}, f64), cond = torch::randn({5, 5}, f64);
    const Tensor time = torch::tensor({0.0, 3.0, 50.0, 98.0, 99.0}, f64);
    const Tensor batch = net(x, time, cond);
    EXPECT_EQ(batch.sizes().vec(), (std::vector<std::int64_t>{5, 8, 2}));
    for (std::int64_t b = 0; b < 5; ++b) {
      const Tensor row = net(x.narrow(0, b, 1), time.narrow(0, b, 1), cond.narrow(0, b, 1));
      EXPECT_TRUE(torch::allclose(row, batch.narrow(0, b, 1), 1e-12, 1e-12));
    }
    // Each input matters.
    EXPECT_FALSE(torch::allclose(net(x, time + 1.0, cond), batch));
    EXPECT_FALSE(torch::allclose(net(x, time, cond + 1.0), batch));
  }
}

TEST(ConditionalUnet1d, GradientsEqualDifferences) {
  setup_torch();
  for (const bool scale : {true, false}) {
    Unet1dSettings settings = tiny();
    settings.film_scale = scale;
    ConditionalUnet1d net = testing::random_unet(settings);
    net->to(torch::kFloat64);
    const auto f64 = torch::TensorOptions().dtype(torch::kFloat64);
    const Tensor x = torch::randn({2, 8, 2}, f64), cond = torch::randn({2, 5}, f64);
    const Tensor time = torch::tensor({7.0, 60.0}, f64), weight = torch::randn({2, 8, 2}, f64);
    x.set_requires_grad(true);
    cond.set_requires_grad(true);
    const auto loss = [&] { return (net(x, time, cond) * weight).sum(); };
    loss().backward();
    std::vector<std::pair<std::string, Tensor>> leaves = {{"x", x}, {"cond", cond}};
    for (const auto& item : net->named_parameters()) leaves.emplace_back(item.key(), item.value());
    for (auto& [name, leaf] : leaves) {
      ASSERT_TRUE(leaf.grad().defined()) << name;
      torch::NoGradGuard no_grad;
      const Tensor random = torch::randn_like(leaf), direction = random / random.norm();
      constexpr double kStep = 1e-5;
      leaf.add_(kStep * direction);
      const double above = loss().item<double>();
      leaf.sub_(2 * kStep * direction);
      const double below = loss().item<double>();
      leaf.add_(kStep * direction);
      const double slope = (above - below) / (2 * kStep),
                   found = (leaf.grad() * direction).sum().item<double>();
      EXPECT_NEAR(found, slope, 1e-7 * std::max(1.0, std::abs(slope))) << name;
    }
  }
}

TEST(Unet1dSettings, ImpossibleShapesAreRefused) {
  const auto expect_refused = [](const Unet1dSettings& settings, const char* wanted) {
    const base::Status status = settings.validate();
    ASSERT_FALSE(status.ok()) << wanted;
    EXPECT_EQ(status.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(status.error().message.find(wanted), std::string::npos) << status.error().message;
  };
  EXPECT_TRUE(Unet1dSettings().validate().ok());
  EXPECT_TRUE((Unet1dSettings{.horizon = 12}).validate().ok());  // two halvings need 4, not 8
  expect_refused({.horizon = 18}, "RL.DIFFUSION.horizon = 18 is not a multiple of 4");
  expect_refused({.horizon = 18}, "use 20");
  expect_refused({.horizon = 0}, "RL.DIFFUSION.horizon = 0");
  expect_refused({.down_dims = {}}, "down_dims has 0 levels");
  expect_refused({.down_dims = {32, 60}}, "down_dims holds 60, which is not a multiple of 8");
  expect_refused({.kernel_size = 4}, "kernel_size = 4 is not odd");
  expect_refused({.time_dim = 2}, "time_dim = 2 is not even and from 4");
  expect_refused({.action_dim = 0}, "action_dim = 0 is not within 1 and 64");
  expect_refused({.cond_dim = 0}, "obs_dim = 0 is not within 1");
}

}  // namespace
}  // namespace inknav::learn
