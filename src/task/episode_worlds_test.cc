// SPDX-License-Identifier: MIT
#include "task/episode_worlds.h"

#include <gtest/gtest.h>

#include "sim/sim_testing.h"

namespace inknav::task {
namespace {

TEST(EpisodeWorlds, EveryEpisodeFindsItsWorldAndUnusedOnesStayOutOfTheSimulator) {
  base::ThreadPool pool(1);
  auto simulator = sim::Simulator::create(sim::testing::blind_settings(1), pool);
  ASSERT_TRUE(simulator.ok());
  const sim::World rooms = sim::testing::rooms_world(), plain = sim::testing::plain_world();
  const sim::World unused = sim::testing::world_of(nav::testing::rooms_scene());
  const auto made = EpisodeWorlds::add({unused, rooms, plain}, {2, 1, 2}, **simulator);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->num_worlds(), 3u);
  EXPECT_FALSE(made->is_used(0));
  EXPECT_TRUE(made->is_used(1) && made->is_used(2));
  EXPECT_EQ(made->index_of(0), 2u);
  EXPECT_EQ(made->of(1).scene, rooms.scene);
  EXPECT_EQ(made->of(2).nav_mesh, plain.nav_mesh);
  EXPECT_EQ(made->sim_id(0), made->sim_id(2));
  EXPECT_NE(made->sim_id(0), made->sim_id(1));
  EXPECT_EQ(*(*simulator)->add_world(plain), made->sim_id(0)) << "ids are the simulator's";
  EXPECT_EQ(made->memory().scenes, 3u) << "what is loaded counts, used or not";
}

}  // namespace
}  // namespace inknav::task
