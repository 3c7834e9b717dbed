// SPDX-License-Identifier: MIT
#include "task/world_set.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

using testing::TestDataset;

class WorldSetTest : public ::testing::Test {
 protected:
  WorldSet load(const nav::NavSettings& settings = {}) {
    return load_worlds(data_.dataset(), settings, std::nullopt, pool_);
  }
  std::filesystem::path beside() { return data_.dataset().scenes_dir / "rooms.navmesh"; }
  void save_beside() {
    const WorldSet set = load();
    INKNAV_CHECK(set.worlds[0].scene_id == "rooms.glb");
    INKNAV_CHECK(set.worlds[0].world.nav_mesh->save(beside()).ok());
  }

  TestDataset data_{2};
  base::ThreadPool pool_{2};
};

TEST_F(WorldSetTest, NavmeshesAreBuiltWhereNoneLiesBesideTheScene) {
  const WorldSet set = load();
  ASSERT_EQ(set.worlds.size(), 2u);
  for (const LoadedWorld& loaded : set.worlds) {
    EXPECT_TRUE(loaded.error.empty());
    EXPECT_FALSE(loaded.navmesh_beside);
    EXPECT_EQ(loaded.world.nav_mesh->file_version(), 0);
  }
}

TEST_F(WorldSetTest, AFileBesideTheSceneIsUsedByTheAgentItIsFor) {
  save_beside();
  const WorldSet set = load();
  EXPECT_EQ(set.worlds[0].world.nav_mesh->file_version(), 2);
  EXPECT_NE(set.worlds[0].mesh_reason.find("rooms.navmesh beside the scene is used"), std::string::npos)
      << set.worlds[0].mesh_reason;
  EXPECT_EQ(set.worlds[1].world.nav_mesh->file_version(), 0) << "the other scene has none";
  nav::NavSettings tall;
  tall.agent_height = 1.2f;
  const WorldSet other = load(tall);
  EXPECT_EQ(other.worlds[0].world.nav_mesh->file_version(), 0);
  EXPECT_TRUE(other.worlds[0].navmesh_beside);
  EXPECT_NE(other.worlds[0].mesh_reason.find("agent_height 1.2, not 1.5"), std::string::npos)
      << other.worlds[0].mesh_reason;
}

TEST_F(WorldSetTest, ADamagedFileIsTheScenesError) {
  save_beside();
  std::vector<std::uint8_t> bytes = *base::read_file(beside(), 1 << 24);
  bytes.resize(bytes.size() - 1);
  ASSERT_TRUE(base::write_file_atomic(beside(), bytes).ok());
  const WorldSet set = load();
  EXPECT_EQ(set.worlds[0].world.nav_mesh, nullptr);
  EXPECT_NE(set.worlds[0].error.find(beside().string()), std::string::npos) << set.worlds[0].error;
  EXPECT_NE(set.worlds[0].error.find("at byte 100"), std::string::npos) << set.worlds[0].error;
  EXPECT_TRUE(set.worlds[1].error.empty());
}

TEST_F(WorldSetTest, ADatasetConfigNamesScenesAndTheirNavmeshes) {
  save_beside();
  Dataset& dataset = data_.dataset();
  ASSERT_TRUE(base::write_text_atomic(dataset.scenes_dir / "set.scene_dataset_config.json",
                                      R"({"stages": {"default_attributes": {"scale": 1},
      "paths": {".glb": ["*.glb"]},
      "configs": [{"original_file": "twin.glb", "attributes": {"nav_asset": "rooms.navmesh"}}]}})")
                  .ok());
  for (Episode& episode : dataset.episodes)
    episode.scene_id = std::filesystem::path(episode.scene_id).stem().string();
  EXPECT_FALSE(load().worlds[0].error.empty()) << "a bare name is no file";
  dataset.scene_dataset = dataset.scenes_dir / "set.scene_dataset_config.json";
  const WorldSet set = load();
  ASSERT_EQ(set.worlds.size(), 2u);
  EXPECT_EQ(set.worlds[0].scene_id, "rooms");
  for (const LoadedWorld& loaded : set.worlds) {
    EXPECT_TRUE(loaded.error.empty()) << loaded.error;
    ASSERT_NE(loaded.world.nav_mesh, nullptr);
    EXPECT_EQ(loaded.world.nav_mesh->file_version(), 2);
  }
  EXPECT_NE(set.worlds[1].mesh_reason.find("rooms.navmesh that its config names is used"), std::string::npos)
      << set.worlds[1].mesh_reason;
}

}  // namespace
}  // namespace inknav::task
