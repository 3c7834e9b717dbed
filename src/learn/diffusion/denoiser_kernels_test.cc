// SPDX-License-Identifier: MIT
// The inner loops against their obvious forms in double, and their stated error bounds.
#include "learn/diffusion/denoiser_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/philox.h"

namespace inknav::learn {
namespace {

std::vector<float> normals(std::size_t count, std::uint32_t index) {
  base::PhiloxStream stream({11, index, 0, 0, base::Purpose::kTest});
  std::vector<float> values(count);
  for (float& value : values) value = stream.normal();
  return values;
}

float mish1(float x) {
  float out = 0.0f;
  mish({&x, 1}, {&out, 1});
  return out;
}

TEST(DenoiserKernels, ExpWithinItsBound) {
  double worst = 0.0;
  for (float x = -87.0f; x < 88.0f; x += 8.0f * 0.000731f) {
    float in[8], out[8];
    for (int i = 0; i < 8; ++i) in[i] = x + static_cast<float>(i) * 0.000731f;
    _mm256_storeu_ps(out, exp8(_mm256_loadu_ps(in)));
    for (int i = 0; i < 8; ++i) {
      const double wanted = std::exp(double{in[i]});
      worst = std::max(worst, std::abs(double{out[i]} - wanted) / wanted);
    }
  }
  EXPECT_LT(worst, 2.5e-7);
}

TEST(DenoiserKernels, MishWithinItsBound) {
  const auto exact = [](double x) { return x * std::tanh(std::log1p(std::exp(x))); };
  double worst = 0.0;
  for (float x = -87.0f; x < 40.0f; x += 0.000917f) {
    if (x == 0.0f) continue;
    const double wanted = exact(x);
    worst = std::max(worst, std::abs(double{mish1(x)} - wanted) / std::abs(wanted));
  }
  EXPECT_LT(worst, 1e-6);
  for (const float x : {-88.0f, -100.0f, -1000.0f}) EXPECT_NEAR(mish1(x), exact(x), 2e-35);
  for (const float x : {30.0f, 1e3f, 1e30f}) EXPECT_EQ(mish1(x), x);
  EXPECT_EQ(mish1(0.0f), 0.0f);
  EXPECT_TRUE(std::isnan(mish1(std::numeric_limits<float>::quiet_NaN())));
  for (const auto& [x, wanted] :
       {std::pair{-2.0f, -0.25250148269570888}, std::pair{-1.0f, -0.30340146137410895},
        std::pair{.5f, 0.37524521130489508}, std::pair{1.0f, 0.86509838826731034},
        std::pair{3.0f, 2.9865350049679575}}) {
    EXPECT_NEAR(mish1(x), wanted, 1e-6 * std::abs(wanted));
  }
}

TEST(DenoiserKernels, MatmulEqualsTheSumsForEveryShape) {
  for (const int out : {1, 2, 8, 16, 24, 32, 40, 64}) {
    for (const int rows : {1, 2, 3, 4, 5, 16}) {
      for (const int length : {1, 7, 256, 257, 640}) {  // parts are 256 long
        const auto l = static_cast<std::size_t>(length), o = static_cast<std::size_t>(out);
        const std::vector<float> w = normals(l * o, 1), bias = normals(o, 2);
        const PackedMatrix matrix(w, length, out, bias);
        const std::ptrdiff_t step = 3;  // rows overlap
        const std::vector<float> x = normals(static_cast<std::size_t>(length + 3 * rows), 3);
        std::vector<float> y(static_cast<std::size_t>(rows * matrix.padded_out()), 99.0f);
        const RowsJob job{x.data(), step, y.data(), matrix.padded_out(), rows};
        matmul_rows(matrix, {&job, 1});
        for (int r = 0; r < rows; ++r) {
          for (int c = 0; c < matrix.padded_out(); ++c) {
            double wanted = c < out ? double{bias[static_cast<std::size_t>(c)]} : 0.0,
                   size = std::abs(wanted);
            for (int q = 0; c < out && q < length; ++q) {
              const double term = double{x[static_cast<std::size_t>(r * step + q)]} *
                                  w[static_cast<std::size_t>(q * out + c)];
              wanted += term;
              size += std::abs(term);
            }
            // A sum of f32 in order: half a unit of the last place of what was added, in the mean far less.
            ASSERT_NEAR(y[static_cast<std::size_t>(r * matrix.padded_out() + c)], wanted, 1e-6 * size);
          }
        }
      }
    }
  }
}

TEST(DenoiserKernels, GroupNormOfTheTable) {
  // Eight groups of one channel, each [1, 2, 3, 5] over four rows.
  std::vector<float> y, out(32), scratch(16);
  for (const float value : {1.0f, 2.0f, 3.0f, 5.0f}) y.insert(y.end(), 8, value);
  NormJob job;
  job.y = y.data();
  job.rows = 4;
  job.out = out.data();
  job.out_step = 8;
  norm_mish({std::vector<float>(8, 1.0f), std::vector<float>(8, 0.0f)}, 8, 1e-5f, job, scratch.data());
  const double wanted[] = {-1.18321325213558, -0.507091393772392, 0.169030464590797, 1.52127418131718};
  for (std::size_t i = 0; i < 32; ++i) {
    const double v = wanted[i / 8];
    EXPECT_NEAR(out[i], v * std::tanh(std::log1p(std::exp(v))), 2e-7);
  }
}

TEST(DenoiserKernels, NormFilmResidualEqualTheirFormulas) {
  constexpr int kRows = 5, kChannels = 32, kGroups = 8, kWidth = kChannels / kGroups;
  const std::vector<float> y = normals(kRows * kChannels, 4), residual = normals(kRows * 40, 5);
  const std::vector<float> cond = normals(2 * kChannels, 6), time = normals(2 * kChannels, 7);
  const NormWeights weights{normals(kChannels, 8), normals(kChannels, 9)};
  std::vector<float> out(kRows * kChannels), second(kRows * 48), scratch(2 * kChannels);
  NormJob job{y.data(), kRows,      cond.data(), time.data(),   true, residual.data(),
              40,       out.data(), kChannels,   second.data(), 48};
  norm_mish(weights, kGroups, 1e-5f, job, scratch.data());
  for (int g = 0; g < kGroups; ++g) {
    double mean = 0.0, variance = 0.0;
    const auto at = [&](int t, int c) { return double{y[static_cast<std::size_t>(t * kChannels + c)]}; };
    for (int t = 0; t < kRows; ++t) {
      for (int c = g * kWidth; c < (g + 1) * kWidth; ++c) mean += at(t, c) / (kRows * kWidth);
    }
    for (int t = 0; t < kRows; ++t) {
      for (int c = g * kWidth; c < (g + 1) * kWidth; ++c) {
        variance += (at(t, c) - mean) * (at(t, c) - mean) / (kRows * kWidth);
      }
    }
    for (int t = 0; t < kRows; ++t) {
      for (int c = g * kWidth; c < (g + 1) * kWidth; ++c) {
        const auto i = static_cast<std::size_t>(c);
        const double v = (at(t, c) - mean) / std::sqrt(variance + 1e-5) * weights.gain[i] + weights.bias[i];
        const double m = v * std::tanh(std::log1p(std::exp(v)));
        const double wanted = m * (double{cond[i]} + time[i]) + cond[kChannels + i] + time[kChannels + i] +
                              residual[static_cast<std::size_t>(t * 40 + c)];
        EXPECT_NEAR(out[static_cast<std::size_t>(t * kChannels + c)], wanted, 5e-6);
        EXPECT_EQ(out[static_cast<std::size_t>(t * kChannels + c)],
                  second[static_cast<std::size_t>(t * 48 + c)]);
      }
    }
  }
}

}  // namespace
}  // namespace inknav::learn
