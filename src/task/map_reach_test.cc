// SPDX-License-Identifier: MIT
#include "task/map_reach.h"

#include <gtest/gtest.h>

namespace inknav::task {
namespace {

Episode way_of(float metres) {
  Episode episode;
  episode.start.position = {5.0f, 0.0f, -3.0f};
  episode.reference_path = {episode.start.position, {5.0f + metres, 0.0f, -3.0f}};
  return episode;
}

TEST(MapReach, SaysNothingWhenEveryWayStaysOnTheMap) {
  sim::MapperSettings mapper;
  mapper.grid_size = 400;  // 20 m around the start
  EXPECT_EQ(map_too_small({way_of(3.0f), way_of(19.9f)}, mapper), std::nullopt);
  EXPECT_EQ(map_too_small({}, mapper), std::nullopt);
  mapper.enabled = false;
  EXPECT_EQ(map_too_small({way_of(70.0f)}, mapper), std::nullopt);
}

TEST(MapReach, NamesTheKeyTheWaysAndASizeThatFits) {
  sim::MapperSettings mapper;
  mapper.grid_size = 400;
  const auto text = map_too_small({way_of(3.0f), way_of(31.0f)}, mapper);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("TASK_CONFIG.SIMULATOR.MAP_CELLS = 400"), std::string::npos) << *text;
  EXPECT_NE(text->find("1 of 2 ways"), std::string::npos) << *text;
  EXPECT_NE(text->find("set MAP_CELLS 720"), std::string::npos) << *text;
  mapper.grid_size = 720;
  EXPECT_EQ(map_too_small({way_of(3.0f), way_of(31.0f)}, mapper), std::nullopt);
}

}  // namespace
}  // namespace inknav::task
