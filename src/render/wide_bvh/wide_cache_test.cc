// SPDX-License-Identifier: MIT
#include "render/wide_bvh/wide_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>

#include "base/file.h"
#include "base/scoped_environment.h"
#include "render/clutter_scene.h"
#include "render/renderer.h"

namespace inknav::render {
namespace {

namespace fs = std::filesystem;

class WideCache : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("inknav_wide_cache_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    scene_ = make_clutter_scene({3, 1, 400});
    path_ = folder_ / internal::wide_cache_name(scene_->content_hash);
  }
  void TearDown() override { fs::remove_all(folder_); }

  WideBvh build() { return cached_wide_bvh(*scene_, folder_, pool_); }
  std::vector<std::uint8_t> bytes() const { return *base::read_file(path_, 1 << 24); }
  void overwrite(std::span<const std::uint8_t> bytes) const {
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    for (const std::uint8_t byte : bytes) file.put(static_cast<char>(byte));
  }
  void expect_refused(const std::string& why) const {
    const auto layout = internal::read_wide_cache(path_, *scene_);
    ASSERT_FALSE(layout.ok()) << why;
    EXPECT_EQ(layout.error().code, base::ErrorCode::kData);
    EXPECT_NE(layout.error().message.find(path_.string() + ": "), std::string::npos);
    EXPECT_NE(layout.error().message.find(why), std::string::npos) << layout.error().message;
  }

  base::ThreadPool pool_{2};
  fs::path folder_, path_;
  scene::ScenePtr scene_;
};

void expect_same(const WideBvh& a, const WideBvh& b) {
  ASSERT_EQ(a.nodes().size(), b.nodes().size());
  ASSERT_EQ(a.triangles().size(), b.triangles().size());
  EXPECT_EQ(std::memcmp(a.nodes().data(), b.nodes().data(), a.nodes().size() * sizeof(WideNode)), 0);
  EXPECT_EQ(
      std::memcmp(a.triangles().data(), b.triangles().data(), a.triangles().size() * sizeof(WideTriangle)),
      0);
  EXPECT_EQ(a.bounds().min, b.bounds().min);
  EXPECT_EQ(a.bounds().max, b.bounds().max);
  EXPECT_EQ(a.depth(), b.depth());
}

TEST_F(WideCache, TheSecondTimeIsReadAndIsTheSame) {
  const WideBvh fresh(*scene_, pool_);
  expect_same(build(), fresh);
  ASSERT_TRUE(fs::exists(path_));
  const auto written = fs::last_write_time(path_);
  expect_same(build(), fresh);
  EXPECT_EQ(fs::last_write_time(path_), written);
  EXPECT_NE(internal::wide_cache_name(make_clutter_scene({4, 1, 400})->content_hash),
            path_.filename().string());
}

TEST_F(WideCache, EveryFlippedBitAndEveryTruncationIsSeen) {
  build();
  const std::vector<std::uint8_t> good = bytes();
  for (std::size_t i = 0; i < good.size(); i += 1 + i / 32) {
    std::vector<std::uint8_t> bad = good;
    bad[i] = static_cast<std::uint8_t>(bad[i] ^ (1u << (i % 8)));
    overwrite(bad);
    expect_refused("a wrong checksum");
  }
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 16) {
    overwrite(std::span(good).first(size));
    expect_refused(size < 64 ? "a file too short" : "a wrong checksum");
  }
}

TEST_F(WideCache, ADamagedFileIsBuiltAgainAndReplaced) {
  const WideBvh fresh = build();
  const std::vector<std::uint8_t> good = bytes();
  std::vector<std::uint8_t> bad = good;
  bad[bad.size() / 2] ^= 0x10;
  overwrite(bad);
  expect_same(build(), fresh);
  EXPECT_EQ(bytes(), good);
}

/// Changes a file and puts the right checksum below it.
void forge(std::vector<std::uint8_t>& bytes, const std::function<void(std::uint8_t*)>& change) {
  change(bytes.data());
  const std::size_t body = bytes.size() - sizeof(base::Hash128);
  const base::Hash128 checksum = base::xxh3_128(bytes.data(), body);
  std::memcpy(bytes.data() + body, &checksum, sizeof(checksum));
}

TEST_F(WideCache, AnotherVersionOrSceneIsBuiltAgain) {
  const WideBvh fresh = build();
  const std::vector<std::uint8_t> good = bytes();
  for (const std::size_t byte : {std::size_t{0}, std::size_t{8}, std::size_t{16}}) {  // magic, version, scene
    std::vector<std::uint8_t> other = good;
    forge(other, [&](std::uint8_t* file) { file[byte] ^= 1; });
    overwrite(other);
    expect_refused("another scene or version");
    expect_same(build(), fresh);
    EXPECT_EQ(bytes(), good);
  }
  std::vector<std::uint8_t> more = good;
  forge(more, [](std::uint8_t* file) { file[32] ^= 1; });  // number of nodes
  overwrite(more);
  expect_refused("sizes that do not add up");
}

/// Our own checksum over a hierarchy that leads outside itself: what the traversal would follow blindly.
TEST_F(WideCache, AForgedHierarchyIsRefused) {
  const WideLayout good = wide_layout(*scene_, pool_);
  const std::size_t count = scene_->num_triangles();
  ASSERT_TRUE(internal::check_layout(good, count, "x").ok());
  const std::vector<std::pair<const char*, std::function<void(WideLayout&)>>> forgeries = {
      {"a node out of place", [](WideLayout& l) { l.nodes[0].first_child = 1u << 30; }},
      {"a node out of place", [](WideLayout& l) { l.nodes[0].first_child = 0; }},
      {"a node out of place", [](WideLayout& l) { l.depth -= 1; }},
      {"a child out of place", [](WideLayout& l) { l.nodes.back().first_triangle = 1u << 30; }},
      {"a child out of place", [](WideLayout& l) { l.nodes[0].exponents_mask ^= 0xFF000000u; }},
      {"a child out of place", [](WideLayout& l) { l.nodes[0].origin[1] = std::nanf(""); }},
      {"a triangle named twice", [](WideLayout& l) { l.triangles[0] = l.triangles[1]; }},
      {"a triangle named twice", [](WideLayout& l) { l.triangles[0] = 1u << 30; }},
      {"another number of triangles", [](WideLayout& l) { l.triangles.pop_back(); }},
      {"nodes that nothing leads to", [](WideLayout& l) { l.nodes.emplace_back(); }},
      {"no depth", [](WideLayout& l) { l.depth = kMaxWideDepth + 1; }},
      {"no depth", [](WideLayout& l) { l.nodes.clear(); }}};
  for (const auto& [why, change] : forgeries) {
    WideLayout bad = good;
    change(bad);
    const base::Status status = internal::check_layout(bad, count, "x");
    ASSERT_FALSE(status.ok()) << why;
    EXPECT_EQ(status.error().message, std::string("x: a hierarchy of this scene was wanted, found ") + why);
    if (bad.triangles.size() != count) continue;  // the sizes betray it before
    fs::create_directories(folder_);
    ASSERT_TRUE(internal::write_wide_cache(path_, *scene_, bad).ok());
    expect_refused(why);
  }
}

TEST_F(WideCache, TheHierarchyIsMadeWhereNothingCanBeWritten) {
  std::ofstream(folder_) << "a file where the folder should be";
  expect_same(build(), WideBvh(*scene_, pool_));
}

TEST_F(WideCache, TheCudaRendererUsesIt) {
  if (!fs::exists(INKNAV_FAKE_CUDA)) GTEST_SKIP() << INKNAV_FAKE_CUDA << " is not on this machine";
  const base::ScopedEnvironment named("INKNAV_CUDA_PLUGIN", INKNAV_FAKE_CUDA);
  const base::ScopedEnvironment works("INKNAV_FAKE_CUDA_FAULT", "none");
  const auto renderer = make_renderer(Backend::kCuda, {8, 8, 90.0f}, pool_, {.cache_dir = folder_});
  ASSERT_TRUE(renderer.ok()) << renderer.error().message;
  ASSERT_TRUE((*renderer)->add_scene(scene_).ok());
  EXPECT_TRUE(fs::exists(path_));
  EXPECT_TRUE(internal::read_wide_cache(path_, *scene_).ok());
}

}  // namespace
}  // namespace inknav::render
