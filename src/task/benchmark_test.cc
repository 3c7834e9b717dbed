// SPDX-License-Identifier: MIT
#include "task/benchmark.h"

#include <gtest/gtest.h>

namespace inknav::task {
namespace {

TEST(SimBenchmark, EveryCaseRunsAndNamesItsBaseline) {
  SimBenchmarkSettings settings;
  settings.num_envs = 8;
  settings.homes = 1;
  settings.episodes = 4;
  settings.steps = 10;
  settings.repetitions = 3;
  settings.camera_size = 8;
  const auto results = run_sim_benchmark(settings);
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_EQ(results->size(), 8u);
  EXPECT_EQ(results->front().name, "sim/steps");
  EXPECT_EQ(results->front().baseline, "sim/steps/one_thread");
  for (const base::BenchmarkResult& result : *results) {
    EXPECT_GT(result.median, 0.0) << result.name;
    EXPECT_LE(result.min, result.median) << result.name;
    EXPECT_GE(result.max, result.median) << result.name;
  }
}

TEST(SimBenchmark, TheDeviceCasesRunOrSayWhyNot) {
  SimBenchmarkSettings settings;
  settings.num_envs = 2;
  settings.homes = 1;
  settings.episodes = 2;
  settings.steps = 2;
  settings.repetitions = 1;
  settings.camera_size = 8;
  settings.on_device = true;
  const auto results = run_sim_benchmark(settings);
  if (results.ok()) {
    ASSERT_EQ(results->size(), 10u);
    EXPECT_EQ(results->back().name, "sim/steps+depth+map/cuda");
    EXPECT_EQ(results->back().baseline, "sim/steps+depth+map");
    return;
  }
  EXPECT_EQ(results.error().code, base::ErrorCode::kUsage);
  EXPECT_EQ(results.error().message.rfind("CUDA renderer: ", 0), 0u) << results.error().message;
}

TEST(SimBenchmark, RefusesEmptySettings) {
  SimBenchmarkSettings settings;
  settings.num_envs = 0;
  const auto results = run_sim_benchmark(settings);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, base::ErrorCode::kUsage);
}

}  // namespace
}  // namespace inknav::task
