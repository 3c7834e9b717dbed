// SPDX-License-Identifier: MIT
#include "task/demonstration_generation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "task/demonstration_check.h"
#include "task/demonstration_reader.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

using testing::TestDataset;

TestDataset& shared_data() {
  static TestDataset data(6);
  static const bool drawn = (data.draw_all(), true);
  EXPECT_TRUE(drawn);
  return data;
}

DemonstrationSettings settings_in(const std::string& name) {
  DemonstrationSettings settings;
  settings.out_dir = shared_data().folder() / name;
  settings.seed = 5;
  settings.num_envs = 4;
  settings.walks_a_shard = 5;
  settings.max_steps = 150;
  settings.format.sensors.camera.width = 12;
  settings.format.sensors.camera.height = 8;
  return settings;
}

DemonstrationReport generate(const DemonstrationSettings& settings, int threads = 2) {
  base::ThreadPool pool(threads);
  const auto report = generate_demonstrations(settings, shared_data().dataset(), pool, {});
  INKNAV_CHECK(report.ok(), report.error().message);
  return *report;
}

std::map<std::string, std::vector<std::uint8_t>> files_of(const fs::path& folder) {
  std::map<std::string, std::vector<std::uint8_t>> files;
  for (const auto& entry : fs::directory_iterator(folder))
    files[entry.path().filename().string()] = *base::read_file(entry.path(), 1u << 28);
  return files;
}

TEST(DemonstrationGeneration, WalksEveryEpisodeToItsGoal) {
  DemonstrationSettings settings = settings_in("walks");
  settings.rounds = 2;
  settings.max_steps = 500;
  const DemonstrationReport report = generate(settings);
  EXPECT_EQ(report.walks, 24);
  EXPECT_EQ(report.new_walks, 24);
  EXPECT_EQ(report.shards, 5);
  EXPECT_GE(report.stopped, 23);
  const auto set = DemonstrationSet::open(settings.out_dir);
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_EQ(set->num_steps(), report.new_steps);
  std::map<std::string, int> walks;  // by scene and episode
  int off_starts = 0, disturbed = 0, off_route = 0, stops = 0;
  for (std::size_t i = 0; i < set->size(); ++i) {
    const auto walk = set->load(i);
    ASSERT_TRUE(walk.ok()) << walk.error().message;
    ++walks[walk->info.scene_id + "/" + walk->info.episode_id];
    EXPECT_EQ(walk->info.run, static_cast<std::int64_t>(i));
    EXPECT_TRUE(fs::exists(shared_data().dataset().sketch_dir / walk->info.drawing));
    off_starts += walk->info.off_start ? 1 : 0;
    const base::Vec3 way = walk->steps.front().pose_world_agent.position - walk->info.start.position;
    EXPECT_TRUE(walk->info.off_start || std::hypot(way.x, way.z) < 1e-3f);
    EXPECT_LE(std::hypot(way.x, way.z), 1.0f + 1e-3f);
    for (const DemonstrationStep& step : walk->steps) {
      disturbed += step.disturbed ? 1 : 0;
      off_route += step.off_route ? 1 : 0;
      stops += step.expert_action == 0 ? 1 : 0;
      EXPECT_EQ(step.disturbed, step.action != step.expert_action);
    }
    EXPECT_EQ(walk->steps.back().action, 0);
  }
  EXPECT_EQ(walks.size(), 12u);
  for (const auto& [name, count] : walks) EXPECT_EQ(count, 2) << name;
  EXPECT_GT(off_starts, 4);
  EXPECT_LT(off_starts, 20);
  EXPECT_GT(disturbed, 50);
  EXPECT_GT(off_route, 50);
  EXPECT_GT(stops, 30);  // the expert lingers at the goal
}

TEST(DemonstrationGeneration, TheSameBytesForAnyThreadsAndWalksAtOnce) {
  DemonstrationSettings settings = settings_in("one");
  generate(settings, 1);
  const auto one = files_of(settings.out_dir);
  EXPECT_EQ(one.size(), 4u);
  settings.out_dir = shared_data().folder() / "four";
  settings.num_envs = 3;
  generate(settings, 4);
  EXPECT_EQ(files_of(settings.out_dir), one);
}

TEST(DemonstrationGeneration, GoesOnWhereItWasKilled) {
  DemonstrationSettings settings = settings_in("killed");
  generate(settings);
  const auto whole = files_of(settings.out_dir);
  // What kill -9 can leave: some shards, a part of a temporary one.
  fs::remove(shard_path(settings.out_dir, 1));
  fs::remove(shard_path(settings.out_dir, 2));
  std::ofstream(settings.out_dir / "shard_00001.inkdemo.tmp-123-4") << "part";
  const auto kept = fs::last_write_time(shard_path(settings.out_dir, 0));
  DemonstrationReport report = generate(settings);
  EXPECT_EQ(report.walks, 12);
  EXPECT_EQ(report.new_walks, 7);
  EXPECT_EQ(fs::last_write_time(shard_path(settings.out_dir, 0)), kept);
  EXPECT_EQ(files_of(settings.out_dir), whole);
  // A damaged shard is made again, a whole set is left alone.
  fs::resize_file(shard_path(settings.out_dir, 0), 100);
  report = generate(settings);
  EXPECT_EQ(report.new_walks, 5);
  EXPECT_EQ(files_of(settings.out_dir), whole);
  EXPECT_EQ(generate(settings).new_walks, 0);
}

TEST(DemonstrationGeneration, RenderedWhenReadIsWhatIsStored) {
  DemonstrationSettings settings = settings_in("stored");
  settings.walks_a_shard = 100;
  generate(settings);
  const auto stored = DemonstrationSet::open(settings.out_dir);
  settings.out_dir = shared_data().folder() / "rendered";
  settings.format.depth = DepthStorage::kRendered;
  generate(settings);
  const auto rendered = DemonstrationSet::open(settings.out_dir);
  ASSERT_TRUE(stored.ok() && rendered.ok());
  base::ThreadPool pool(2);
  const auto renderer =
      DemonstrationRenderer::create(*rendered, shared_data().dataset().scenes_dir, std::nullopt, 7, pool);
  ASSERT_TRUE(renderer.ok()) << renderer.error().message;
  ASSERT_EQ(stored->size(), rendered->size());
  for (std::size_t i = 0; i < stored->size(); ++i) {
    const auto a = stored->load(i);
    auto b = rendered->load(i);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_TRUE(b->depth.empty());
    const base::Status status = (*renderer)->render(*b);
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(a->depth, b->depth);
  }
  // Without the scenes it says so.
  const auto blind = DemonstrationRenderer::create(*rendered, "/nowhere", std::nullopt, 7, pool);
  auto walk = rendered->load(0);
  const base::Status status = (*blind)->render(*walk);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::ErrorCode::kData);
  EXPECT_NE(status.error().message.find("is wanted to render what was seen"), std::string::npos);
}

TEST(DemonstrationGeneration, OtherSettingsNeedOverwrite) {
  DemonstrationSettings settings = settings_in("settings");
  generate(settings);
  settings.seed = 6;
  base::ThreadPool pool(1);
  const auto refused = generate_demonstrations(settings, shared_data().dataset(), pool, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(refused.error().message.find("use --overwrite or another folder"), std::string::npos);
  settings.overwrite = true;
  settings.walks_a_shard = 12;
  EXPECT_EQ(generate(settings).new_walks, 12);
  EXPECT_EQ(files_of(settings.out_dir).size(), 2u);  // the old shards are gone
}

TEST(DemonstrationGeneration, RefusesWhatCannotBeDone) {
  base::ThreadPool pool(1);
  DemonstrationSettings settings = settings_in("refused");
  settings.disturbance.linger = 1.0f;  // would never stop
  const auto endless = generate_demonstrations(settings, shared_data().dataset(), pool, {});
  ASSERT_FALSE(endless.ok());
  EXPECT_EQ(endless.error().code, base::ErrorCode::kUsage);
  EXPECT_EQ(endless.error().message, "--linger must lie in [0, 0.95], found 1");
  settings = settings_in("refused");
  Dataset undrawn = shared_data().dataset();
  undrawn.sketch_dir = shared_data().folder() / "nothing";
  const auto missing = generate_demonstrations(settings, undrawn, pool, {});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::ErrorCode::kData);
  EXPECT_NE(missing.error().message.find("_cut1.png"), std::string::npos) << missing.error().message;
  settings.with_drawings = false;
  EXPECT_TRUE(generate_demonstrations(settings, undrawn, pool, {}).ok());
}

TEST(DemonstrationCheck, ListsEveryFault) {
  DemonstrationSettings settings = settings_in("checked");
  generate(settings);
  base::ThreadPool pool(2);
  DemonstrationCheckSettings check;
  check.folder = settings.out_dir;
  check.sketch_dir = shared_data().dataset().sketch_dir;
  auto report = check_demonstrations(check, pool);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_TRUE(report->usable());
  EXPECT_EQ(report->walks, 12);
  EXPECT_TRUE(report->with_depth);
  EXPECT_NE(format_report(*report, 10).find("12 walks"), std::string::npos);
  // The last byte of two shards belongs to a walk's depth.
  for (const int shard : {0, 2}) {
    auto bytes = *base::read_file(shard_path(settings.out_dir, shard), 1u << 28);
    bytes.at(bytes.size() - 1) ^= 1u;
    ASSERT_TRUE(base::write_file_atomic(shard_path(settings.out_dir, shard), bytes).ok());
  }
  check.sketch_dir = "/nowhere";
  report = check_demonstrations(check, pool);
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->usable());
  EXPECT_EQ(report->faults.size(), 3u);
  EXPECT_NE(format_report(*report, 1).find("... and 2 more"), std::string::npos);
}

}  // namespace
}  // namespace inknav::task
