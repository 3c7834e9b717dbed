// SPDX-License-Identifier: MIT
#include "task/planned_spec.h"

#include <gtest/gtest.h>

#include "task/test_dataset.h"
#include "task/world_memory.h"

namespace inknav::task {
namespace {

using testing::small_env;
using testing::TestDataset;

/// Law: planned_spec(settings) == NavigationEnv::create(settings, ...)->spec().
TEST(PlannedSpec, IsTheSpecOfTheEnvironmentThatIsMade) {
  TestDataset data(3);
  base::ThreadPool pool(1);
  NavigationEnvSettings all = small_env(3);
  all.simulator.sensors.rgb = true;
  NavigationEnvSettings few = small_env(2);
  few.with_drawings = few.with_expert = false;
  NavigationEnvSettings no_path = small_env(1);
  no_path.expert_path_points = 0;
  for (const NavigationEnvSettings& settings : {small_env(3), all, few, no_path}) {
    const auto env = NavigationEnv::create(settings, data.dataset(), pool);
    ASSERT_TRUE(env.ok()) << env.error().message;
    const EnvSpec planned = planned_spec(settings);
    const EnvSpec& made = (*env)->spec();
    EXPECT_EQ(planned.num_envs, made.num_envs);
    EXPECT_EQ(planned.num_actions, made.num_actions);
    ASSERT_EQ(planned.fields.size(), made.fields.size());
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < made.fields.size(); ++i) {
      EXPECT_EQ(planned.fields[i].name, made.fields[i].name);
      EXPECT_EQ(planned.fields[i].dtype, made.fields[i].dtype) << made.fields[i].name;
      EXPECT_EQ(planned.fields[i].shape, made.fields[i].shape) << made.fields[i].name;
      EXPECT_EQ(planned.fields[i].privileged, made.fields[i].privileged) << made.fields[i].name;
      const std::uint64_t here = (*env)->observation(made.fields[i].name).num_bytes();
      EXPECT_EQ(field_bytes(planned, made.fields[i].name), here) << made.fields[i].name;
      bytes += here;
    }
    EXPECT_EQ(field_bytes(planned), bytes);
    EXPECT_EQ(field_bytes(planned, "no_such_field"), 0u);
  }
}

TEST(WorldMemory, CountsEachSceneOnceAndEstimatesFromItsFile) {
  TestDataset data(4);
  base::ThreadPool pool(1);
  const WorldMemory planned = planned_worlds(data.dataset());
  EXPECT_EQ(planned.scenes, 2u);
  EXPECT_TRUE(planned.is_estimate);
  const auto env = NavigationEnv::create(small_env(2), data.dataset(), pool);
  ASSERT_TRUE(env.ok()) << env.error().message;
  const WorldMemory loaded = (*env)->world_memory();
  EXPECT_EQ(loaded.scenes, 2u);
  EXPECT_FALSE(loaded.is_estimate);
  EXPECT_GT(loaded.triangles, 0u);
  EXPECT_GT(loaded.scene_bytes, loaded.triangles * (sizeof(glm::u32vec3) + sizeof(std::uint32_t)));
  EXPECT_GT(loaded.nav_bytes, 1000u);
  // A file that is not there is told of by who loads it.
  Dataset missing = data.dataset();
  missing.scenes_dir = data.folder() / "nowhere";
  EXPECT_EQ(planned_worlds(missing).scenes, 0u);
}

}  // namespace
}  // namespace inknav::task
