// SPDX-License-Identifier: MIT
#include "nav/nav_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "base/file.h"
#include "nav/mesh_data.h"
#include "nav/recast_build.h"
#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

namespace fs = std::filesystem;

class NavCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("inknav_nav_cache_" + std::to_string(::getpid()));
    fs::remove_all(dir_);
    scene_ = testing::rooms_scene();
    path_ = dir_ / internal::cache_file_name(scene_->content_hash, {});
  }
  void TearDown() override { fs::remove_all(dir_); }

  NavMeshPtr build() {
    auto mesh = NavMesh::build_cached(*scene_, {}, dir_);
    INKNAV_CHECK(mesh.ok(), mesh.error().message);
    return *mesh;
  }
  std::vector<std::uint8_t> bytes() { return *base::read_file(path_, 1 << 24); }
  /// Without waiting for the disk.
  void overwrite(std::span<const std::uint8_t> bytes) {
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    for (const std::uint8_t byte : bytes) file.put(static_cast<char>(byte));
  }
  std::vector<std::uint8_t> built_tile() { return *internal::build_tile(*scene_, {}); }

  fs::path dir_;
  fs::path path_;
  scene::ScenePtr scene_;
};

void expect_same(const NavMesh& a, const NavMesh& b) {
  ASSERT_EQ(a.data().polys.size(), b.data().polys.size());
  EXPECT_EQ(a.triangle_soup(-1), b.triangle_soup(-1));
  EXPECT_EQ(a.bounds().min, b.bounds().min);
  EXPECT_EQ(a.islands().size(), b.islands().size());
}

TEST_F(NavCacheTest, SecondBuildReadsTheFileAndIsTheSame) {
  const NavMeshPtr fresh = *NavMesh::build(*scene_, {});
  const NavMeshPtr first = build();
  ASSERT_TRUE(fs::exists(path_));
  const auto written = fs::last_write_time(path_);
  const NavMeshPtr second = build();
  EXPECT_EQ(fs::last_write_time(path_), written);
  expect_same(*fresh, *first);
  expect_same(*fresh, *second);
}

TEST_F(NavCacheTest, OtherSettingsAndScenesHaveOtherFiles) {
  NavSettings tall;
  tall.agent_height = 1.0f;
  EXPECT_NE(internal::cache_file_name(scene_->content_hash, tall), path_.filename().string());
  EXPECT_NE(internal::cache_file_name(testing::storeys_scene()->content_hash, {}), path_.filename().string());
}

TEST_F(NavCacheTest, EveryFlippedBitIsSeen) {
  build();
  const std::vector<std::uint8_t> good = bytes();
  for (std::size_t i = 0; i < good.size(); i += 1 + i / 64) {
    std::vector<std::uint8_t> bad = good;
    bad[i] = static_cast<std::uint8_t>(bad[i] ^ (1u << (i % 8)));
    overwrite(bad);
    const auto tile = internal::read_cache(path_, scene_->content_hash, {});
    ASSERT_FALSE(tile.ok()) << i;
    EXPECT_EQ(tile.error().code, base::ErrorCode::kData);
    EXPECT_NE(tile.error().message.find(path_.string()), std::string::npos);
  }
}

TEST_F(NavCacheTest, EveryTruncationIsSeen) {
  build();
  const std::vector<std::uint8_t> good = bytes();
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 32) {
    overwrite(std::span(good).first(size));
    const auto tile = internal::read_cache(path_, scene_->content_hash, {});
    ASSERT_FALSE(tile.ok()) << size;
    EXPECT_EQ(tile.error().code, base::ErrorCode::kData);
  }
}

TEST_F(NavCacheTest, DamagedFileIsBuiltAgainAndReplaced) {
  const NavMeshPtr first = build();
  const std::vector<std::uint8_t> good = bytes();
  std::vector<std::uint8_t> bad = good;
  bad[bad.size() / 2] ^= 0x10;
  ASSERT_TRUE(base::write_file_atomic(path_, bad).ok());
  expect_same(*first, *build());
  EXPECT_EQ(bytes(), good);
}

TEST_F(NavCacheTest, GoodChecksumOverBadTileIsRefused) {
  // A file that someone made on purpose: our own checksum over a tile that leads outside itself.
  std::vector<std::uint8_t> tile = built_tile();
  tile[32] = 0xff;  // low byte of the link count: the section sizes no longer add up
  fs::create_directories(dir_);
  ASSERT_TRUE(internal::write_cache(path_, scene_->content_hash, {}, tile).ok());
  const auto read = internal::read_cache(path_, scene_->content_hash, {});
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, base::ErrorCode::kData);
  EXPECT_NE(read.error().message.find("navmesh tile: wanted"), std::string::npos) << read.error().message;
  EXPECT_GT(build()->area(), 70.0f);
}

TEST_F(NavCacheTest, FileOfAnotherSceneIsRefused) {
  build();
  const auto other = testing::storeys_scene();
  const auto read = internal::read_cache(path_, other->content_hash, {});
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().message.find("another scene, setting or version"), std::string::npos);
}

TEST_F(NavCacheTest, MeshIsMadeEvenWhereNothingCanBeWritten) {
  std::ofstream(dir_) << "a file where the folder should be";
  auto mesh = NavMesh::build_cached(*scene_, {}, dir_);
  ASSERT_TRUE(mesh.ok()) << mesh.error().message;
  EXPECT_GT((*mesh)->area(), 70.0f);
}

}  // namespace
}  // namespace inknav::nav
