// SPDX-License-Identifier: MIT
#include "task/episode_generation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include "base/file.h"
#include "base/hash.h"
#include "scene/home/home.h"
#include "scene/image.h"
#include "scene/write_glb.h"
#include "sketch/drawing_file.h"
#include "task/drawing_store.h"
#include "task/navigation_env.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

class EpisodeGeneration : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("inknav_generation_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "scenes");
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const fs::path path = folder_ / "scenes" / ("home_" + std::to_string(seed) + ".glb");
      INKNAV_CHECK(scene::write_glb(path, *scene::generate_home(seed, {}).scene).ok());
    }
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static EpisodeGenerationSettings settings(const std::string& out) {
    EpisodeGenerationSettings s;
    s.scenes_dir = folder_ / "scenes";
    s.out_dir = folder_ / out;
    s.count = 12;
    s.levels = {sketch::Level::kL1, sketch::Level::kL2};
    return s;
  }
  static std::map<std::string, std::string> hashes(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const auto bytes = *base::read_file(entry.path(), 1 << 28);
      files[fs::relative(entry.path(), folder).string()] = base::xxh3_128(bytes.data(), bytes.size()).hex();
    }
    return files;
  }
  static void expect_error(const EpisodeGenerationSettings& s, base::ErrorCode code,
                           const std::string& part) {
    base::ThreadPool pool(1);
    const auto report = generate_episodes(s, pool, {});
    ASSERT_FALSE(report.ok()) << part;
    EXPECT_EQ(report.error().code, code);
    EXPECT_NE(report.error().message.find(part), std::string::npos) << report.error().message;
  }

  static inline fs::path folder_;
};

TEST_F(EpisodeGeneration, TheSameBytesWithAnyNumberOfThreads) {
  base::ThreadPool one(1), three(3);
  ASSERT_TRUE(generate_episodes(settings("one"), one, {}).ok());
  ASSERT_TRUE(generate_episodes(settings("three"), three, {}).ok());
  const auto first = hashes(folder_ / "one");
  EXPECT_EQ(first.size(), 1u + 2u * 12u);
  EXPECT_EQ(first, hashes(folder_ / "three"));
}

TEST_F(EpisodeGeneration, WhatIsWrittenCanBeRunAndJoins) {
  base::ThreadPool pool(2);
  const auto report = generate_episodes(settings("run"), pool, {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->episodes, 12);
  EXPECT_EQ(report->scenes, 3);
  Dataset dataset;
  dataset.episodes = *load_episodes(report->dataset);
  dataset.scenes_dir = folder_ / "scenes";
  dataset.sketch_dir = report->sketch_dir;
  for (const Episode& episode : dataset.episodes) {
    EXPECT_GE(episode.geodesic_distance, 3.0f);
    EXPECT_LE(episode.geodesic_distance, 20.0f);
    EXPECT_LT(std::abs(episode.start.position.y - episode.goals[0].position.y), 0.5f);
    EXPECT_GE(episode.reference_path.size(), 2u);
    const auto file = sketch::load_drawing_file(truth_path(drawing_path(dataset, episode)));
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_FALSE(file->correspondence.empty());
    const auto picture = scene::load_image(drawing_path(dataset, episode), 3);
    ASSERT_TRUE(picture.ok());
    EXPECT_EQ(picture->width, 512);
  }
  NavigationEnvSettings env_settings;
  env_settings.num_envs = env_settings.total_envs = 4;
  env_settings.simulator.sensors.camera.width = env_settings.simulator.sensors.camera.height = 8;
  env_settings.simulator.mapper.grid_size = 64;
  env_settings.shuffle = false;
  auto env = NavigationEnv::create(env_settings, dataset, pool);
  ASSERT_TRUE(env.ok()) << env.error().message;
  EXPECT_EQ((*env)->skipped_episodes(), 0);
  (*env)->reset();
  std::vector<std::int32_t> actions(4);
  float success = 0.0f, marks = 0.0f;
  while (!(*env)->exhausted()) {
    const std::int32_t* expert = (*env)->observation("expert_action").as<std::int32_t>();
    std::copy(expert, expert + 4, actions.begin());
    (*env)->step(actions);
    for (const EpisodeResult& result : (*env)->finished()) {
      success += result.measures[0];
      marks += (*env)->observation("drawing_marks").as<float>()[8 * result.environment + 7];
    }
    (*env)->reset_done();
  }
  EXPECT_GE(success, 11.0f);
  EXPECT_GE(marks, 11.0f);  // start marks found again on the paper
}

TEST_F(EpisodeGeneration, ScenesAreSplitByNameNotByOrder) {
  int train = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "home_" + std::to_string(i);
    EXPECT_NE(belongs_to_split(name, "train", 0.9), belongs_to_split(name, "val", 0.9));
    train += belongs_to_split(name, "train", 0.9) ? 1 : 0;
  }
  EXPECT_NEAR(train, 900, 40);
  EXPECT_TRUE(belongs_to_split("anything", "val", 1.0));
}

TEST_F(EpisodeGeneration, OnlyTheNamedScenesAreUsed) {
  EpisodeGenerationSettings s = settings("only");
  s.only = {"home_2", "home_0"};
  s.count = 4;
  base::ThreadPool pool(2);
  const auto report = generate_episodes(s, pool, {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->scenes, 2);
  const auto listed = load_episodes(report->dataset);
  ASSERT_TRUE(listed.ok());
  for (const Episode& episode : *listed) EXPECT_NE(episode.scene_id, "home_1.glb");
  s.only = {"home_0", "home_9"};
  expect_error(s, base::ErrorCode::kUsage, "a scene called 'home_9' is wanted");
}

TEST_F(EpisodeGeneration, SaysWhatIsWrong) {
  EpisodeGenerationSettings s = settings("bad");
  s.scenes_dir = folder_ / "nowhere";
  expect_error(s, base::ErrorCode::kUsage, "a folder with scenes is wanted");
  fs::create_directories(folder_ / "empty");
  s.scenes_dir = folder_ / "empty";
  expect_error(s, base::ErrorCode::kUsage, "at least one scene");
  s = settings("bad");
  s.count = 0;
  expect_error(s, base::ErrorCode::kUsage, "--count");
  s = settings("bad");
  s.surroundings = -1.0f;
  expect_error(s, base::ErrorCode::kUsage, "--surroundings");
  s = settings("bad");
  s.split = "../x";
  expect_error(s, base::ErrorCode::kUsage, "--split");
  s = settings("bad");
  s.min_length = 90.0f;
  s.max_length = 100.0f;
  expect_error(s, base::ErrorCode::kData, "no episode could be made");
}

TEST_F(EpisodeGeneration, ABrokenSceneIsSkippedAndCounted) {
  const fs::path scenes = folder_ / "mixed";
  fs::create_directories(scenes);
  fs::copy_file(folder_ / "scenes" / "home_0.glb", scenes / "good.glb");
  fs::copy_file(folder_ / "scenes" / "home_0.stage_config.json", scenes / "good.stage_config.json");
  ASSERT_TRUE(base::write_text_atomic(scenes / "bad.glb", "glTF nonsense").ok());
  EpisodeGenerationSettings s = settings("skip");
  s.scenes_dir = scenes;
  s.count = 4;
  base::ThreadPool pool(1);
  const auto report = generate_episodes(s, pool, {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->scenes, 1);
  EXPECT_EQ(report->skipped_scenes, 1);
  EXPECT_EQ(report->episodes, 2);
}

}  // namespace
}  // namespace inknav::task
