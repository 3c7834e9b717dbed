// SPDX-License-Identifier: MIT
#include "nav/top_down_grid.h"

#include <gtest/gtest.h>

#include <limits>

#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::build_mesh;
using testing::SceneBuilder;

TEST(TopDownGrid, SizesAndAccumulatedCoordinates) {
  const NavMeshPtr mesh = build_mesh(SceneBuilder().floor(0, 0, 12, 8).finish("floor"));
  NavQuery query(mesh);
  constexpr float kCell = 0.1f;
  const auto grid = top_down_grid(query, kCell, 0.2f);
  ASSERT_TRUE(grid.ok());
  EXPECT_EQ(grid->rows, static_cast<int>(8.0f / kCell));
  EXPECT_EQ(grid->cols, static_cast<int>(12.0f / kCell));
  ASSERT_EQ(grid->free.size(), static_cast<std::size_t>(grid->rows * grid->cols));
  // The 100th column lies at the sum of 99 additions in float32, not at 99 x 0.1.
  float x = 0.0f;
  for (int i = 0; i < 99; ++i) x += kCell;
  EXPECT_NE(x, 99 * kCell);
  float z = 0.0f;
  for (int row = 0; row < grid->rows; ++row, z += kCell) {
    float at_x = 0.0f;
    for (int col = 0; col < grid->cols; ++col, at_x += kCell) {
      ASSERT_EQ(grid->free[static_cast<std::size_t>(row * grid->cols + col)] != 0,
                query.is_navigable({at_x, 0.2f, z}, 0.5f));
    }
  }
}

TEST(TopDownGrid, HeightChoosesTheStorey) {
  NavQuery query(build_mesh(testing::storeys_scene()));
  const auto count = [&](float height) {
    const auto grid = top_down_grid(query, 0.1f, height);
    int free = 0;
    for (const std::uint8_t cell : grid->free) free += cell;
    return free;
  };
  EXPECT_GT(count(0.2f), 1000);
  EXPECT_GT(count(3.2f), 3000);
  EXPECT_EQ(count(20.0f), 0);
}

TEST(TopDownGrid, CellsThatAreNoneAreRefused) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 12, 8).finish("floor")));
  for (const float cell : {0.0f, -1.0f, 1e-4f, std::numeric_limits<float>::quiet_NaN()}) {
    const auto grid = top_down_grid(query, cell, 0.0f);
    ASSERT_FALSE(grid.ok()) << cell;
    EXPECT_EQ(grid.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(grid.error().message.find("use a larger cell"), std::string::npos);
  }
}

}  // namespace
}  // namespace inknav::nav
