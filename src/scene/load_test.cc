// SPDX-License-Identifier: MIT
#include "scene/load.h"

#include <gtest/gtest.h>

#include <glm/geometric.hpp>

#include "scene/scene_testing.h"
#include "scene/write_glb.h"

namespace inknav::scene {
namespace {

TEST(Load, WrittenSceneIsReadBackUnchanged) {
  const testing::TemporaryFolder folder;
  const Scene source = testing::small_scene();
  ASSERT_TRUE(write_glb(folder / "small.glb", source).ok());
  const auto read = load_scene(folder / "small.glb");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ((*read)->positions, source.positions);
  EXPECT_EQ((*read)->triangles, source.triangles);
  EXPECT_EQ((*read)->triangle_material, source.triangle_material);
  EXPECT_EQ((*read)->colors, source.colors);
  ASSERT_EQ((*read)->textures.size(), 1u);
  EXPECT_EQ((*read)->textures[0].rgba, source.textures[0].rgba);
  EXPECT_EQ((*read)->materials[1].base_color, source.materials[1].base_color);
  EXPECT_TRUE((*read)->materials[0].double_sided);
  EXPECT_FALSE((*read)->materials[1].double_sided);
  EXPECT_EQ((*read)->name, "small");
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ((*read)->uvs[i], source.uvs[i]);
}

TEST(Load, GlbIsTurnedUnlessAStageConfigSaysOtherwise) {
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(write_glb(folder / "s.glb", testing::small_scene()).ok());
  std::filesystem::remove(folder / "s.stage_config.json");
  auto read = load_scene(folder / "s.glb");
  ASSERT_TRUE(read.ok()) << read.error().message;
  // (x, y, z) -> (x, z, -y)
  EXPECT_EQ((*read)->positions[2], base::Vec3(2, 0, -1));
  EXPECT_EQ((*read)->positions[4], base::Vec3(0, -1, 0));

  testing::write_text(folder / "s.stage_config.json",
                      R"({"up": [0, 1, 0], "front": [0, 0, -1], "scale": [2, 2, 2]})");
  read = load_scene(folder / "s.glb");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ((*read)->positions[2], base::Vec3(4, 2, 0));

  testing::write_text(folder / "s.stage_config.json",
                      R"({"up": [0, 0, 1], "front": [0, 1, 0], "units_to_meters": 0.5})");
  read = load_scene(folder / "s.glb");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ((*read)->positions[2], base::Vec3(1, 0, -0.5f));

  read = load_scene(folder / "s.glb", {.cache_dir = {}, .up = UpAxis::kY});
  EXPECT_EQ((*read)->positions[2], base::Vec3(2, 1, 0));
}

TEST(Load, StageConfigFaultsAreNamed) {
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(write_glb(folder / "s.glb", testing::small_scene()).ok());
  const std::pair<const char*, const char*> cases[] = {
      {R"({"up": [0, 1, 0]})", "given together"},
      {R"({"up": [0, 1, 0], "front": [0, 1, 0]})", "orthogonal"},
      {R"({"up": [0, 1], "front": [0, 0, -1]})", "array of 3 numbers"},
      {R"({"scale": 0})", "must not be zero"},
      {R"({"scale": )", "valid JSON"},
  };
  for (const auto& [text, words] : cases) {
    testing::write_text(folder / "s.stage_config.json", text);
    const auto read = load_scene(folder / "s.glb");
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, base::ErrorCode::kData);
    EXPECT_NE(read.error().message.find(words), std::string::npos) << read.error().message;
    EXPECT_NE(read.error().message.find("s.stage_config.json"), std::string::npos) << read.error().message;
  }
}

TEST(Load, GroundPlaneLiesUnderTheWholeScene) {
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(write_glb(folder / "s.glb", testing::small_scene()).ok());
  const auto read =
      load_scene(folder / "s.glb", {.cache_dir = {}, .up = UpAxis::kByFile, .add_ground_plane = true});
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ((*read)->num_triangles(), 6u);
  const glm::u32vec3 t = (*read)->triangles.back();
  const base::Vec3 normal = glm::cross((*read)->positions[t.y] - (*read)->positions[t.x],
                                       (*read)->positions[t.z] - (*read)->positions[t.x]);
  EXPECT_GT(normal.y, 0.0f);
  EXPECT_EQ((*read)->positions[t.x].y, (*read)->bounds.min.y);
}

/// Walls of a house of 6 x 4 m with an open door of 0.8 m, 2 m high, no floor.
Scene house_without_floor() {
  Scene scene;
  scene.name = "house";
  const base::Vec2 corners[] = {{0, 0}, {6, 0}, {6, 4}, {0, 4}, {0, 2.4f}, {0, 1.6f}};
  for (const base::Vec2& c : corners) {
    scene.positions.emplace_back(c.x, 0, c.y);
    scene.positions.emplace_back(c.x, 2, c.y);
  }
  const std::pair<std::uint32_t, std::uint32_t> walls[] = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {5, 0}};
  for (const auto& [a, b] : walls) {
    scene.triangles.emplace_back(2 * a, 2 * b, 2 * b + 1);
    scene.triangles.emplace_back(2 * a, 2 * b + 1, 2 * a + 1);
  }
  // A post far away makes the bounds larger than the house.
  scene.positions.insert(scene.positions.end(), {{9, 0, 9}, {9.1f, 0, 9}, {9, 2, 9}});
  scene.triangles.emplace_back(12, 13, 14);
  scene.triangle_material.assign(scene.triangles.size(), 0);
  scene.materials.push_back({});
  return scene;
}

TEST(Load, GroundPlaneEndsWhereTheHouseEnds) {
  Scene scene = house_without_floor();
  const std::size_t walls = scene.triangles.size();
  add_ground_plane(scene);
  ASSERT_TRUE(scene.validate().ok());
  const auto covered = [&](const base::Vec2& p) {
    for (std::size_t i = walls; i < scene.triangles.size(); ++i) {
      double sign = 0.0;
      bool inside = true;
      for (int k = 0; k < 3; ++k) {
        const base::Vec3 a = scene.positions[scene.triangles[i][k]];
        const base::Vec3 b = scene.positions[scene.triangles[i][(k + 1) % 3]];
        const double side = (b.x - a.x) * (p.y - a.z) - (b.z - a.z) * (p.x - a.x);
        inside = inside && side * sign >= 0.0;
        if (side != 0.0) sign = side;
      }
      if (inside) return true;
    }
    return false;
  };
  for (float x = 0.05f; x < 6.0f; x += 0.1f) {
    for (float z = 0.05f; z < 4.0f; z += 0.1f) EXPECT_TRUE(covered({x, z})) << x << " " << z;
  }
  EXPECT_FALSE(covered({6.3f, 2.0f}));
  EXPECT_FALSE(covered({3.0f, 6.0f}));
  EXPECT_FALSE(covered({8.0f, 8.0f}));
}

TEST(Load, RealBuildingInBothFormats) {
  const auto data = testing::shared_data();
  if (!data) GTEST_SKIP() << "no shared data folder here";
  for (const char* stem : {"gdc_2", "gdc_3ne", "gdc_combined"}) {
    const auto glb = load_scene(*data / "gdc_building" / (std::string(stem) + ".glb"),
                                {.cache_dir = {}, .up = UpAxis::kY});
    const auto ply = load_scene(*data / "gdc_building" / (std::string(stem) + ".ply"));
    ASSERT_TRUE(glb.ok()) << glb.error().message;
    ASSERT_TRUE(ply.ok()) << ply.error().message;
    EXPECT_EQ((*glb)->num_triangles(), (*ply)->num_triangles());
    for (int axis = 0; axis < 3; ++axis) {
      EXPECT_NEAR((*glb)->bounds.size()[axis], (*ply)->bounds.size()[axis], 1e-3f) << stem;
    }
  }
}

}  // namespace
}  // namespace inknav::scene
