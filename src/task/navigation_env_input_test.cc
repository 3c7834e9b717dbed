// SPDX-License-Identifier: MIT
// Bad datasets: what is skipped, what is an error, and what it says.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/file.h"
#include "task/drawing_store.h"
#include "task/navigation_env.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

using testing::small_env;
using testing::TestDataset;

class BadInput : public ::testing::Test {
 protected:
  void expect_error(const NavigationEnvSettings& settings, base::ErrorCode code, const std::string& part) {
    const auto env = NavigationEnv::create(settings, data_.dataset(), pool_);
    ASSERT_FALSE(env.ok()) << part;
    EXPECT_EQ(env.error().code, code);
    EXPECT_NE(env.error().message.find(part), std::string::npos) << env.error().message;
  }
  Episode& episode(std::size_t i) { return data_.dataset().episodes[i]; }
  /// Copies of the first episode, so that one bad episode is less than 1 %.
  void make_many() {
    const Episode sample = episode(0);
    data_.dataset().episodes.assign(150, sample);
    for (std::size_t i = 0; i < 150; ++i) episode(i).episode_id = std::to_string(i);
  }

  TestDataset data_{3};
  base::ThreadPool pool_{1};
};

TEST_F(BadInput, AFewBadEpisodesAreSkippedAndCounted) {
  make_many();
  episode(7).start.position = {100.0f, 0.0f, 100.0f};
  const auto env = NavigationEnv::create(small_env(1), data_.dataset(), pool_);
  ASSERT_TRUE(env.ok()) << env.error().message;
  EXPECT_EQ((*env)->skipped_episodes(), 1);
  EXPECT_EQ((*env)->episodes().size(), 149u);
  EXPECT_EQ((*env)->episodes()[7].episode_id, "8");
}

TEST_F(BadInput, MoreThanOnePercentIsAnError) {
  make_many();
  for (const std::size_t i : {3u, 7u}) episode(i).start.position = {100.0f, 0.0f, 100.0f};
  expect_error(small_env(1), base::ErrorCode::kData, "2 of 150 are");
  expect_error(small_env(1), base::ErrorCode::kData, "episode '3' of scene 'rooms.glb': the start (100.000");
}

TEST_F(BadInput, GoalOffTheMeshOrOnAnotherIsland) {
  episode(0).goals[0].position = {3.5f, 0.0f, 40.0f};
  expect_error(small_env(1), base::ErrorCode::kData, "must lie on the navigation mesh");
}

TEST_F(BadInput, MissingOrUnsafeScene) {
  episode(0).scene_id = "nowhere.glb";
  expect_error(small_env(1), base::ErrorCode::kData, "nowhere.glb");
  episode(0).scene_id = "../outside.glb";
  expect_error(small_env(1), base::ErrorCode::kData, "../outside.glb");
}

TEST_F(BadInput, NoEpisodes) {
  data_.dataset().episodes.clear();
  expect_error(small_env(1), base::ErrorCode::kData, "at least one episode is wanted");
}

TEST_F(BadInput, SettingsOutOfRange) {
  NavigationEnvSettings settings = small_env(1);
  settings.success_distance = 0.0f;
  expect_error(settings, base::ErrorCode::kUsage, "SUCCESS_DISTANCE");
  settings = small_env(1);
  settings.max_episode_steps = 0;
  expect_error(settings, base::ErrorCode::kUsage, "MAX_EPISODE_STEPS");
  settings = small_env(2);
  settings.first_env = 1;
  expect_error(settings, base::ErrorCode::kUsage, "must lie among the 2");
}

TEST_F(BadInput, MissingDrawing) {
  NavigationEnvSettings settings = small_env(1);
  settings.with_drawings = true;
  expect_error(settings, base::ErrorCode::kData, "rooms_epi0_cut1.png");
}

TEST_F(BadInput, CutAndFlippedDrawings) {
  data_.draw_all();
  NavigationEnvSettings settings = small_env(1);
  settings.with_drawings = true;
  const auto path = drawing_path(data_.dataset(), episode(2));
  std::vector<std::uint8_t> bytes = *base::read_file(path, 1 << 20);
  const std::vector<std::uint8_t> whole = bytes;
  bytes.resize(bytes.size() / 2);
  ASSERT_TRUE(base::write_file_atomic(path, std::span<const std::uint8_t>(bytes)).ok());
  expect_error(settings, base::ErrorCode::kData, "it is cut off after");
  bytes = whole;
  bytes[bytes.size() / 2] ^= 4;
  ASSERT_TRUE(base::write_file_atomic(path, std::span<const std::uint8_t>(bytes)).ok());
  expect_error(settings, base::ErrorCode::kData, "checksum");
}

TEST(DrawingBytes, EveryCutAndEveryFlippedBitOfAPngIsSeen) {
  scene::Image picture;
  picture.width = picture.height = 16;
  picture.channels = 3;
  picture.pixels.assign(16 * 16 * 3, 200);
  const std::vector<std::uint8_t> whole = scene::encode_png(picture);
  EXPECT_TRUE(check_picture_bytes(whole, "x.png").ok());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(check_picture_bytes(std::span(whole).first(size), "x.png").ok()) << size;
  }
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::vector<std::uint8_t> flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(check_picture_bytes(flipped, "x.png").ok()) << bit;
  }
}

TEST(DrawingBytes, JpegEndsWithItsMark) {
  scene::Image picture;
  picture.width = picture.height = 16;
  picture.channels = 3;
  picture.pixels.assign(16 * 16 * 3, 200);
  const std::vector<std::uint8_t> whole = scene::encode_jpeg(picture, 80);
  EXPECT_TRUE(check_picture_bytes(whole, "x.jpg").ok());
  const auto status = check_picture_bytes(std::span(whole).first(whole.size() - 5), "x.jpg");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("x.jpg"), std::string::npos);
  EXPECT_NE(status.error().message.find("end mark"), std::string::npos);
}

TEST(WrongDrawing, ComesFromAnotherSceneByAFixedRule) {
  std::vector<Episode> episodes(30);
  for (std::size_t i = 0; i < episodes.size(); ++i) episodes[i].scene_id = "scene" + std::to_string(i % 4);
  const auto partner = wrong_drawing_of(episodes);
  ASSERT_TRUE(partner.ok());
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    EXPECT_NE(episodes[(*partner)[i]].scene_id, episodes[i].scene_id);
  }
  EXPECT_EQ(*partner, *wrong_drawing_of(episodes));
  for (Episode& episode : episodes) episode.scene_id = "only";
  const auto within = wrong_drawing_of(episodes);
  for (std::size_t i = 0; i < episodes.size(); ++i) EXPECT_NE((*within)[i], i);
  episodes.resize(1);
  const auto none = wrong_drawing_of(episodes);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("at least two episodes"), std::string::npos);
}

}  // namespace
}  // namespace inknav::task
