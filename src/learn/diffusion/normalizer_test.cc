// SPDX-License-Identifier: MIT
#include "learn/diffusion/normalizer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace inknav::learn {
namespace {

using torch::Tensor;

TEST(Normalizer, LimitsMapToPlusMinusOne) {
  const Normalizer one = Normalizer::from_limits(torch::tensor({-2.0f}), torch::tensor({6.0f}));
  EXPECT_EQ(one.scale()[0].item<float>(), 0.25f);
  EXPECT_EQ(one.offset()[0].item<float>(), -0.5f);
  // The action map of NoMaD: x in [-2.5, 5], y in [-4, 4].
  const Normalizer nomad =
      Normalizer::from_limits(torch::tensor({-2.5f, -4.0f}), torch::tensor({5.0f, 4.0f}));
  const Tensor mapped = nomad.apply(torch::tensor({{1.0f, 0.0f}, {0.0f, 0.0f}}));
  EXPECT_NEAR(mapped[0][0].item<float>(), -0.0666666666666667, 1e-7);
  EXPECT_NEAR(mapped[0][1].item<float>(), 0.0, 1e-7);
  EXPECT_NEAR(mapped[1][0].item<float>(), -0.333333333333333, 1e-7);
  EXPECT_NEAR(mapped[1][1].item<float>(), 0.0, 1e-7);
  EXPECT_TRUE(torch::allclose(nomad.invert(mapped), torch::tensor({{1.0f, 0.0f}, {0.0f, 0.0f}}), 0, 1e-6));
}

TEST(Normalizer, AFlatColumnIsOnlyShifted) {
  const Tensor data = torch::tensor({{3.0f, 0.0f}, {3.00001f, 2.0f}});
  const Normalizer limits = Normalizer::fit(NormalizerMode::kLimits, data, "x").value();
  EXPECT_EQ(limits.scale()[0].item<float>(), 1.0f);
  EXPECT_EQ(limits.offset()[0].item<float>(), -3.0f);
  EXPECT_EQ(limits.scale()[1].item<float>(), 1.0f);
  EXPECT_EQ(limits.offset()[1].item<float>(), -1.0f);
  const Normalizer gaussian = Normalizer::fit(NormalizerMode::kGaussian, data, "x").value();
  EXPECT_EQ(gaussian.scale()[0].item<float>(), 1.0f);
}

TEST(Normalizer, GaussianHasZeroMeanAndUnitDeviation) {
  const Tensor data = torch::tensor({{1.0f, -4.0f}, {2.0f, 0.0f}, {6.0f, 10.0f}});
  const Normalizer n = Normalizer::fit(NormalizerMode::kGaussian, data, "x").value();
  EXPECT_NEAR(n.scale()[0].item<float>(), 1.0 / std::sqrt(7.0), 1e-7);  // unbiased: (4 + 1 + 9) / 2
  EXPECT_NEAR(n.offset()[0].item<float>(), -3.0 / std::sqrt(7.0), 1e-6);
  EXPECT_TRUE(torch::allclose(n.apply(data).mean(0), torch::zeros({2}), 0, 1e-6));
  EXPECT_TRUE(torch::allclose(n.apply(data).std(0, true), torch::ones({2}), 0, 1e-6));
  EXPECT_TRUE(torch::allclose(n.invert(n.apply(data)), data, 0, 1e-5));
  const Tensor sequence = data.unsqueeze(0).expand({4, 3, 2});
  EXPECT_TRUE(torch::equal(n.apply(sequence)[2], n.apply(data)));
}

TEST(Normalizer, StoredAndRestored) {
  const Tensor data = torch::tensor({{1.0f, -4.0f}, {2.0f, 0.0f}, {6.0f, 10.0f}});
  const Normalizer n = Normalizer::fit(NormalizerMode::kGaussian, data, "x").value();
  const Normalizer back = Normalizer::restore(n.named("norm/"), "norm/", 2, "a.safetensors").value();
  EXPECT_TRUE(torch::equal(n.apply(data), back.apply(data)));
  EXPECT_EQ(back.named("norm/").size(), 6u);
  EXPECT_TRUE(torch::equal(Normalizer::identity(3).apply(torch::ones({2, 3})), torch::ones({2, 3})));
}

TEST(Normalizer, BadDataIsRefused) {
  const auto expect_refused = [](const auto& result, const char* wanted) {
    ASSERT_FALSE(result.ok()) << wanted;
    EXPECT_EQ(result.error().code, base::ErrorCode::kData);
    EXPECT_NE(result.error().message.find(wanted), std::string::npos) << result.error().message;
  };
  expect_refused(Normalizer::fit(NormalizerMode::kGaussian, torch::ones({1, 2}), "demos/a"),
                 "demos/a: at least 2 rows are wanted to fit the normaliser, found 1");
  Tensor data = torch::ones({5, 2});
  data[3][1] = std::nanf("");
  expect_refused(Normalizer::fit(NormalizerMode::kLimits, data, "demos/a"), "row 3 column 1 is not");
  const Normalizer good = Normalizer::identity(2);
  expect_refused(Normalizer::restore({}, "n/", 2, "a.safetensors"),
                 "a.safetensors: tensor n/scale is wanted and is not there");
  expect_refused(Normalizer::restore(good.named("n/"), "n/", 3, "a.safetensors"),
                 "tensor n/scale of 3 f32 numbers is wanted, found 2 of type Float");
  auto named = good.named("n/");
  named[1].second[0] = INFINITY;
  expect_refused(Normalizer::restore(named, "n/", 2, "a"),
                 "tensor n/offset holds numbers that are not finite");
  named = good.named("n/");
  named[0].second[0] = 0.0f;
  expect_refused(Normalizer::restore(named, "n/", 2, "a"), "tensor n/scale holds a zero");
}

}  // namespace
}  // namespace inknav::learn
