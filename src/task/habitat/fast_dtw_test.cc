// SPDX-License-Identifier: MIT
#include "task/habitat/fast_dtw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/philox.h"
#include "task/measures.h"

namespace inknav::task::habitat {
namespace {

using base::Vec3;
using Walk = std::vector<Vec3>;
using Point = std::array<double, 3>;
using Cell = std::pair<int, int>;

// The slow twin: the algorithm written down once more with sets and maps of cells, recursion and no bands.
double gap(const Point& a, const Point& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

std::pair<double, std::vector<Cell>> slow_warp(const std::vector<Point>& x, const std::vector<Point>& y,
                                               const std::set<Cell>& window) {
  struct Entry {
    double cost;
    Cell from;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  std::map<Cell, Entry> table{{{-1, -1}, {0.0, {-1, -1}}}};
  const auto cost = [&](Cell cell) { return table.contains(cell) ? table.at(cell).cost : infinity; };
  for (const auto& [i, j] : window) {  // ordered by row, then column
    Entry best{infinity, {}};
    for (const Cell& from : {Cell{i - 1, j}, Cell{i, j - 1}, Cell{i - 1, j - 1}}) {
      const double through = cost(from) + gap(x[static_cast<std::size_t>(i)], y[static_cast<std::size_t>(j)]);
      if (through < best.cost) best = {through, from};
    }
    table[{i, j}] = best;
  }
  std::vector<Cell> path;
  Cell at{static_cast<int>(x.size()) - 1, static_cast<int>(y.size()) - 1};
  const double total = cost(at);
  for (; at != Cell{-1, -1}; at = table.at(at).from) path.push_back(at);
  return {total, path};
}

std::pair<double, std::vector<Cell>> slow_fast(const std::vector<Point>& x, const std::vector<Point>& y,
                                               int radius) {
  const int rows = static_cast<int>(x.size()), columns = static_cast<int>(y.size());
  std::set<Cell> window;
  if (std::min(rows, columns) < radius + 2) {
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) window.insert({i, j});
    }
    return slow_warp(x, y, window);
  }
  const auto halved = [](const std::vector<Point>& points) {
    std::vector<Point> half;
    for (std::size_t i = 0; i + 1 < points.size(); i += 2) {
      half.push_back({(points[i][0] + points[i + 1][0]) / 2, (points[i][1] + points[i + 1][1]) / 2,
                      (points[i][2] + points[i + 1][2]) / 2});
    }
    return half;
  };
  for (const auto& [i, j] : slow_fast(halved(x), halved(y), radius).second) {
    for (int a = 2 * (i - radius); a < 2 * (i + radius) + 2; ++a) {
      for (int b = 2 * (j - radius); b < 2 * (j + radius) + 2; ++b) {
        if (a >= 0 && a < rows && b >= 0 && b < columns) window.insert({a, b});
      }
    }
  }
  return slow_warp(x, y, window);
}

double slow(const Walk& a, const Walk& b, int radius) {
  const auto doubles = [](const Walk& walk) {
    std::vector<Point> points;
    for (const Vec3& p : walk)
      points.push_back({static_cast<double>(p.x), static_cast<double>(p.y), static_cast<double>(p.z)});
    return points;
  };
  return slow_fast(doubles(a), doubles(b), radius).first;
}

double exact(const Walk& a, const Walk& b) {
  std::vector<double> row(b.size());
  dtw_begin(b, a.front(), row);
  for (std::size_t i = 1; i < a.size(); ++i) dtw_push(b, a[i], row);
  return row.back();
}

Walk random_walk(base::PhiloxStream& stream, int points) {
  Walk walk{{stream.uniform(-1, 1), 0, stream.uniform(-1, 1)}};
  float yaw = stream.uniform(-3.1f, 3.1f);
  while (static_cast<int>(walk.size()) < points) {
    yaw += stream.uniform(-1.0f, 1.0f);
    walk.push_back(walk.back() + 0.25f * base::forward_from_yaw(yaw));
  }
  return walk;
}

TEST(FastDtw, EqualsItsSlowTwin) {
  base::PhiloxStream stream({.seed = 41});
  FastDtw fast[] = {FastDtw(1), FastDtw(2), FastDtw(5)};
  int above = 0;
  for (int trial = 0; trial < 150; ++trial) {
    const Walk a = random_walk(stream, 1 + static_cast<int>(stream.uniform_int(70)));
    const Walk b = random_walk(stream, 1 + static_cast<int>(stream.uniform_int(70)));
    const double least = exact(a, b);
    int index = 0;
    for (const int radius : {1, 2, 5}) {
      const double found = fast[index++].distance(a, b);
      // Sums of the same numbers in the same order; the square root of hypot may differ in the last bit.
      ASSERT_NEAR(found, slow(a, b, radius), 1e-12 * (1.0 + found)) << trial << " radius " << radius;
      ASSERT_GE(found, least - 1e-9);
      above += radius == 1 && found > least + 1e-9;
    }
  }
  EXPECT_GT(above, 5)
      << "radius 1 is an approximation: a test that cannot tell it from the exact one is none";
}

TEST(FastDtw, IsExactWhenTheRadiusSpansTheWalks) {
  base::PhiloxStream stream({.seed = 42});
  FastDtw wide(64);
  for (int trial = 0; trial < 20; ++trial) {
    const Walk a = random_walk(stream, 40), b = random_walk(stream, 33);
    EXPECT_NEAR(wide.distance(a, b), exact(a, b), 1e-9);
  }
}

/// Whole steps in the plane by a linear congruential generator, so that other programs can walk the same.
Walk counted_walk(std::int64_t seed, int points) {
  std::int64_t x = seed * 7919;
  int right = 0, back = 0;
  Walk walk;
  while (static_cast<int>(walk.size()) < points) {
    x = (x * 1103515245 + 12345) % (std::int64_t{1} << 31);
    right += static_cast<int>((x >> 16) % 5) - 2;
    back += static_cast<int>((x >> 22) % 5) - 2;
    walk.emplace_back(right, 0, back);
  }
  return walk;
}

TEST(FastDtw, EqualsThePythonPackage) {
  struct Golden {
    int first_seed, first_points, second_seed, second_points;
    double distance;  // fastdtw 0.3.4, radius 1, Euclidean, computed outside of this repository
    double exact;     // its dtw()
  };
  for (const Golden& g : {Golden{11, 90, 1011, 101, 1126.2764762121033, 1041.5722462360989},
                          {15, 31, 1015, 40, 190.52133822488668, 179.75663883270101},
                          {19, 31, 1019, 40, 348.1494677595847, 334.7308783320976},
                          {20, 90, 1020, 101, 2240.5983254509324, 2152.9978288370894},
                          {24, 64, 1024, 23, 609.0164141487048, 570.9553433769377}}) {
    const Walk a = counted_walk(g.first_seed, g.first_points),
               b = counted_walk(g.second_seed, g.second_points);
    FastDtw fast(1);
    EXPECT_NEAR(fast.distance(a, b), g.distance, 1e-9) << g.first_seed;  // sums of a hundred roots
    EXPECT_NEAR(exact(a, b), g.exact, 1e-9) << g.first_seed;
  }
}

TEST(FastDtw, ByHand) {
  FastDtw fast(1);
  const Walk one = {{0, 0, 0}}, two = {{1, 0, 0}, {3, 0, 0}};
  EXPECT_EQ(fast.distance(one, two), 4.0);  // the one point is paired with both
  EXPECT_EQ(fast.distance(two, two), 0.0);
  // 0 1 2 3 against 0 0 3 3: pairs 0-0, 0-0, 1-0 (1), 2-3 (1), 3-3, 3-3.
  const Walk steps = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}};
  const Walk jump = {{0, 0, 0}, {0, 0, 0}, {3, 0, 0}, {3, 0, 0}};
  EXPECT_EQ(fast.distance(steps, jump), 2.0);
}

}  // namespace
}  // namespace inknav::task::habitat
