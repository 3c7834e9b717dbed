// SPDX-License-Identifier: MIT
#include "learn/diffusion/denoiser_benchmark.h"

#include <gtest/gtest.h>

namespace inknav::learn {
namespace {

TEST(DenoiserBenchmark, NamesItsFiguresAndBaseline) {
  const auto results =
      run_denoiser_benchmark({.widths = {8}, .batches = {1, 2}, .steps = 2, .threads = 2, .repetitions = 1})
          .value();
  ASSERT_EQ(results.size(), 8u);
  EXPECT_EQ(results[0].name, "infer/denoiser/8-16-32/batch1");
  EXPECT_EQ(results[0].baseline, "infer/denoiser/8-16-32/batch1/eager_torch");
  EXPECT_EQ(results[0].unit, "decisions/s");
  EXPECT_GT(results[0].ratio, 0.0);
  EXPECT_EQ(results[5].name, "infer/denoiser/8-16-32/batch2/ms");
  EXPECT_NEAR(results[5].median, 2000.0 / results[4].median, 1e-9);
}

TEST(DenoiserBenchmark, BadSettingsAreRefused) {
  for (const auto& [settings, wanted] :
       {std::pair{DenoiserBenchmarkSettings{.threads = 0}, "bench infer: threads = 0 is not at least 1"},
        std::pair{DenoiserBenchmarkSettings{.batches = {0}}, "bench infer: batch = 0 is not at least 1"},
        std::pair{DenoiserBenchmarkSettings{.widths = {12}},
                  "down_dims holds 12, which is not a multiple of 8"},
        std::pair{DenoiserBenchmarkSettings{.steps = 101}, "num_inference_steps = 101 is not within"}}) {
    const auto results = run_denoiser_benchmark(settings);
    ASSERT_FALSE(results.ok());
    EXPECT_EQ(results.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(results.error().message.find(wanted), std::string::npos) << results.error().message;
  }
}

}  // namespace
}  // namespace inknav::learn
