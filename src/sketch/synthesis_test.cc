// SPDX-License-Identifier: MIT
#include "sketch/synthesis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "sketch/drawer.h"
#include "sketch/layout.h"
#include "sketch/plane_geometry.h"
#include "sketch/test_util.h"

namespace inknav::sketch {
namespace {

using testing::small_house;
using testing::SmallHouse;

constexpr std::array<Level, 4> kLevels{Level::kClean, Level::kL1, Level::kL2, Level::kL3};
constexpr std::array<DrawerSplit, 3> kSplits{DrawerSplit::kTrain, DrawerSplit::kVal, DrawerSplit::kTest};

TEST(Drawer, HabitsOfTheSplitsAreDisjoint) {
  const auto ranges = [](DrawerSplit split) {
    const HabitRanges h = habit_ranges(split);
    return std::vector<Range>{h.slant_deg, h.pen,   h.regularity, h.tremor,
                              h.roughness, h.taper, h.mark_size,  h.omission};
  };
  for (std::size_t i = 0; i < kSplits.size(); ++i) {
    for (std::size_t j = i + 1; j < kSplits.size(); ++j) {
      const auto a = ranges(kSplits[i]), b = ranges(kSplits[j]);
      for (std::size_t k = 0; k < a.size(); ++k) {
        EXPECT_LT(a[k].low, a[k].high);
        EXPECT_TRUE(a[k].high <= b[k].low || b[k].high <= a[k].low)
            << "habit " << k << " of splits " << i << " and " << j;
      }
    }
  }
}

TEST(Synthesis, IsAPureFunction) {
  const SmallHouse house = small_house();
  for (const Level level : kLevels) {
    const SynthesisSettings settings{level, DrawerSplit::kTest, 0.5f, 0.5f, true};
    const auto a = synthesize(house.input(), settings, 3, 7), b = synthesize(house.input(), settings, 3, 7);
    EXPECT_EQ(a.drawing.to_json(), b.drawing.to_json());
    EXPECT_EQ(a.correspondence.to_json(), b.correspondence.to_json());
    if (level == Level::kClean) continue;
    EXPECT_NE(a.drawing.to_json(), synthesize(house.input(), settings, 3, 8).drawing.to_json());
    EXPECT_NE(a.drawing.to_json(), synthesize(house.input(), settings, 4, 7).drawing.to_json());
  }
}

TEST(Synthesis, CorrespondenceRoundTripsAndNeverFolds) {
  const SmallHouse house = small_house();
  for (const Level level : kLevels) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      const auto d =
          synthesize(house.input(), {level, DrawerSplit::kTrain, 1.0f, 1.0f, seed % 2 == 1}, 1, seed);
      for (float z = 0.0f; z <= 8.2f; z += 0.41f) {
        for (float x = 0.0f; x <= 11.4f; x += 0.57f) {
          const base::Vec2 p(x, z);
          EXPECT_LT(glm::length(d.correspondence.to_world(d.correspondence.to_paper(p)) - p), 2e-5f);
          EXPECT_GT(glm::determinant(d.correspondence.jacobian(p)), 0.0f);
        }
      }
    }
  }
}

TEST(Synthesis, EverythingLiesOnThePaper) {
  const SmallHouse house = small_house();
  for (const Level level : kLevels) {
    for (const DrawerSplit split : kSplits) {
      for (std::uint32_t k = 0; k < 40; ++k) {
        const auto d = synthesize(house.input(), {level, split, 1.0f, 1.0f, k % 2 == 1}, k, k).drawing;
        for (const Stroke& stroke : d.strokes) {
          ASSERT_EQ(stroke.points.size(), stroke.pressure.size());
          for (const base::Vec2& p : stroke.points) {
            EXPECT_TRUE(p.x > -0.03f && p.y > -0.03f && p.x < 1.03f && p.y < 1.03f) << p.x << " " << p.y;
          }
        }
        for (const Mark& mark : {d.start, d.goal}) {
          EXPECT_TRUE(mark.present);
          EXPECT_TRUE(mark.position.x > 0.0f && mark.position.y > 0.0f && mark.position.x < 1.0f &&
                      mark.position.y < 1.0f);
        }
      }
    }
  }
}

TEST(Synthesis, MarksStayInTheirRooms) {
  const SmallHouse house = small_house();
  const Layout layout = make_layout(house.walls, 0.12, {});
  const auto room_of = [&](const base::Vec2& p) { return layout.room_at(glm::dvec2(p)); };
  for (const Level level : kLevels) {
    for (std::uint32_t k = 0; k < 100; ++k) {
      const auto d = synthesize(house.input(), {level, DrawerSplit::kTrain, 1.0f, 1.0f, false}, k, k);
      EXPECT_EQ(room_of(d.correspondence.to_world(d.drawing.start.position)),
                room_of({house.start.position.x, house.start.position.z}));
      EXPECT_EQ(room_of(d.correspondence.to_world(d.drawing.goal.position)),
                room_of({house.goal.x, house.goal.z}));
    }
  }
}

TEST(Synthesis, TheRouteGoesThroughItsDoors) {
  // Of the pieces of the route that was meant, none may cross a wall stroke (the doors it uses are open).
  const SmallHouse house = small_house();
  for (const Level level : kLevels) {
    int crossed = 0, drawings = 0;
    for (std::uint32_t k = 0; k < 60; ++k) {
      const auto d = synthesize(house.input(), {level, DrawerSplit::kTrain, 1.0f, 1.0f, false}, k, k).drawing;
      bool crosses = false;
      for (const Stroke& stroke : d.strokes) {
        if (stroke.kind != StrokeKind::kWall) continue;
        for (std::size_t i = 1; i < stroke.points.size() && !crosses; ++i) {
          for (std::size_t j = 1; j < d.route.size(); ++j) {
            crosses =
                crosses || segments_cross(glm::dvec2(stroke.points[i - 1]), glm::dvec2(stroke.points[i]),
                                          glm::dvec2(d.route[j - 1]), glm::dvec2(d.route[j]));
          }
        }
      }
      crossed += crosses ? 1 : 0;
      ++drawings;
    }
    std::printf("  level %d: route touches a wall stroke in %d of %d drawings\n", static_cast<int>(level),
                crossed, drawings);
    const int allowed = level == Level::kL3 ? 12 : level == Level::kL2 ? 6 : 0;
    EXPECT_LE(crossed, allowed);
  }
}

TEST(Synthesis, WorksWithoutWallsAndWithoutARoute) {
  WallMap empty;
  SynthesisInput input{&empty,
                       {},
                       {base::Vec3(1.0f, 0.0f, 2.0f), base::rotation_from_yaw(1.0f)},
                       base::Vec3(4.0f, 0.0f, 3.0f)};
  for (const Level level : kLevels) {
    const auto d = synthesize(input, {level, DrawerSplit::kVal, 1.0f, 1.0f, true}, 0, 0);
    EXPECT_TRUE(d.drawing.start.present);
    EXPECT_TRUE(d.drawing.route.empty());
    EXPECT_LT(glm::length(d.correspondence.to_world(d.correspondence.to_paper({1.0f, 2.0f})) -
                          base::Vec2(1.0f, 2.0f)),
              1e-5f);
  }
}

/// As the table of human strokes was measured: near-straight strokes, deviation from the chord at even arc
/// length.
struct StrokeStatistics {
  std::vector<double> rms, most, angle_deg;
};

void measure(const Stroke& stroke, StrokeStatistics& statistics) {
  std::vector<glm::dvec2> line(stroke.points.begin(), stroke.points.end());
  double arc = 0.0;
  for (std::size_t i = 1; i < line.size(); ++i) arc += glm::length(line[i] - line[i - 1]);
  const glm::dvec2 chord = line.back() - line.front();
  const double length = glm::length(chord);
  if (length < 0.03 || arc / length >= 1.11) return;
  line = resampled(line, arc / 64.0);
  double sum = 0.0, most = 0.0;
  for (const glm::dvec2& p : line) {
    const double d = cross(chord / length, p - line.front());
    sum += d * d;
    most = std::max(most, std::abs(d));
  }
  statistics.rms.push_back(std::sqrt(sum / static_cast<double>(line.size())) / length);
  statistics.most.push_back(most / length);
  statistics.angle_deg.push_back(std::atan2(chord.y, chord.x) * 180.0 / 3.14159265358979323846);
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

TEST(Synthesis, StrokeStatisticsOfL2AreWithinTheHumanQuartiles) {
  const SmallHouse house = small_house();
  StrokeStatistics all;
  std::vector<double> angles;
  for (std::uint32_t k = 0; k < 200; ++k) {
    const auto d =
        synthesize(house.input(), {Level::kL2, DrawerSplit::kTrain, 1.0f, 1.0f, false}, k, k).drawing;
    StrokeStatistics one;
    for (const Stroke& stroke : d.strokes) {
      if (stroke.kind == StrokeKind::kWall) measure(stroke, one);
    }
    all.rms.insert(all.rms.end(), one.rms.begin(), one.rms.end());
    all.most.insert(all.most.end(), one.most.begin(), one.most.end());
    // The axes are the drawing's own, one for each direction: the whole map is turned by up to 15 degrees and
    // sheared by up to 8, which is not the hand's error.
    std::array<std::vector<double>, 2> by_axis;
    for (const double a : one.angle_deg) {
      const double quarter = std::round(a / 90.0);
      by_axis[static_cast<std::size_t>(std::abs(static_cast<int>(quarter)) % 2)].push_back(a -
                                                                                           90.0 * quarter);
    }
    for (const std::vector<double>& same : by_axis) {
      if (same.size() < 3) continue;
      const double axis = quantile(same, 0.5);
      for (const double a : same) {
        if (const double off = std::abs(a - axis); off < 20.0) angles.push_back(off);
      }
    }
  }
  std::printf(
      "  %zu strokes; RMS/length %.4f %.4f %.4f; max/length %.4f %.4f %.4f; angle %.2f %.2f %.2f degrees\n",
      all.rms.size(), quantile(all.rms, 0.25), quantile(all.rms, 0.5), quantile(all.rms, 0.75),
      quantile(all.most, 0.25), quantile(all.most, 0.5), quantile(all.most, 0.75), quantile(angles, 0.25),
      quantile(angles, 0.5), quantile(angles, 0.75));
  EXPECT_GT(quantile(all.rms, 0.5), 0.0077);
  EXPECT_LT(quantile(all.rms, 0.5), 0.0274);
  EXPECT_GT(quantile(all.most, 0.5), 0.0150);
  EXPECT_LT(quantile(all.most, 0.5), 0.0501);
  EXPECT_GT(quantile(angles, 0.5), 0.84);
  EXPECT_LT(quantile(angles, 0.5), 4.86);
}

}  // namespace
}  // namespace inknav::sketch
