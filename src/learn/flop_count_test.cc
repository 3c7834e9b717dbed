// SPDX-License-Identifier: MIT
#include "learn/flop_count.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "learn/networks/encoders.h"
#include "learn/networks/recurrent.h"

namespace inknav::learn {
namespace {

TEST(FlopCount, CountsProductsAndConvolutionsAsByHand) {
  torch::NoGradGuard no_grad;
  torch::nn::Linear linear(7, 5);
  EXPECT_EQ(count_flops([&] { linear(torch::ones({3, 7})); }), 2 * 3 * 7 * 5);
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(4, 6, 3).stride(2).padding(1));
  EXPECT_EQ(count_flops([&] { conv(torch::ones({2, 4, 8, 8})); }), 2 * 2 * 4 * 4 * 6 * 4 * 9);
  torch::nn::ConvTranspose1d up(torch::nn::ConvTranspose1dOptions(4, 6, 4).stride(2).padding(1));
  EXPECT_EQ(count_flops([&] { up(torch::ones({2, 4, 8})); }), 2 * 2 * 8 * 4 * 6 * 4);
  EXPECT_EQ(count_flops([&] { torch::ones({100}) + 1; }), 0);
}

TEST(FlopCount, CountsBothGradientsOfABackwardPass) {
  torch::nn::Linear linear(7, 5);
  const std::int64_t product = 2 * 3 * 7 * 5;
  const auto pass = [](const torch::Tensor& y) { return count_flops([&] { y.sum().backward(); }); };
  EXPECT_EQ(pass(linear(torch::ones({3, 7}))), product) << "nobody asks for the input's";
  EXPECT_EQ(pass(linear(torch::ones({3, 7}, torch::kFloat32).requires_grad_())), 2 * product);
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(4, 6, 3).stride(2).padding(1));
  const std::int64_t places = 2 * 2 * 4 * 4 * 6 * 4 * 9;
  EXPECT_EQ(pass(conv(torch::ones({2, 4, 8, 8}))), places);
  std::int64_t before = 0;
  const std::int64_t all = count_flops([&] {
    const torch::Tensor y = conv(torch::ones({2, 4, 8, 8}, torch::kFloat32).requires_grad_());
    before = flops_so_far();
    y.sum().backward();
  });
  EXPECT_EQ(before, places);
  EXPECT_EQ(all, 3 * places);
}

TEST(FlopCount, CountsANetwork) {
  torch::NoGradGuard no_grad;
  SeResNet9 net(1, 64, 64, 32);
  // Stem at 16 x 16: 16 -> 32 planes; four stages of planes 32 to 256, sides 16 to 2, with shortcuts.
  std::int64_t wanted = 2 * 256 * 16 * 32 * 9;
  std::int64_t in = 32, side = 16;
  for (int stage = 0; stage < 4; ++stage) {
    const std::int64_t out = std::int64_t{32} << stage, narrow = std::max<std::int64_t>(out / 16, 4);
    if (stage > 0) side /= 2;
    wanted += 2 * side * side * 9 * out * (in + out) + 4 * out * narrow;
    if (stage > 0) wanted += 2 * side * side * in * out;
    in = out;
  }
  EXPECT_EQ(count_flops([&] { net(torch::ones({1, 1, 64, 64})); }), wanted);
}

}  // namespace
}  // namespace inknav::learn
