// SPDX-License-Identifier: MIT
#include "task/demonstration_generation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/philox.h"
#include "sim/odometry.h"
#include "task/check/demonstration_check.h"
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
      DemonstrationRenderer::create(*rendered, shared_data().dataset(), std::nullopt, 7, pool);
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
  Dataset nowhere;
  nowhere.scenes_dir = "/nowhere";
  const auto blind = DemonstrationRenderer::create(*rendered, nowhere, std::nullopt, 7, pool);
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

/// Chooses by the episode, the step and the action that was carried out before.
class TestStudent : public Student {
 public:
  static StudentChoice choice_at(std::int64_t episode, std::int32_t step, std::int32_t previous) {
    base::PhiloxStream stream({1, static_cast<std::uint32_t>(episode), static_cast<std::uint32_t>(previous),
                               static_cast<std::uint32_t>(step), base::Purpose::kTest});
    const std::int32_t motion = stream.uniform_int(1, 3);
    return {stream.bernoulli(0.2f) ? 0 : motion, motion};
  }

  void attach(const VectorEnv& env) override {
    const auto count = static_cast<std::size_t>(env.spec().num_envs);
    previous_.assign(count, -1);
    ended_.assign(count, 0);
    choices_.assign(count, {});
    for (std::size_t e = 0; e < count; ++e) note_start(env, e);
  }
  std::span<const StudentChoice> act(const VectorEnv& env, std::span<const std::uint8_t> active) override {
    for (std::size_t e = 0; e < choices_.size(); ++e) {
      choices_[e] = active[e] == 0
                        ? StudentChoice{-1, -1}  // the environment would refuse these
                        : choice_at(env.observation("episode_index").as<std::int64_t>()[e],
                                    env.observation("step_index").as<std::int32_t>()[e], previous_[e]);
    }
    return choices_;
  }
  void observe_step(const VectorEnv&, std::span<const std::int32_t> actions,
                    const StepResult& result) override {
    for (std::size_t e = 0; e < actions.size(); ++e) {
      previous_[e] = actions[e];
      ended_[e] = result.terminated[e] != 0 || result.truncated[e] != 0;
    }
  }
  void observe_reset(const VectorEnv& env) override {
    for (std::size_t e = 0; e < ended_.size(); ++e) {
      if (ended_[e] == 0) continue;
      previous_[e] = -1;
      note_start(env, e);
    }
  }
  /// gps (2) and compass at the first observation, by episode.
  const std::map<std::int64_t, std::array<float, 3>>& starts() const { return starts_; }

 private:
  void note_start(const VectorEnv& env, std::size_t e) {
    const float* gps = env.observation("gps").as<float>() + 2 * e;
    // The first of an episode counts: a resting environment keeps showing its last one.
    starts_.emplace(env.observation("episode_index").as<std::int64_t>()[e],
                    std::array<float, 3>{gps[0], gps[1], env.observation("compass").as<float>()[e]});
  }
  std::vector<std::int32_t> previous_;
  std::vector<std::uint8_t> ended_;
  std::vector<StudentChoice> choices_;
  std::map<std::int64_t, std::array<float, 3>> starts_;
};

DemonstrationSettings student_settings(const std::string& name, TestStudent& student, float share) {
  DemonstrationSettings settings = settings_in(name);
  settings.student.student = &student;
  settings.student.share = share;
  settings.student.name = "one";
  settings.student.env = testing::small_env(1);
  settings.student.env.with_drawings = true;
  settings.format.sensors = settings.student.env.simulator.sensors;
  settings.format.motion = settings.student.env.simulator.motion;
  return settings;
}

std::vector<Demonstration> walks_in(const fs::path& folder) {
  const auto set = DemonstrationSet::open(folder);
  INKNAV_CHECK(set.ok(), set.error().message);
  std::vector<Demonstration> walks;
  for (std::size_t i = 0; i < set->size(); ++i) walks.push_back(std::move(set->load(i)).value());
  return walks;
}

TEST(DemonstrationsWithAStudent, ItsActionsAreCarriedOutInItsShareOfTheSteps) {
  TestStudent student;
  DemonstrationSettings settings = student_settings("share", student, 0.6f);
  settings.walks_a_shard = 100;  // so that a walk's number is the number of its episode in the environment
  const DemonstrationReport report = generate(settings);
  std::int64_t states = 0, own = 0, wrong_stops = 0, right_stops = 0, lingering = 0;
  for (const Demonstration& walk : walks_in(settings.out_dir)) {
    std::int32_t previous = -1;
    for (std::size_t t = 0; t < walk.steps.size(); ++t) {
      const DemonstrationStep& step = walk.steps[t];
      const StudentChoice choice =
          TestStudent::choice_at(walk.info.run, static_cast<std::int32_t>(t), previous);
      previous = step.action;
      ++states;
      if (!step.by_student) {
        EXPECT_EQ(step.disturbed, step.action != step.expert_action);
        continue;
      }
      ++own;
      EXPECT_FALSE(step.disturbed);
      if (choice.action != 0) {
        EXPECT_EQ(step.action, choice.action);
      } else if (step.expert_action != 0) {
        EXPECT_EQ(step.action, choice.motion);
        ++wrong_stops;
      } else {
        EXPECT_TRUE(step.action == 0 || step.action == choice.motion);
        ++(step.action == 0 ? right_stops : lingering);
      }
    }
  }
  EXPECT_EQ(report.new_steps, states);
  EXPECT_EQ(report.student_steps, own);
  ASSERT_GT(states, 1000);
  // Five deviations of the mean of so many draws are less than this.
  EXPECT_NEAR(static_cast<double>(own) / static_cast<double>(states), 0.6, 0.08);
  EXPECT_GT(wrong_stops, 50);
  EXPECT_GT(right_stops + lingering, 0);
}

TEST(DemonstrationsWithAStudent, EveryStateCarriesTheExpertsAdvice) {
  TestStudent student;
  DemonstrationSettings settings = student_settings("advice", student, 1.0f);
  settings.disturbance.off_start = 0.0f;
  settings.max_steps = 60;
  generate(settings);
  base::ThreadPool pool(1);
  int advised_otherwise = 0;
  for (const Demonstration& walk : walks_in(settings.out_dir)) {
    Dataset one = shared_data().dataset();
    std::erase_if(one.episodes, [&](const Episode& episode) {
      return episode.episode_id != walk.info.episode_id || episode.scene_id != walk.info.scene_id;
    });
    ASSERT_EQ(one.episodes.size(), 1u);
    NavigationEnvSettings env_settings = testing::small_env(1);
    env_settings.shuffle = false;
    const auto env = std::move(NavigationEnv::create(env_settings, one, pool)).value();
    env->reset();
    for (const DemonstrationStep& step : walk.steps) {
      EXPECT_TRUE(step.by_student);
      EXPECT_EQ(step.pose_world_agent.position, env->episode_view(0).pose_world_agent.position);
      EXPECT_EQ(step.expert_action, env->observation("expert_action").as<std::int32_t>()[0]);
      EXPECT_EQ(step.remaining, env->observation("expert_remaining").as<float>()[0]);
      advised_otherwise += step.expert_action != step.action ? 1 : 0;
      const std::vector<std::int32_t> action{step.action};
      env->step(action);
    }
  }
  EXPECT_GT(advised_otherwise, 100);
}

TEST(DemonstrationsWithAStudent, WithoutAShareItChangesNothing) {
  TestStudent student;
  DemonstrationSettings settings = student_settings("no_share", student, 0.0f);
  EXPECT_EQ(generate(settings).student_steps, 0);
  const std::vector<Demonstration> with = walks_in(settings.out_dir);
  settings.student = {};
  settings.out_dir = shared_data().folder() / "alone";
  generate(settings);
  const std::vector<Demonstration> alone = walks_in(settings.out_dir);
  ASSERT_EQ(with.size(), alone.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    EXPECT_EQ(encode_chunk(with[i], DepthStorage::kStored), encode_chunk(alone[i], DepthStorage::kStored));
  }
}

TEST(DemonstrationsWithAStudent, ItSeesOdometryInTheFrameOfTheEpisodesStart) {
  TestStudent student;
  DemonstrationSettings settings = student_settings("frame", student, 1.0f);
  settings.walks_a_shard = 100;
  settings.max_steps = 5;
  settings.disturbance.off_start = 1.0f;
  generate(settings);
  float farthest = 0.0f;
  for (const Demonstration& walk : walks_in(settings.out_dir)) {
    const sim::Odometry wanted = sim::odometry(walk.info.start, walk.steps.front().pose_world_agent);
    const std::array<float, 3>& seen = student.starts().at(walk.info.run);
    EXPECT_EQ(seen[0], wanted.forward);
    EXPECT_EQ(seen[1], wanted.right);
    EXPECT_EQ(seen[2], wanted.compass);
    farthest = std::max(farthest, std::hypot(wanted.forward, wanted.right));
  }
  EXPECT_GT(farthest, 0.3f);
}

TEST(DemonstrationsWithAStudent, TheSameBytesHoweverTheyAreMade) {
  TestStudent student;
  DemonstrationSettings settings = student_settings("student_one", student, 0.7f);
  generate(settings, 1);
  const auto one = files_of(settings.out_dir);
  EXPECT_EQ(one.size(), 4u);
  settings.out_dir = shared_data().folder() / "student_four";
  settings.num_envs = 3;
  generate(settings, 4);
  EXPECT_EQ(files_of(settings.out_dir), one);
  fs::remove(shard_path(settings.out_dir, 1));
  settings.num_envs = 2;
  EXPECT_EQ(generate(settings).new_walks, 5);
  EXPECT_EQ(files_of(settings.out_dir), one);
}

TEST(DemonstrationsWithAStudent, AnotherStudentOrShareIsAnotherSet) {
  TestStudent student;
  DemonstrationSettings settings = student_settings("student_set", student, 0.5f);
  settings.max_steps = 5;
  generate(settings);
  EXPECT_NE(read_manifest(settings.out_dir)->generation.find("\"student\":\"one\""), std::string::npos);
  base::ThreadPool pool(1);
  const auto refusal = [&](const DemonstrationSettings& other) {
    const auto refused = generate_demonstrations(other, shared_data().dataset(), pool, {});
    if (refused.ok()) return std::string("(none)");
    EXPECT_EQ(refused.error().code, base::ErrorCode::kUsage);
    return refused.error().message;
  };
  DemonstrationSettings other = settings;
  other.student.name = "two";
  EXPECT_NE(refusal(other).find("use --overwrite or another folder"), std::string::npos) << refusal(other);
  other = settings;
  other.student.share = 0.25f;
  EXPECT_NE(refusal(other).find("use --overwrite or another folder"), std::string::npos) << refusal(other);
  other = settings;
  other.student = {};
  EXPECT_NE(refusal(other).find("use --overwrite or another folder"), std::string::npos) << refusal(other);
  for (const float share : {-0.1f, 1.5f, std::numeric_limits<float>::quiet_NaN()}) {
    other = settings;
    other.student.share = share;
    EXPECT_NE(refusal(other).find("--student-share must lie in [0, 1], found "), std::string::npos)
        << refusal(other);
  }
  other = settings;
  other.with_drawings = false;
  EXPECT_NE(refusal(other).find("--no-drawings: the student finds its way by the drawings"),
            std::string::npos);
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
  EXPECT_NE(summary_of(*report).find("12 walks"), std::string::npos);
  EXPECT_FALSE(report->drawings_missing);
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
  EXPECT_TRUE(report->drawings_missing);
  EXPECT_NE(report->faults.back().find("_cut1.png"), std::string::npos) << report->faults.back();
}

}  // namespace
}  // namespace inknav::task
