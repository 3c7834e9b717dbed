// SPDX-License-Identifier: MIT
#include "scene/scene_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "base/philox.h"
#include "scene/image.h"
#include "scene/load.h"
#include "scene/scene_testing.h"
#include "scene/write_glb.h"

namespace inknav::scene {
namespace {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  return files;
}

TEST(SceneCache, ASecondLoadIsTheSameScene) {
  const testing::TemporaryFolder folder;
  const LoadOptions options{.cache_dir = folder / "cache"};
  ASSERT_TRUE(write_glb(folder / "s.glb", testing::small_scene()).ok());
  const auto first = load_scene(folder / "s.glb", options);
  ASSERT_TRUE(first.ok()) << first.error().message;
  ASSERT_EQ(files_in(folder / "cache").size(), 1u);
  const auto second = load_scene(folder / "s.glb", options);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->content_hash, (*first)->content_hash);
  EXPECT_EQ((*second)->name, "s");
  // Under another name it is the same content, so the same cache file.
  std::filesystem::copy_file(folder / "s.glb", folder / "t.glb");
  std::filesystem::copy_file(folder / "s.stage_config.json", folder / "t.stage_config.json");
  EXPECT_EQ(load_scene(folder / "t.glb", options).value()->name, "t");
  EXPECT_EQ(files_in(folder / "cache").size(), 1u);
}

TEST(SceneCache, OptionsAndFrameHaveFilesOfTheirOwn) {
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(write_glb(folder / "s.glb", testing::small_scene()).ok());
  const auto plain = load_scene(folder / "s.glb", {.cache_dir = folder / "cache"});
  const auto ground = load_scene(
      folder / "s.glb", {.cache_dir = folder / "cache", .up = UpAxis::kByFile, .add_ground_plane = true});
  const auto turned = load_scene(folder / "s.glb", {.cache_dir = folder / "cache", .up = UpAxis::kZ});
  EXPECT_EQ(files_in(folder / "cache").size(), 3u);
  EXPECT_EQ((*ground)->num_triangles(), (*plain)->num_triangles() + 2);
  EXPECT_FALSE((*turned)->content_hash == (*plain)->content_hash);
}

TEST(SceneCache, EveryDamagedFileIsMadeAgain) {
  const testing::TemporaryFolder folder;
  const LoadOptions options{.cache_dir = folder / "cache"};
  ASSERT_TRUE(write_glb(folder / "s.glb", testing::small_scene()).ok());
  const auto first = load_scene(folder / "s.glb", options);
  const auto file = files_in(folder / "cache").at(0);
  const auto whole = testing::read_bytes(file);
  base::PhiloxStream random({.seed = 4});
  for (int trial = 0; trial < 60; ++trial) {
    auto damaged = whole;
    if (trial % 2 == 0) {
      damaged[random.uniform_int(static_cast<std::uint32_t>(whole.size()))] ^=
          static_cast<std::uint8_t>(1u << (trial % 8));
    } else {
      damaged.resize(random.uniform_int(static_cast<std::uint32_t>(whole.size())));
    }
    testing::write_bytes(file, damaged);
    const auto again = load_scene(folder / "s.glb", options);
    ASSERT_TRUE(again.ok()) << again.error().message;
    ASSERT_EQ((*again)->content_hash, (*first)->content_hash);
    // Put right, but for bits that nothing reads.
    const auto repaired = testing::read_bytes(file);
    ASSERT_EQ(repaired.size(), whole.size());
  }
}

TEST(SceneCache, AChangedTextureFileIsNoticed) {
  const testing::TemporaryFolder folder;
  const LoadOptions options{.cache_dir = folder / "cache"};
  const auto save = [&](std::uint8_t red) {
    Image image;
    image.width = image.height = 1;
    image.channels = 3;
    image.pixels = {red, 0, 0};
    ASSERT_TRUE(save_png(folder / "a.png", image).ok());
  };
  save(10);
  testing::write_text(folder / "m.mtl", "newmtl a\nmap_Kd a.png\n");
  testing::write_text(folder / "s.obj",
                      "mtllib m.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\n");
  EXPECT_EQ(load_scene(folder / "s.obj", options).value()->textures[0].rgba[0], 10);
  save(20);
  EXPECT_EQ(load_scene(folder / "s.obj", options).value()->textures[0].rgba[0], 20);
  EXPECT_EQ(load_scene(folder / "s.obj", options).value()->textures[0].rgba[0], 20);
  std::filesystem::remove(folder / "a.png");
  EXPECT_FALSE(load_scene(folder / "s.obj", options).ok());
}

TEST(SceneCache, AFolderThatCannotBeWrittenDoesNotStopTheLoad) {
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(write_glb(folder / "s.glb", testing::small_scene()).ok());
  testing::write_text(folder / "file", "not a folder");
  EXPECT_TRUE(load_scene(folder / "s.glb", {.cache_dir = folder / "file"}).ok());
}

}  // namespace
}  // namespace inknav::scene
