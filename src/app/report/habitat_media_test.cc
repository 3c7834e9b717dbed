// SPDX-License-Identifier: MIT
#include "app/report/habitat_media.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/temporary_folder.h"
#include "nav/test_scenes.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

class HabitatMedia : public ::testing::Test {
 protected:
  void SetUp() override {
    walk_.scene = nav::testing::rooms_scene();
    const auto mesh = nav::NavMesh::build(*walk_.scene, nav::NavSettings{});
    ASSERT_TRUE(mesh.ok()) << mesh.error().message;
    walk_.nav_mesh = *mesh;
    walk_.title = "a walk";
    walk_.success = true;
    // Along the corridor, 0.05 m a step; more steps than a .gif has frames.
    for (int i = 0; i < 130; ++i) {
      const base::Vec3 place(2.0f + 0.05f * static_cast<float>(i), 0.0f, 4.0f);
      walk_.steps.push_back({{place, base::rotation_from_yaw(-0.5f * base::kPi)}, 0.0f});
    }
    walk_.marks.start = walk_.steps.front().pose_world_agent;
    walk_.marks.goals = {{9.0f, 0.0f, 4.0f}};
    settings_.picture_px = 64;
    settings_.video_px = 32;
  }
  EpisodeCard make(const VideoFiles& files) {
    auto card = make_habitat_card(walk_, settings_, files, pool_);
    EXPECT_TRUE(card.ok()) << card.error().message;
    return card.ok() ? *std::move(card) : EpisodeCard{};
  }
  /// Of a .gif's first ten bytes.
  static std::pair<int, int> size_of(const std::vector<std::uint8_t>& gif) {
    if (gif.size() < 10) return {0, 0};
    return {gif[6] + 256 * gif[7], gif[8] + 256 * gif[9]};
  }

  base::TemporaryFolder folder_;
  base::ThreadPool pool_{1};
  HabitatWalk walk_;
  MediaSettings settings_;
};

TEST_F(HabitatMedia, TheCardHasMapAndLastSightAndVideosOnlyWhereTheyAreWanted) {
  const EpisodeCard still = make({});
  EXPECT_EQ(still.title, "a walk");
  EXPECT_TRUE(still.success);
  ASSERT_EQ(still.pictures.size(), 2u);
  for (const CardPicture& picture : still.pictures) EXPECT_EQ(picture.png[1], 'P') << picture.caption;
  EXPECT_TRUE(still.video_mp4.empty() && still.video_gif.empty());
  EXPECT_TRUE(fs::is_empty(folder_.path()));
  const EpisodeCard filmed = make({folder_ / "w.mp4", folder_ / "w.gif"});
  EXPECT_EQ(filmed.pictures[0].png, still.pictures[0].png);
  EXPECT_GT(filmed.video_mp4.size(), 1000u);
  EXPECT_EQ(fs::file_size(folder_ / "w.mp4"), filmed.video_mp4.size());
  EXPECT_FALSE(fs::exists(folder_ / "w.gif")) << "read and removed";
}

TEST_F(HabitatMedia, TilesAreCameraDepthAndMap) {
  const auto size = [&](bool depth, bool map) {
    settings_.depth = depth;
    settings_.top_down_map = map;
    return size_of(make({{}, folder_ / "w.gif"}).video_gif);
  };
  EXPECT_EQ(size(false, false), (std::pair{32, 32}));
  EXPECT_EQ(size(true, false), (std::pair{2 * 32 + 8, 32}));
  EXPECT_EQ(size(false, true), (std::pair{2 * 32 + 8, 32}));
  EXPECT_EQ(size(true, true), (std::pair{3 * 32 + 2 * 8, 32}));
}

TEST_F(HabitatMedia, TheCameraStandsAndTiltsAsTheAgentsDoes) {
  settings_.depth = true;
  settings_.max_depth = 4.0f;
  const auto camera = WalkCamera::create(walk_.scene, settings_, 33, pool_);
  ASSERT_TRUE(camera.ok()) << camera.error().message;
  const auto middle = [&](float tilt) {
    const auto sight = (*camera)->see({{1.0f, 0.0f, 4.0f}, base::rotation_from_yaw(0.5f * base::kPi)}, tilt);
    EXPECT_TRUE(sight.ok());
    return static_cast<int>(sight->depth.pixels[3 * (16 * 33 + 16)]);
  };
  const float down = -0.5f * base::kPi;
  EXPECT_EQ(middle(0.0f), 64);  // the wall at x = 0: 1 m of 4, 63.75
  EXPECT_EQ(middle(down), 80);  // the floor 1.25 m below: 79.7
  EXPECT_EQ(middle(-down), 0);  // no ceiling: nothing
  settings_.camera_position = {0.0f, 0.5f, -0.5f};
  settings_.min_depth = 0.25f;
  const auto other = WalkCamera::create(walk_.scene, settings_, 33, pool_);
  const auto sight = (*other)->see({{1.0f, 0.0f, 4.0f}, base::rotation_from_yaw(0.5f * base::kPi)});
  ASSERT_TRUE(sight.ok());
  // Half a metre nearer: 0.5 m, a fifteenth of the range from 0.25 to 4.
  EXPECT_EQ(sight->depth.pixels[3 * (16 * 33 + 16)], 17);
}

}  // namespace
}  // namespace inknav::app
