// SPDX-License-Identifier: MIT
#include "task/measures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/philox.h"

namespace inknav::task {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Measures, SuccessIsStrict) {
  EXPECT_FALSE(is_success(true, 1.0f, 1.0f));  // exactly at the distance is no success
  EXPECT_TRUE(is_success(true, std::nextafter(1.0f, 0.0f), 1.0f));
  EXPECT_FALSE(is_success(false, 0.0f, 1.0f));  // without STOP there is none
}

TEST(Measures, SplDividesByTheLongerWay) {
  EXPECT_FLOAT_EQ(spl(true, 4.0f, 5.0f), 0.8f);
  EXPECT_FLOAT_EQ(spl(true, 4.0f, 3.0f), 1.0f);  // stopped short inside the success distance
  EXPECT_FLOAT_EQ(spl(false, 4.0f, 4.0f), 0.0f);
  EXPECT_FLOAT_EQ(spl(true, 0.0f, 0.0f), 1.0f);  // no 0 / 0
  EXPECT_FLOAT_EQ(spl(true, 0.0f, 2.0f), 0.0f);
}

TEST(Measures, SoftSplNeedsNoStop) {
  EXPECT_FLOAT_EQ(soft_spl(1.0f, 4.0f, 5.0f), 0.75f * 0.8f);
  EXPECT_FLOAT_EQ(soft_spl(5.0f, 4.0f, 1.0f), 0.0f);  // farther than at the start
  EXPECT_FLOAT_EQ(soft_spl(0.0f, 0.0f, 0.0f), 1.0f);
  EXPECT_FLOAT_EQ(soft_spl(0.5f, 0.0f, 0.5f), 0.0f);
  EXPECT_FLOAT_EQ(soft_spl(kInfinity, 4.0f, 1.0f), 0.0f);
}

TEST(Measures, NdtwByHand) {
  EXPECT_FLOAT_EQ(ndtw(0.0, 5, 3.0f), 1.0f);
  EXPECT_FLOAT_EQ(ndtw(15.0, 5, 3.0f), std::exp(-1.0f));
}

TEST(Measures, DistanceIsHeldForTinyMotions) {
  const base::Vec3 p(10.0f, 0.0f, 0.0f);
  // Tolerance at 10 m: 1e-4 + 1e-5 * 10 = 2e-4.
  EXPECT_FALSE(has_moved(p, base::Vec3(10.00015f, 0.0f, 0.0f)));
  EXPECT_TRUE(has_moved(p, base::Vec3(10.00025f, 0.0f, 0.0f)));
  EXPECT_FALSE(has_moved(base::Vec3(0.0f), base::Vec3(0.0f, 0.00009f, 0.0f)));
  EXPECT_TRUE(has_moved(base::Vec3(0.0f), base::Vec3(0.0f, 0.00011f, 0.0f)));  // any one axis counts
}

/// The whole table at once.
double dtw_oracle(const std::vector<base::Vec3>& walk, const std::vector<base::Vec3>& reference) {
  const std::size_t n = walk.size(), m = reference.size();
  std::vector<std::vector<double>> table(n + 1,
                                         std::vector<double>(m + 1, std::numeric_limits<double>::infinity()));
  table[0][0] = 0.0;
  for (std::size_t i = 1; i <= n; ++i) {
    for (std::size_t j = 1; j <= m; ++j) {
      const double cost = glm::length(glm::dvec3(walk[i - 1]) - glm::dvec3(reference[j - 1]));
      table[i][j] = cost + std::min({table[i - 1][j], table[i][j - 1], table[i - 1][j - 1]});
    }
  }
  return table[n][m];
}

TEST(Measures, IncrementalDtwEqualsTheTable) {
  base::PhiloxStream stream({7, 0, 0, 0, base::Purpose::kTest});
  for (int round = 0; round < 50; ++round) {
    std::vector<base::Vec3> walk(static_cast<std::size_t>(stream.uniform_int(1, 40)));
    std::vector<base::Vec3> reference(static_cast<std::size_t>(stream.uniform_int(1, 30)));
    for (auto* points : {&walk, &reference}) {
      for (base::Vec3& p : *points) p = {stream.uniform(-5, 5), stream.uniform(0, 1), stream.uniform(-5, 5)};
    }
    std::vector<double> row(reference.size());
    dtw_begin(reference, walk[0], row);
    for (std::size_t i = 1; i < walk.size(); ++i) dtw_push(reference, walk[i], row);
    EXPECT_NEAR(row.back(), dtw_oracle(walk, reference), 1e-9);
  }
}

TEST(Measures, FilledInTheDocumentedOrder) {
  EpisodeMeasures state;
  state.shortest = 4.0f;
  state.distance_to_goal = 0.5f;
  state.path_length = 5.0f;
  state.collisions = 3;
  state.stop_called = 1;
  state.oracle_success = 1;
  std::vector<float> out(kNumMeasures);
  fill_measures(state, 2.0, 4, 1.0f, out);
  const std::vector<float> wanted = {1.0f, 0.8f, 0.875f * 0.8f, std::exp(-0.5f), 0.5f, 3.0f,
                                     5.0f, 1.0f, 1.0f};
  ASSERT_EQ(measure_names().size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_FLOAT_EQ(out[i], wanted[i]) << measure_names()[i];
}

}  // namespace
}  // namespace inknav::task
