// SPDX-License-Identifier: MIT
#include "learn/reading/wall_likelihood.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/philox.h"

namespace inknav::learn {
namespace {

base::PhiloxStream stream_of(std::uint32_t part) {
  return base::PhiloxStream({22, 0, 0, part, base::Purpose::kTest});
}

TEST(WallLikelihood, IsThatOfTheNearestInk) {
  constexpr int kSize = 24;
  base::PhiloxStream stream = stream_of(0);
  std::vector<std::uint8_t> wall(kSize * kSize);
  for (auto& pixel : wall)
    pixel = stream.bernoulli(0.03f) ? 255 : static_cast<std::uint8_t>(stream.uniform_int(80u));
  WallLikelihood likelihood;
  likelihood.assign(wall.data(), kSize);
  EXPECT_NEAR(likelihood.wall_cost()[0], -80.0 * std::log(0.05), 0.51);
  EXPECT_EQ(likelihood.floor_cost()[0], 0);
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      double nearest = 1e9;
      for (int v = 0; v < kSize; ++v) {
        for (int u = 0; u < kSize; ++u) {
          if (wall[static_cast<std::size_t>(v * kSize + u)] > 100)
            nearest = std::min(nearest, double((u - x) * (u - x) + (v - y) * (v - y)));
        }
      }
      const int place = (y + 1) * (kSize + 2) + x + 1;
      const double ink = wall[static_cast<std::size_t>(y * kSize + x)] / 255.0;
      // Half a unit of rounding, and float logarithms.
      EXPECT_NEAR(likelihood.wall_cost()[place],
                  -80.0 * std::log(0.05 + 0.95 * std::exp(-0.5 * nearest / 2.25)), 0.51);
      EXPECT_NEAR(likelihood.floor_cost()[place], -80.0 * std::log(1.0 - 0.9 * ink), 0.51);
    }
  }
}

TEST(WallLikelihood, CostsOfManyBeliefsAreThoseOfEach) {
  constexpr int kSize = 40;
  base::PhiloxStream stream = stream_of(1);
  std::vector<std::uint8_t> wall(kSize * kSize);
  for (auto& pixel : wall) pixel = stream.bernoulli(0.1f) ? 255 : 0;
  WallLikelihood likelihood;
  likelihood.assign(wall.data(), kSize);
  SeenPoints points;
  for (int i = 0; i < 37; ++i)
    points.add(stream.uniform() * 7.0f - 3.5f, stream.uniform() * 7.0f - 3.5f,
               1 + static_cast<std::int32_t>(stream.uniform_int(64u)));
  // Numbers that are not a multiple of eight; places on, beside and far from the paper, and lost altogether.
  for (const std::size_t count : {1u, 8u, 53u}) {
    std::array<std::vector<float>, 6> columns;
    for (auto& column : columns)
      for (std::size_t k = 0; k < count; ++k)
        column.push_back((stream.uniform() - 0.3f) * (k % 7 == 6 ? 1e9f : k % 5 == 4 ? 3.0f : 1.0f));
    const BeliefColumns beliefs{columns[0].data(),
                                columns[1].data(),
                                columns[2].data(),
                                columns[3].data(),
                                columns[4].data(),
                                columns[5].data(),
                                count};
    for (const std::uint8_t* table : {likelihood.wall_cost(), likelihood.floor_cost()}) {
      std::vector<std::int32_t> sums(count, -1);
      sum_costs(beliefs, table, kSize, points, sums.data());
      for (std::size_t k = 0; k < count; ++k)
        EXPECT_EQ(sums[k], sum_cost(beliefs, k, table, kSize, points)) << k << " of " << count;
    }
  }
}

TEST(SeenPoints, ThinnedTheyAreOthersAtEachStep) {
  SeenPoints all;
  for (int i = 0; i < 10; ++i) all.add(static_cast<float>(i), 0.0f, i);
  SeenPoints even = all, odd = all, few = all;
  even.thin(5, 4);
  odd.thin(5, 7);
  few.thin(10, 3);
  EXPECT_EQ(even.weight, (std::vector<std::int32_t>{0, 2, 4, 6, 8}));
  EXPECT_EQ(odd.weight, (std::vector<std::int32_t>{1, 3, 5, 7, 9}));
  EXPECT_EQ(few.weight, all.weight);
  EXPECT_EQ(odd.total_weight(), 25);
}

}  // namespace
}  // namespace inknav::learn
