// SPDX-License-Identifier: MIT
#include "nav/scene_mesh.h"

#include <gtest/gtest.h>

#include <string>

#include "nav/navmesh_testing.h"
#include "nav/test_scenes.h"
#include "scene/scene_testing.h"

namespace inknav::nav {
namespace {

namespace fs = std::filesystem;
using scene::testing::read_bytes;
using scene::testing::write_bytes;

class SceneMeshTest : public ::testing::Test {
 protected:
  base::Result<SceneMesh> find(const NavSettings& wanted = {}) {
    return mesh_for_scene(*scene_, path_, wanted, std::nullopt);
  }
  void save_beside(const NavSettings& settings) {
    ASSERT_TRUE(testing::build_mesh(scene_, settings)->save(folder_ / "rooms.basis.navmesh").ok());
  }
  scene::testing::TemporaryFolder folder_;
  fs::path path_ = folder_ / "rooms.basis.glb";
  scene::ScenePtr scene_ = testing::rooms_scene();
};

TEST_F(SceneMeshTest, NameBesideTheScene) {
  EXPECT_EQ(navmesh_path("a/X.basis.glb"), fs::path("a/X.basis.navmesh"));
  EXPECT_EQ(navmesh_path("b.c/X.ply"), fs::path("b.c/X.navmesh"));
}

TEST_F(SceneMeshTest, WithoutAFileItIsBuilt) {
  const auto found = find();
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->file_beside);
  EXPECT_EQ(found->mesh->file_version(), 0);
  EXPECT_EQ(found->reason, "the navmesh is built, there is no rooms.basis.navmesh beside the scene");
}

TEST_F(SceneMeshTest, AFileForThisAgentIsUsed) {
  NavSettings small;
  small.agent_height = 0.88f;
  small.agent_radius = 0.18f;
  save_beside(small);
  const auto found = find(small);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_TRUE(found->file_beside);
  EXPECT_EQ(found->mesh->file_version(), 2);
  EXPECT_EQ(found->mesh->area(), testing::build_mesh(scene_, small)->area());
  EXPECT_EQ(found->reason.rfind("rooms.basis.navmesh beside the scene is used, ", 0), 0u) << found->reason;
}

TEST_F(SceneMeshTest, AFileForAnotherAgentIsNot) {
  save_beside({});
  NavSettings small;
  small.agent_height = 0.88f;
  small.agent_radius = 0.18f;
  const auto found = find(small);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->file_beside);
  EXPECT_EQ(found->mesh->file_version(), 0);
  EXPECT_TRUE(habitat_equal(found->mesh->settings(), small));
  EXPECT_EQ(found->reason,
            "the navmesh is built, rooms.basis.navmesh beside the scene is for another agent: agent_height "
            "0.88, not 1.5; agent_radius 0.18, not 0.1 as there");
}

TEST_F(SceneMeshTest, Version1CountsAsBuiltWithTheDefaults) {
  NavSettings small;
  small.agent_radius = 0.18f;
  save_beside(small);
  fs::path beside = folder_ / "rooms.basis.navmesh";
  std::vector<std::uint8_t> bytes = read_bytes(beside);
  bytes[4] = 1;
  bytes.erase(bytes.begin() + 40, bytes.begin() + 96);
  write_bytes(beside, bytes);
  EXPECT_EQ(find()->mesh->file_version(), 1) << "whatever it was really built with";
  EXPECT_EQ(find(small)->mesh->file_version(), 0);
}

TEST_F(SceneMeshTest, ADamagedFileIsAnErrorEvenWhenItWouldNotBeUsed) {
  save_beside({});
  const fs::path beside = folder_ / "rooms.basis.navmesh";
  std::vector<std::uint8_t> bytes = read_bytes(beside);
  bytes.resize(bytes.size() - 1);
  write_bytes(beside, bytes);
  NavSettings small;
  small.agent_radius = 0.18f;
  for (const NavSettings& wanted : {NavSettings{}, small}) {
    const auto found = find(wanted);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, base::ErrorCode::kData);
    EXPECT_NE(found.error().message.find(beside.string()), std::string::npos);
    EXPECT_NE(found.error().message.find(" at byte 100"), std::string::npos) << found.error().message;
    EXPECT_NE(found.error().message.find("remove it to have the navmesh built"), std::string::npos);
  }
  fs::remove(beside);
  fs::create_symlink("nowhere", beside);
  EXPECT_FALSE(find().ok()) << "a link that leads nowhere is not the absence of a file";
}

TEST_F(SceneMeshTest, AFileOfAnotherFrameIsAnError) {
  // The floor where z and y are swapped the other way: 12 x 8 m beyond z = 0.
  testing::SceneBuilder turned;
  turned.floor(0, -8, 12, 0);
  ASSERT_TRUE(testing::build_mesh(turned.finish("turned"))->save(folder_ / "rooms.basis.navmesh").ok());
  const auto found = find();
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, base::ErrorCode::kData);
  EXPECT_NE(found.error().message.find("does the scene's frame differ"), std::string::npos)
      << found.error().message;
}

TEST_F(SceneMeshTest, TheOneThatAConfigNamesComesBeforeTheOneBeside) {
  NavSettings small;
  small.agent_radius = 0.18f;
  save_beside({});
  scene::ResolvedScene resolved;
  resolved.file = path_;
  resolved.nav_mesh = folder_ / "named.navmesh";
  ASSERT_TRUE(testing::build_mesh(scene_, small)->save(resolved.nav_mesh).ok());
  auto found = mesh_for_scene(*scene_, resolved, small, std::nullopt);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->mesh->file_version(), 2);
  EXPECT_EQ(found->reason.rfind("named.navmesh that its config names is used, ", 0), 0u) << found->reason;
  // For the agent of the one beside, the named one is not it, and the one beside does not count.
  found = mesh_for_scene(*scene_, resolved, {}, std::nullopt);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->mesh->file_version(), 0);
  EXPECT_NE(found->reason.find("named.navmesh that its config names is for another agent"),
            std::string::npos);
}

TEST_F(SceneMeshTest, AStageConfigBesideTheSceneIsRead) {
  NavSettings small;
  small.agent_radius = 0.18f;
  ASSERT_TRUE(testing::build_mesh(scene_, small)->save(folder_ / "named.navmesh").ok());
  scene::testing::write_text(path_, "not read here");
  scene::testing::write_text(folder_ / "rooms.basis.stage_config.json", R"({"nav_asset": "named.navmesh"})");
  const auto found = find(small);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->mesh->file_version(), 2);
}

}  // namespace
}  // namespace inknav::nav
