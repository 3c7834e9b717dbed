// SPDX-License-Identifier: MIT
#include "sketch/plan_picture.h"

#include <gtest/gtest.h>

#include "sketch/test_util.h"

namespace inknav::sketch {
namespace {

TEST(PlanPicture, ShowsPlacesWhereTheFrameSays) {
  const auto house = testing::small_house();
  const PlanFrame frame = make_plan_frame(house.walls.bounds, 400);
  EXPECT_NEAR(frame.to_pixels({5.7f, 1.0f, 4.1f}).x, 200.0f, 1e-3f);
  PlanPicture picture(frame);
  picture.walls(house.walls);
  const auto at = [&](const base::Vec3& world) {
    const base::Vec2 p = frame.to_pixels(world);
    return picture.image()
        .pixels[static_cast<std::size_t>(3 * (static_cast<int>(p.y) * 400 + static_cast<int>(p.x)))];
  };
  EXPECT_LT(at({2.0f, 0.0f, 0.0f}), 60);   // a wall
  EXPECT_EQ(at({2.0f, 0.0f, 2.0f}), 255);  // a room
  const std::vector<base::Vec3> floor{{1.0f, 0.0f, 1.0f}, {3.0f, 0.0f, 1.0f}, {1.0f, 0.0f, 3.0f}};
  picture.triangles(floor, {1, 2, 3});
  EXPECT_EQ(at({1.5f, 0.0f, 1.5f}), 1);
  picture.route(house.route, {210, 30, 30});
  picture.start(house.start);
  EXPECT_LT(at(house.start.position), 60);
  picture.goal({1e9f, 0.0f, -1e9f});  // far outside: nothing happens
}

TEST(PlanPicture, PicturesStandInARow) {
  const scene::Image red{2, 3, 3, std::vector<std::uint8_t>(18, 7)},
      other{4, 3, 3, std::vector<std::uint8_t>(36, 9)};
  const scene::Image pictures[] = {red, other};
  const scene::Image row = side_by_side(pictures, 5);
  ASSERT_EQ(row.width, 11);
  ASSERT_EQ(row.height, 3);
  EXPECT_EQ(row.pixels[0], 7);
  EXPECT_EQ(row.pixels[3 * 2], 255);
  EXPECT_EQ(row.pixels[3 * 7], 9);
  EXPECT_EQ(row.pixels[3 * (2 * 11 + 10)], 9);
}

}  // namespace
}  // namespace inknav::sketch
