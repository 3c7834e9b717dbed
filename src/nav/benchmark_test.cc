// SPDX-License-Identifier: MIT
#include "nav/benchmark.h"

#include <gtest/gtest.h>

#include <string>

#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

TEST(NavBenchmark, EveryFigureIsARate) {
  NavBenchmarkSettings settings;
  settings.steps = 4000;
  settings.repetitions = 5;
  const auto results = run_nav_benchmark(*testing::rooms_scene(), settings);
  ASSERT_TRUE(results.ok());
  EXPECT_EQ(results->size(), 9u);
  for (const base::BenchmarkResult& result : *results) {
    EXPECT_GT(result.median, 0.0) << result.name;
    EXPECT_LE(result.min, result.max);
    EXPECT_EQ(result.name.rfind("nav/", 0), 0u);
    ::testing::Test::RecordProperty(result.name.substr(4), std::to_string(result.median) + " " + result.unit);
  }
}

TEST(NavBenchmark, SceneWithoutFloorIsAnError) {
  testing::SceneBuilder b;
  b.quad({0, 0, 0}, {5, 0, 0}, {5, 3, 0}, {0, 3, 0});
  const auto results = run_nav_benchmark(*b.finish("a wall"), {});
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, base::ErrorCode::kData);
}

}  // namespace
}  // namespace inknav::nav
