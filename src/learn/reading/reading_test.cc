// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/philox.h"
#include "learn/reading/belief.h"
#include "learn/reading/crop.h"

namespace inknav::learn {
namespace {

base::PhiloxStream test_stream(std::uint32_t step) {
  return base::PhiloxStream({4, 0, 0, step, base::Purpose::kTest});
}

Belief random_belief(base::PhiloxStream& stream) {
  Belief belief = similarity({stream.uniform(0.2f, 0.8f), stream.uniform(0.2f, 0.8f)},
                             stream.uniform(-3.0f, 3.0f), stream.uniform(-3.0f, -2.0f));
  apply(belief, {0.0f, 0.0f, 0.0f, 0.0f, stream.uniform(-0.25f, 0.25f), stream.uniform(-0.25f, 0.25f)}, 1.0f);
  return belief;
}

TEST(Belief, ToBodyInvertsToPaper) {
  auto stream = test_stream(0);
  for (int i = 0; i < 100; ++i) {
    const Belief belief = random_belief(stream);
    const base::Vec2 p{stream.normal(), stream.normal()};
    const base::Vec2 q = to_body(belief, to_paper(belief, p));
    EXPECT_NEAR(q.x, p.x, 1e-4);
    EXPECT_NEAR(q.y, p.y, 1e-4);
  }
}

TEST(Belief, FullCorrectionGivesTheTruth) {
  auto stream = test_stream(1);
  for (int i = 0; i < 100; ++i) {
    Belief belief = random_belief(stream);
    const Belief truth = random_belief(stream);
    apply(belief, correction_to(belief, truth), 1.0f);
    EXPECT_NEAR(position_error(belief, truth), 0.0f, 1e-3);
    EXPECT_NEAR(glm::length(belief.right - truth.right), 0.0f, 1e-5);
    EXPECT_NEAR(glm::length(belief.forward - truth.forward), 0.0f, 1e-5);
  }
}

TEST(Belief, OdometryKeepsATrueBeliefTrue) {
  // A world that is drawn by one affine map.
  auto stream = test_stream(2);
  const Belief start = random_belief(stream);
  Belief belief = start;
  Odometry before;
  for (int i = 0; i < 50; ++i) {
    Odometry after = before;
    if (i % 3 == 0) {
      after.yaw += 0.3f;
    } else {
      after.forward += 0.25f * std::cos(before.yaw);
      after.right -= 0.25f * std::sin(before.yaw);
    }
    move(belief, before, after);
    before = after;
  }
  const base::Vec2 expected = to_paper(start, {before.right, before.forward});
  EXPECT_NEAR(belief.position.x, expected.x, 1e-4);
  EXPECT_NEAR(belief.position.y, expected.y, 1e-4);
  Belief turned = start;
  move(turned, {}, {0.0f, 0.0f, before.yaw});
  EXPECT_NEAR(glm::length(belief.right - turned.right), 0.0f, 1e-5);
  EXPECT_NEAR(glm::length(belief.forward - turned.forward), 0.0f, 1e-5);
}

TEST(Belief, HeadingScaleAndStretchAreThoseItWasMadeOf) {
  auto stream = test_stream(5);
  for (int i = 0; i < 100; ++i) {
    const float heading = stream.uniform(-3.0f, 3.0f), log_scale = stream.uniform(-3.0f, -2.0f);
    Belief belief = similarity({0.5f, 0.5f}, heading, log_scale);
    EXPECT_NEAR(base::wrap_angle(heading_of(belief) - heading), 0.0f, 1e-5);
    EXPECT_NEAR(log_scale_of(belief), log_scale, 1e-5);
    const float axes = stream.uniform(-0.1f, 0.1f), diagonals = stream.uniform(-0.1f, 0.1f);
    apply(belief, {0.0f, 0.0f, 0.0f, 0.0f, axes, diagonals}, 1.0f);
    EXPECT_NEAR(base::wrap_angle(heading_of(belief) - heading), 0.0f, 1e-5);
    EXPECT_NEAR(log_scale_of(belief), log_scale, 1e-5);
    EXPECT_NEAR(stretch_of(belief).axes, axes, 3e-3);  // third order
    EXPECT_NEAR(stretch_of(belief).diagonals, diagonals, 3e-3);
  }
}

TEST(Belief, WildCorrectionsLeaveItFinite) {
  auto stream = test_stream(6);
  for (int i = 0; i < 1000; ++i) {
    Belief belief = random_belief(stream);
    Correction wild;
    for (float& value : wild) value = stream.normal(0.0f, 20.0f);
    for (int k = 0; k < 3; ++k) apply(belief, wild, 1.0f);
    for (const float value : {belief.position.x, belief.position.y, belief.right.x, belief.right.y,
                              belief.forward.x, belief.forward.y}) {
      ASSERT_TRUE(std::isfinite(value));
    }
    ASSERT_GT(log_scale_of(belief), -9.1f);
    ASSERT_LT(log_scale_of(belief), 1.1f);
  }
}

TEST(Belief, ForwardIsUpOnThePaperAtHeadingZeroAndLeftAtAQuarterTurn) {
  const float log_scale = std::log(0.1f);
  Belief belief = similarity({0.5f, 0.5f}, 0.0f, log_scale);
  EXPECT_NEAR(to_paper(belief, {0.0f, 1.0f}).y, 0.4f, 1e-6);
  EXPECT_NEAR(to_paper(belief, {1.0f, 0.0f}).x, 0.6f, 1e-6);
  belief = similarity({0.5f, 0.5f}, 0.5f * base::kPi, log_scale);
  EXPECT_NEAR(to_paper(belief, {0.0f, 1.0f}).x, 0.4f, 1e-6);
}

/// The slow twin: bilinear in double precision, each plane for itself.
double bilinear(const std::vector<double>& image, int size, double x, double y) {
  const int ix = static_cast<int>(std::floor(x)), iy = static_cast<int>(std::floor(y));
  if (ix < 0 || iy < 0 || ix + 1 >= size || iy + 1 >= size) return 0.0;
  const double fx = x - ix, fy = y - iy;
  const auto at = [&](int column, int row) { return image[static_cast<std::size_t>(row * size + column)]; };
  return (1 - fy) * ((1 - fx) * at(ix, iy) + fx * at(ix + 1, iy)) +
         fy * ((1 - fx) * at(ix, iy + 1) + fx * at(ix + 1, iy + 1));
}

/// 16 steps of weight an axis: the fast crop may differ by two of them.
constexpr double kCropTolerance = 255.0 * 2.0 / 16.0 + 1.0;

TEST(Crop, EqualsTheBruteForceTwin) {
  auto stream = test_stream(3);
  const CropGrid grid{24, 0.15f};
  constexpr int kSize = 64, kGrid = 128;
  std::vector<std::uint8_t> planes(4 * kSize * kSize), map(kGrid * kGrid);
  for (auto& p : planes) p = static_cast<std::uint8_t>(stream.uniform_int(256u));
  for (auto& m : map) m = static_cast<std::uint8_t>(stream.uniform_int(4u));
  PackedDrawing drawing;
  drawing.assign(planes.data(), kSize);
  for (int trial = 0; trial < 5; ++trial) {
    const Belief belief = random_belief(stream);
    const Odometry pose{stream.normal(), stream.normal(), stream.uniform(-3.0f, 3.0f)};
    std::vector<std::uint8_t> crop(grid.bytes());
    crop_occupancy(grid, {map.data(), kGrid, 0.1f}, pose, crop.data());
    crop_drawing(grid, drawing, belief, crop.data());
    int border = 0;
    for (int row = 0; row < grid.cells; ++row) {
      for (int column = 0; column < grid.cells; ++column) {
        const base::Vec2 body = grid.body_point(row, column);
        const std::uint8_t* out = crop.data() + (row * grid.cells + column) * CropGrid::kPlanes;
        const base::Vec2 paper = to_paper(belief, body);
        const double x = paper.x * kSize - 0.5, y = paper.y * kSize - 0.5;
        if (x < 0.1 || y < 0.1 || x > kSize - 1.1 || y > kSize - 1.1) {
          ++border;
          continue;
        }
        for (int k = 0; k < 4; ++k) {
          const std::vector<double> plane(planes.begin() + k * kSize * kSize,
                                          planes.begin() + (k + 1) * kSize * kSize);
          EXPECT_NEAR(out[2 + k], bilinear(plane, kSize, x, y), kCropTolerance);
        }
        const double c = std::cos(pose.yaw), s = std::sin(pose.yaw);
        const double right = pose.right + body.x * c - body.y * s,
                     forward = pose.forward + body.x * s + body.y * c;
        for (const bool free : {false, true}) {
          std::vector<double> shown;
          for (const std::uint8_t m : map) {
            shown.push_back(free     ? (m == 1 ? 255.0 : 0.0)
                            : m == 3 ? 255.0
                            : m == 2 ? double{kLowObstacle}
                                     : 0.0);
          }
          EXPECT_NEAR(out[free ? 1 : 0],
                      bilinear(shown, kGrid, kGrid / 2 + right / 0.1, kGrid / 2 - forward / 0.1),
                      kCropTolerance);
        }
      }
    }
    EXPECT_LT(border, grid.cells * grid.cells);
  }
}

TEST(Crop, WithTheTruePoseWallsLieOnWalls) {
  // A wall 1.5 m ahead and one 1 m to the left, in the agent's map and on a drawing of 0.05 paper a metre.
  constexpr int kSize = 256, kGrid = 256;
  const float scale = 0.05f;
  const Odometry pose{0.7f, -0.4f, 0.6f};
  const Belief start = similarity({0.4f, 0.6f}, 0.9f, std::log(scale));
  Belief belief = start;
  move(belief, {}, pose);
  std::vector<std::uint8_t> map(kGrid * kGrid, 1), planes(4 * kSize * kSize, 0);
  const float c = std::cos(pose.yaw), s = std::sin(pose.yaw);
  const auto mark = [&](float right, float forward) {
    const float start_right = pose.right + right * c - forward * s,
                start_forward = pose.forward + right * s + forward * c;
    const int column = kGrid / 2 + static_cast<int>(std::lround(start_right / 0.1f));
    const int row = kGrid / 2 - static_cast<int>(std::lround(start_forward / 0.1f));
    map[static_cast<std::size_t>(row * kGrid + column)] = 3;
    const base::Vec2 paper = to_paper(start, {start_right, start_forward});
    const int u = static_cast<int>(std::lround(paper.x * kSize - 0.5f)),
              v = static_cast<int>(std::lround(paper.y * kSize - 0.5f));
    planes[static_cast<std::size_t>(v * kSize + u)] = 255;
  };
  for (float t = -2.0f; t < 2.0f; t += 0.02f) {
    mark(t, 1.5f);
    mark(-1.0f, t);
  }
  PackedDrawing drawing;
  drawing.assign(planes.data(), kSize);
  const CropGrid grid{48, 0.15f};
  std::vector<std::uint8_t> crop(grid.bytes());
  crop_occupancy(grid, {map.data(), kGrid, 0.1f}, pose, crop.data());
  crop_drawing(grid, drawing, belief, crop.data());
  int both = 0, only_map = 0;
  for (int i = 0; i < grid.cells * grid.cells; ++i) {
    const bool seen = crop[static_cast<std::size_t>(i * 6)] > 100,
               drawn = crop[static_cast<std::size_t>(i * 6 + 2)] > 20;
    both += seen && drawn;
    only_map += seen && !drawn;
  }
  EXPECT_GT(both, 25);
  EXPECT_LT(only_map, both / 5);
}

}  // namespace
}  // namespace inknav::learn
