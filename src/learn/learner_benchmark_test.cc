// SPDX-License-Identifier: MIT
#include "learn/learner_benchmark.h"

#include <gtest/gtest.h>

namespace inknav::learn {
namespace {

TEST(LearnerBenchmark, GivesEveryFigureAndCountsTheWork) {
  LearnerBenchmarkSettings settings;
  settings.cases = {{"small", Backbone::kSeResNet9, 4, 16, Recurrence::kGru, 1}};
  settings.compute.staged = settings.compute.graphs = true;
  settings.num_envs = 8;
  settings.num_steps = 4;
  settings.num_mini_batch = 2;
  settings.hidden_size = 16;
  settings.updates = 3;
  settings.gemm_size = 64;
  std::size_t told = 0;
  settings.on_results = [&told](std::span<const base::BenchmarkResult> results) { told = results.size(); };
  const auto results = run_learner_benchmark(settings);
  ASSERT_TRUE(results.ok());
  ASSERT_EQ(results->size(), 9u);
  EXPECT_EQ(told, 9u);
  EXPECT_EQ((*results)[3].name, "learner/small");
  for (const base::BenchmarkResult& result : *results) {
    EXPECT_GE(result.median, result.name == "learner/small/environment" ? 0.0 : 1e-12) << result.name;
  }
  EXPECT_EQ(results->back().baseline, "device/gemm/fp32");
  EXPECT_GT(results->back().ratio, 0.0);
}

TEST(LearnerBenchmark, TheGoalsAreThoseOfTheSpecification) {
  const auto goals = learner_goals();
  ASSERT_EQ(goals.size(), 3u);
  EXPECT_EQ(goals[0].base_planes, 64);
  EXPECT_EQ(goals[2].backbone, Backbone::kResNet18);
  EXPECT_EQ(goals[2].epochs, 2);
}

}  // namespace
}  // namespace inknav::learn
