// SPDX-License-Identifier: MIT
#include "task/habitat/top_down_map.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "nav/test_scenes.h"
#include "nav/top_down_grid.h"

namespace inknav::task::habitat {
namespace {

using base::Pose;
using base::Vec3;

class TopDownMapTest : public ::testing::Test {
 protected:
  TopDownMapTest() : query_(nav::testing::build_mesh(nav::testing::rooms_scene())) {
    settings_.map_resolution = 128;  // thickness 2, padding 2
  }
  TopDownMap make() {
    auto map = TopDownMap::create(query_, query_.project({1, 0, 1})->position.y, settings_);
    EXPECT_TRUE(map.ok());
    return *std::move(map);
  }
  static std::size_t at(const TopDownMap& map, int row, int col) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(map.cols()) +
           static_cast<std::size_t>(col);
  }

  nav::NavQuery query_;
  TopDownMapSettings settings_;
};

TEST_F(TopDownMapTest, FloorAndItsBorder) {
  const TopDownMap map = make();
  const Vec3 span = query_.mesh().bounds().size();
  EXPECT_FLOAT_EQ(map.metres_per_cell(), std::min(span.x, span.z) / 128.0f);
  const auto grid = nav::top_down_grid(query_, map.metres_per_cell(), query_.project({1, 0, 1})->position.y);
  ASSERT_TRUE(grid.ok());
  ASSERT_EQ(grid->rows, map.rows());
  int borders = 0;
  for (int row = 0; row < map.rows(); ++row) {
    for (int col = 0; col < map.cols(); ++col) {
      const std::uint8_t value = map.values()[at(map, row, col)];
      const bool floor = grid->free[at(map, row, col)] == 1;
      EXPECT_EQ(value != kInvalid, floor);
      if (!floor) continue;
      bool edge = false;
      for (const auto& [dr, dc] : {std::pair{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
        const int r = row + dr, c = col + dc;
        if (r < 0 || c < 0 || r >= map.rows() || c >= map.cols()) continue;
        edge = edge || grid->free[at(map, r, c)] == 0;
      }
      EXPECT_EQ(value, edge ? kBorder : kValid) << row << " " << col;
      borders += edge;
    }
  }
  EXPECT_GT(borders, 100);
}

TEST_F(TopDownMapTest, PlacesAreTruncatedToCellsAndMarkedAsSquares) {
  TopDownMap map = make();
  const Vec3 corner = query_.mesh().bounds().min;
  const float cell = map.metres_per_cell();
  const Vec3 place = corner + Vec3(20.9f * cell, 0.0f, 10.1f * cell);
  EXPECT_EQ(map.cell_of(place), (MapCell{10, 20}));
  map.mark(place, kGoal);
  EXPECT_EQ(std::count(map.values().begin(), map.values().end(), kGoal), 25) << "2 cells to each side";
  EXPECT_EQ(map.values()[at(map, 8, 18)], kGoal);
  EXPECT_EQ(map.values()[at(map, 12, 22)], kGoal);
  map.mark(corner, kSource);
  EXPECT_EQ(std::count(map.values().begin(), map.values().end(), kSource), 9) << "cut by the map's corner";
}

TEST_F(TopDownMapTest, TheTrailChangesItsShadeWithTheSteps) {
  settings_.max_episode_steps = 490;
  TopDownMap map = make();
  const Vec3 corner = query_.mesh().bounds().min;
  const float cell = map.metres_per_cell();
  const auto pose = [&](int row, int col) {
    return Pose{
        corner + Vec3((static_cast<float>(col) + 0.5f) * cell, 0.0f, (static_cast<float>(row) + 0.5f) * cell),
        {1.0f, 0.0f, 0.0f, 0.0f}};
  };
  map.begin(pose(30, 30));
  map.step(pose(30, 40), 1);  // 245 * 1 / 490 = 0
  EXPECT_EQ(map.values()[at(map, 30, 35)], 10);
  EXPECT_EQ(map.values()[at(map, 31, 35)], 10) << "half the thickness of 2";
  EXPECT_NE(map.values()[at(map, 32, 35)], 10);
  map.step(pose(30, 50), 5);  // 245 * 5 / 490 = 2
  EXPECT_EQ(map.values()[at(map, 30, 45)], 12);
  map.step(pose(30, 60), 5000);
  EXPECT_EQ(map.values()[at(map, 30, 55)], 255);
  map.draw_path(std::vector<Vec3>{pose(50, 30).position, pose(50, 40).position});
  EXPECT_EQ(map.values()[at(map, 50, 35)], kShortestPath);
}

TEST_F(TopDownMapTest, ABoxIsItsOutline) {
  TopDownMap map = make();
  const Vec3 corner = query_.mesh().bounds().min;
  const float cell = map.metres_per_cell();
  const auto place = [&](int row, int col) {
    return corner +
           Vec3((static_cast<float>(col) + 0.5f) * cell, 7.0f, (static_cast<float>(row) + 0.5f) * cell);
  };
  map.draw_box({place(20, 30), place(40, 60)});
  for (const auto& [row, col] : {std::pair{20, 45}, {40, 45}, {30, 30}, {30, 60}, {20, 30}, {40, 60}})
    EXPECT_EQ(map.values()[at(map, row, col)], kBox) << row << ", " << col;
  for (const auto& [row, col] : {std::pair{30, 45}, {17, 45}, {30, 63}})
    EXPECT_NE(map.values()[at(map, row, col)], kBox) << row << ", " << col;
}

TEST_F(TopDownMapTest, FogOfWarOpensWhereTheAgentLooksUpToWallsAndRange) {
  TopDownMap map = make();
  EXPECT_EQ(std::count(map.seen().begin(), map.seen().end(), 1), 0);
  const Pose pose{query_.project({1, 0, 1})->position, base::rotation_from_yaw(-2.3f)};
  map.begin(pose);
  const MapCell from = map.cell_of(pose.position);
  const Vec3 ahead = base::forward_from_yaw(-2.3f);
  int seen = 0;
  for (int row = 0; row < map.rows(); ++row) {
    for (int col = 0; col < map.cols(); ++col) {
      if (map.seen()[at(map, row, col)] == 0) continue;
      ++seen;
      const Vec3 way(static_cast<float>(col - from.col), 0.0f, static_cast<float>(row - from.row));
      const float distance = glm::length(way);
      EXPECT_NE(map.values()[at(map, row, col)], kInvalid);
      EXPECT_LE(distance * map.metres_per_cell(), 5.0f + map.metres_per_cell());
      // Half the field of view, and what rounding to cells adds near the agent.
      if (distance <= 10.0f) continue;
      EXPECT_GT(glm::dot(way / distance, ahead), std::cos(0.7854f + 0.1f));
    }
  }
  EXPECT_GT(seen, 300);
  settings_.fog_of_war = false;
  const TopDownMap open = make();
  EXPECT_EQ(std::count(open.seen().begin(), open.seen().end(), 1),
            static_cast<std::ptrdiff_t>(open.values().size()));
}

TEST_F(TopDownMapTest, TheAgentsAngle) {
  // Looking along -z (yaw 0): h = (0, 0, -1), atan2(-0, -1) is half a turn.
  EXPECT_NEAR(std::abs(TopDownMap::agent_angle({1, 0, 0, 0})), base::kPi, 1e-6f);
  // A quarter to the left looks along -x; R^-1 turns -z to +x: atan2(-1, 0).
  EXPECT_NEAR(TopDownMap::agent_angle(base::rotation_from_yaw(0.5f * base::kPi)), -0.5f * base::kPi, 1e-6f);
}

TEST_F(TopDownMapTest, TooFineMapsAreRefused) {
  settings_.map_resolution = 100000;
  const auto map = TopDownMap::create(query_, 0.0f, settings_);
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().code, base::ErrorCode::kUsage);
}

}  // namespace
}  // namespace inknav::task::habitat
