// SPDX-License-Identifier: MIT
#include "sketch/variation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace inknav::sketch {
namespace {

constexpr int kSize = 128;
constexpr std::size_t kPixels = kSize * kSize;

base::PhiloxKey key_of(std::uint32_t k) { return {31, 0, k, 0, base::Purpose::kTest}; }

/// A frame of walls, a route across, round marks; `low` and `high` bound all ink, paper units.
ReadPlanes drawn_plan(float low, float high) {
  ReadPlanes drawn;
  drawn.size = kSize;
  drawn.planes.resize(ReadPlanes::kNumPlanes * kPixels);
  const int first = static_cast<int>(low * kSize), last = static_cast<int>(high * kSize) - 1;
  const auto ink = [&](int plane, int row, int column) {
    drawn.planes[static_cast<std::size_t>(plane) * kPixels + static_cast<std::size_t>(row * kSize + column)] =
        255;
  };
  for (int i = first; i <= last; ++i) {
    for (int k = 0; k < 2; ++k) {
      ink(0, first + k, i);
      ink(0, last - k, i);
      ink(0, i, first + k);
      ink(0, i, last - k);
    }
    ink(1, i, i);
  }
  const auto mark = [&](int plane, Mark& where, float at, float heading) {
    where = {true, {at, at}, true, heading};
    for (int row = 0; row < kSize; ++row) {
      for (int column = 0; column < kSize; ++column) {
        const float x = static_cast<float>(column) + 0.5f - at * kSize,
                    y = static_cast<float>(row) + 0.5f - at * kSize;
        if (x * x + y * y < 9.0f) ink(plane, row, column);
      }
    }
  };
  mark(2, drawn.start, low + 0.2f * (high - low), 0.7f);
  mark(3, drawn.goal, low + 0.8f * (high - low), 0.0f);
  drawn.goal.has_heading = false;
  return drawn;
}

std::vector<std::uint8_t> applied(const Variation& variation, const ReadPlanes& drawn) {
  std::vector<std::uint8_t> planes(drawn.planes.size());
  variation.apply(drawn, planes.data());
  return planes;
}

/// Centre of a plane's ink, paper units.
base::Vec2 centre_of(const std::vector<std::uint8_t>& planes, std::size_t plane) {
  double x = 0.0, y = 0.0, total = 0.0;
  for (std::size_t i = 0; i < kPixels; ++i) {
    const double v = planes[plane * kPixels + i];
    x += v * (static_cast<double>(i % kSize) + 0.5);
    y += v * (static_cast<double>(i / kSize) + 0.5);
    total += v;
  }
  return {x / total / kSize, y / total / kSize};
}

TEST(Variation, MapsThereAndBackAndItsSlopeIsTheDerivative) {
  const ReadPlanes drawn = drawn_plan(0.1f, 0.9f);
  for (std::uint32_t k = 0; k < 200; ++k) {
    const Variation variation(drawn, 1.0f, key_of(k));
    base::PhiloxStream stream(key_of(1000 + k));
    const base::Vec2 place(stream.uniform(), stream.uniform());
    EXPECT_NEAR(glm::length(variation.to_drawn(variation.to_varied(place)) - place), 0.0f, 1e-6f);
    const glm::mat2 slope = variation.jacobian(place);
    EXPECT_GT(glm::determinant(slope), 0.0f);  // nothing is folded or mirrored
    for (int axis = 0; axis < 2; ++axis) {
      base::Vec2 d(0.0f);
      d[axis] = 0.005f;
      const base::Vec2 wanted = (variation.to_varied(place + d) - variation.to_varied(place - d)) / 0.01f;
      EXPECT_NEAR(glm::length(slope[axis] - wanted), 0.0f, 1e-3f);  // the bend within 0.01
    }
  }
}

TEST(Variation, ThePictureMovesAsItsMarksDo) {
  const ReadPlanes drawn = drawn_plan(0.1f, 0.9f);
  for (std::uint32_t k = 0; k < 50; ++k) {
    const Variation variation(drawn, 1.0f, key_of(k));
    const std::vector<std::uint8_t> planes = applied(variation, drawn);
    // Half a pixel: the blob is bent too, and the bend is linear between nodes.
    EXPECT_LT(glm::length(centre_of(planes, 2) - variation.apply(drawn.start).position), 0.5f / kSize);
    EXPECT_LT(glm::length(centre_of(planes, 3) - variation.apply(drawn.goal).position), 0.5f / kSize);
  }
}

TEST(Variation, AHeadingTurnsWithThePaper) {
  const ReadPlanes drawn = drawn_plan(0.1f, 0.9f);
  const Variation variation(drawn, 1.0f, key_of(3));
  const Mark start = variation.apply(drawn.start);
  EXPECT_TRUE(start.has_heading);
  const base::Vec2 ahead(-std::sin(drawn.start.heading), -std::cos(drawn.start.heading));
  const base::Vec2 moved =
      variation.to_varied(drawn.start.position + 1e-3f * ahead) - variation.to_varied(drawn.start.position);
  EXPECT_NEAR(start.heading, std::atan2(-moved.x, -moved.y), 1e-2f);
  EXPECT_FALSE(variation.apply(Mark{}).present);
}

TEST(Variation, AllInkStaysOnThePaper) {
  for (const auto& [low, high] : {std::pair{0.0f, 1.0f}, {0.1f, 0.9f}, {0.4f, 0.55f}}) {
    const ReadPlanes drawn = drawn_plan(low, high);
    for (std::uint32_t k = 0; k < 100; ++k) {
      const Variation variation(drawn, 1.0f, key_of(k));
      for (const base::Vec2 corner : {base::Vec2(low, low), {low, high}, {high, low}, {high, high}}) {
        const base::Vec2 p = variation.to_varied(corner);
        EXPECT_TRUE(p.x > -0.03f && p.x < 1.03f && p.y > -0.03f && p.y < 1.03f) << p.x << " " << p.y;
      }
    }
  }
}

TEST(Variation, SameKeySamePictureOthersDiffer) {
  const ReadPlanes drawn = drawn_plan(0.1f, 0.9f);
  const auto picture = [&](std::uint32_t k) { return applied(Variation(drawn, 1.0f, key_of(k)), drawn); };
  EXPECT_EQ(picture(5), picture(5));
  EXPECT_NE(picture(5), picture(6));
}

TEST(Variation, WithoutAKeyNothingChanges) {
  const ReadPlanes drawn = drawn_plan(0.1f, 0.9f);
  const Variation none;
  EXPECT_EQ(none.to_varied({0.3f, 0.7f}), base::Vec2(0.3f, 0.7f));
  EXPECT_EQ(none.jacobian({0.3f, 0.7f}), glm::mat2(1.0f));
  EXPECT_EQ(none.apply(drawn.start).position, drawn.start.position);
  EXPECT_NEAR(none.apply(drawn.start).heading, drawn.start.heading, 1e-6f);
  EXPECT_EQ(applied(none, drawn), drawn.planes);
}

TEST(Variation, OfABlankPaperIsAPaperWithAtMostAFewStrokes) {
  ReadPlanes blank;
  blank.size = kSize;
  blank.planes.resize(ReadPlanes::kNumPlanes * kPixels);
  for (std::uint32_t k = 0; k < 20; ++k) {
    const auto planes = applied(Variation(blank, 1.0f, key_of(k)), blank);
    EXPECT_LT(std::count_if(planes.begin(), planes.end(), [](std::uint8_t v) { return v > 0; }), 200);
    EXPECT_TRUE(std::all_of(planes.begin() + kPixels, planes.end(), [](std::uint8_t v) { return v == 0; }));
  }
}

}  // namespace
}  // namespace inknav::sketch
