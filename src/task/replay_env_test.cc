// SPDX-License-Identifier: MIT
#include "task/replay_env.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/file.h"
#include "task/demonstration_generation.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

using testing::TestDataset;

NavigationEnvSettings env_settings_of(int num_envs) {
  NavigationEnvSettings settings = testing::small_env(num_envs);
  settings.with_drawings = true;
  return settings;
}

/// Walks of every episode, disturbed only by random actions unless `off_start`.
fs::path record(TestDataset& data, const std::string& name, DepthStorage depth = DepthStorage::kStored,
                float off_start = 0.0f) {
  DemonstrationSettings settings;
  settings.out_dir = data.folder() / name;
  settings.num_envs = 4;
  settings.walks_a_shard = 3;
  settings.max_steps = 60;
  settings.format.depth = depth;
  settings.format.sensors = env_settings_of(1).simulator.sensors;
  settings.format.motion = env_settings_of(1).simulator.motion;
  settings.disturbance.off_start = off_start;
  settings.disturbance.noise = 0.1f;
  base::ThreadPool pool(2);
  const auto report = generate_demonstrations(settings, data.dataset(), pool, {});
  INKNAV_CHECK(report.ok(), report.error().message);
  return settings.out_dir;
}

struct Recorded {
  TestDataset data{3};
  fs::path folder, rendered, beside;
  Recorded() {
    data.draw_all();
    folder = record(data, "stored");
    rendered = record(data, "rendered", DepthStorage::kRendered);
    beside = record(data, "beside", DepthStorage::kStored, 1.0f);
  }
};
Recorded& recorded() {
  static Recorded all;
  return all;
}

std::unique_ptr<ReplayEnv> replay(const NavigationEnvSettings& settings, const fs::path& folder,
                                  base::ThreadPool& pool, int workers = 0) {
  auto env = ReplayEnv::create(settings, recorded().data.dataset(), {{folder}, workers}, pool);
  INKNAV_CHECK(env.ok(), env.error().message);
  return std::move(env).value();
}

std::vector<std::uint8_t> bytes_of(const VectorEnv& env, std::string_view field) {
  const base::TensorView view = env.observation(field);
  const auto* data = static_cast<const std::uint8_t*>(view.data);
  return {data, data + static_cast<std::size_t>(view.num_elements()) * base::size_of(view.dtype)};
}

void expect_same_fields(const VectorEnv& one, const VectorEnv& other) {
  for (const FieldSpec& field : one.spec().fields)
    EXPECT_EQ(bytes_of(one, field.name), bytes_of(other, field.name)) << field.name;
}

TEST(ReplayEnv, ShowsWhatTheWalkItselfShowed) {
  base::ThreadPool pool(1);
  const NavigationEnvSettings settings = env_settings_of(1);
  const auto env = replay(settings, recorded().folder, pool);
  env->reset();
  int walks = 0, steps = 0;
  while (walks < 4) {
    const auto episode = static_cast<std::size_t>(env->observation("episode_index").as<std::int64_t>()[0]);
    // The same walk in the environment where it was made.
    NavigationEnvSettings live_settings = settings;
    live_settings.shuffle = false;
    Dataset one = recorded().data.dataset();
    one.episodes = {one.episodes[episode]};
    const auto live = std::move(NavigationEnv::create(live_settings, one, pool)).value();
    live->reset();
    for (bool ended = false; !ended; ++steps) {
      for (const char* field : {"gps", "compass", "drawing_planes", "drawing_marks", "step_index",
                                "paper_truth", "expert_action"}) {
        EXPECT_EQ(bytes_of(*env, field), bytes_of(*live, field)) << field << " at step " << steps;
      }
      const auto close = [&](const char* field, float tolerance) {
        const base::TensorView a = env->observation(field), b = live->observation(field);
        ASSERT_EQ(a.num_elements(), b.num_elements()) << field;
        for (std::int64_t i = 0; i < a.num_elements(); ++i)
          EXPECT_NEAR(a.as<float>()[i], b.as<float>()[i], tolerance) << field;
      };
      close("expert_path", 0.003f);  // its bytes
      close("expert_remaining", 1e-5f);
      close("goal_body", 1e-5f);
      close("pointgoal", 1e-5f);
      close("depth", 0.006f);  // one byte a pixel: 4 cm of 10 m, and half a code
      // A byte of depth may put the end of what is free, or an obstacle, into the next cell.
      const auto map = bytes_of(*env, "occupancy"), wanted = bytes_of(*live, "occupancy");
      std::size_t known = 0, different = 0;
      for (std::size_t i = 0; i < map.size(); ++i) {
        known += wanted[i] != 0 ? 1 : 0;
        different += map[i] != wanted[i] ? 1 : 0;
      }
      EXPECT_GT(known, 0u);
      EXPECT_LT(different, 20 + known / 5) << "of " << known << " at step " << steps;
      const std::int32_t action = env->observation("recorded_action").as<std::int32_t>()[0];
      const std::vector<std::int32_t> recorded_action{action}, ignored{0};
      live->step(recorded_action);
      const StepResult& result = env->step(ignored);
      ended = result.terminated[0] != 0 || result.truncated[0] != 0;
      EXPECT_EQ(result.terminated[0] != 0, ended && action == kStopAction);
    }
    env->reset_done();
    ++walks;
  }
  EXPECT_GT(steps, 40);
}

TEST(ReplayEnv, RenderedDepthIsTheStoredDepth) {
  base::ThreadPool pool(2);
  const auto stored = replay(env_settings_of(3), recorded().folder, pool);
  const auto rendered = replay(env_settings_of(3), recorded().rendered, pool);
  stored->reset();
  rendered->reset();
  for (int step = 0; step < 70; ++step) {
    expect_same_fields(*stored, *rendered);
    const std::vector<std::int32_t> actions(3, 1);
    stored->step(actions);
    rendered->step(actions);
    stored->reset_done();
    rendered->reset_done();
  }
}

TEST(ReplayEnv, OdometryBeginsWhereTheBodyDoes) {
  base::ThreadPool pool(1);
  const auto env = replay(env_settings_of(4), recorded().beside, pool);
  env->reset();
  const float* gps = env->observation("gps").as<float>();
  float farthest = 0.0f;
  for (int i = 0; i < 8; ++i) farthest = std::max(farthest, std::abs(gps[i]));
  EXPECT_GT(farthest, 0.05f);  // the frame is the episode's start, and all walks began beside it
}

TEST(ReplayEnv, ResumesExactlyWhateverReadsAheadAndWithAnyThreads) {
  NavigationEnvSettings settings = env_settings_of(3);
  settings.drawing_variation = 1.0f;
  base::ThreadPool one(1), two(2);
  const auto env = replay(settings, recorded().folder, one, 2);
  const auto other = replay(settings, recorded().folder, two, 0);
  const std::vector<std::int32_t> actions(3, 1);
  const auto go_on = [&](VectorEnv& e, int steps) {
    for (int i = 0; i < steps; ++i) {
      e.step(actions);
      e.reset_done();
    }
  };
  env->reset();
  go_on(*env, 33);
  ASSERT_TRUE(other->restore_state(env->save_state()).ok());
  expect_same_fields(*env, *other);
  go_on(*env, 80);
  go_on(*other, 80);
  expect_same_fields(*env, *other);
}

TEST(ReplayEnv, EachEnvironmentHasItsOwnWalksWhateverTheRanks) {
  base::ThreadPool pool(1);
  const auto whole = replay(env_settings_of(4), recorded().folder, pool);
  NavigationEnvSettings part = env_settings_of(2);
  part.first_env = 2;
  part.total_envs = 4;
  const auto second = replay(part, recorded().folder, pool);
  whole->reset();
  second->reset();
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(whole->observation("episode_index").as<std::int64_t>()[2 + i],
              second->observation("episode_index").as<std::int64_t>()[i]);
    EXPECT_EQ(whole->observation("drawing_serial").as<std::int64_t>()[2 + i],
              second->observation("drawing_serial").as<std::int64_t>()[i]);
  }
}

TEST(ReplayEnv, ShowsTheWalksOfSeveralSets) {
  base::ThreadPool pool(2);
  const NavigationEnvSettings settings = env_settings_of(8);
  const auto all_of = [&](const std::vector<fs::path>& folders) {
    auto env = ReplayEnv::create(settings, recorded().data.dataset(), {folders, 1}, pool);
    INKNAV_CHECK(env.ok(), env.error().message);
    return std::move(env).value();
  };
  const auto two = all_of({recorded().folder, recorded().beside});
  EXPECT_EQ(two->num_walks(), 12u);
  int at_start = 0, beside = 0;
  for (int round = 0; round < 200; ++round) {
    if (round == 0) {
      two->reset();
    } else {
      two->step(std::vector<std::int32_t>(8, 1));
      two->reset_done();
    }
    const float* gps = two->observation("gps").as<float>();
    for (int e = 0; e < 8; ++e) {
      if (two->observation("step_index").as<std::int32_t>()[e] != 0) continue;
      ++(std::abs(gps[2 * e]) + std::abs(gps[2 * e + 1]) < 1e-4f ? at_start : beside);
    }
  }
  EXPECT_GT(at_start, 5);
  EXPECT_GT(beside, 5);
  // Sets with and without depth go together.
  const auto stored = all_of({recorded().folder, recorded().folder});
  const auto mixed = all_of({recorded().folder, recorded().rendered});
  stored->reset();
  mixed->reset();
  for (int step = 0; step < 40; ++step) {
    expect_same_fields(*stored, *mixed);
    for (VectorEnv* env : {static_cast<VectorEnv*>(stored.get()), static_cast<VectorEnv*>(mixed.get())}) {
      env->step(std::vector<std::int32_t>(8, 1));
      env->reset_done();
    }
  }
  const auto missing =
      ReplayEnv::create(settings, recorded().data.dataset(), {{recorded().folder, "nowhere"}, 0}, pool);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::ErrorCode::kData);
  EXPECT_NE(missing.error().message.find("nowhere: a folder of demonstrations"), std::string::npos);
}

TEST(ReplayEnv, ADamagedWalkIsPassedOver) {
  base::ThreadPool pool(1);
  const fs::path folder = recorded().data.folder() / "damaged";
  fs::copy(recorded().folder, folder, fs::copy_options::recursive);
  auto bytes = *base::read_file(folder / "shard_00000.inkdemo", 1u << 28);
  bytes.back() ^= 1;
  ASSERT_TRUE(base::write_file_atomic(folder / "shard_00000.inkdemo", bytes).ok());
  const auto env = replay(env_settings_of(8), folder, pool);
  env->reset();
  const std::vector<std::int32_t> actions(8, 1);
  for (int i = 0; i < 100; ++i) {
    env->step(actions);
    env->reset_done();
  }
}

TEST(ReplayEnv, WhatDoesNotFitIsRefused) {
  base::ThreadPool pool(1);
  const auto refusal = [&](const NavigationEnvSettings& settings, const Dataset& dataset,
                           const fs::path& folder) {
    const auto env = ReplayEnv::create(settings, dataset, {{folder}, 0}, pool);
    return env.ok() ? std::string("(none)") : env.error().message;
  };
  const auto expect = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  Dataset& dataset = recorded().data.dataset();
  NavigationEnvSettings wide = env_settings_of(1);
  wide.simulator.sensors.camera.width = 24;
  expect(refusal(wide, dataset, recorded().folder), "DEPTH_SENSOR.WIDTH: DIFFUSION_DATA_DIR");
  expect(refusal(wide, dataset, recorded().folder), "was recorded with 12, the configuration gives 24");
  NavigationEnvSettings turning = env_settings_of(1);
  turning.simulator.motion.turn_angle_deg = 30.0f;
  expect(refusal(turning, dataset, recorded().folder), "TURN_ANGLE");
  NavigationEnvSettings tilted = env_settings_of(1);
  tilted.simulator.sensors.camera_orientation.x = -0.3f;
  expect(refusal(tilted, dataset, recorded().folder), "DEPTH_SENSOR.ORIENTATION");
  NavigationEnvSettings far = env_settings_of(1);
  far.expert_path_points = 32;
  expect(refusal(far, dataset, recorded().folder), "RL.DIFFUSION.horizon");
  expect(refusal(env_settings_of(1), dataset, "nowhere"), "a folder of demonstrations");
  Dataset moved = dataset;
  moved.sketch_dir = "nowhere";
  expect(refusal(env_settings_of(1), moved, recorded().folder), "which is missing in nowhere");
  Dataset others = dataset;
  for (Episode& episode : others.episodes) episode.episode_id += "x";
  expect(refusal(env_settings_of(1), others, recorded().folder),
         "none of its 6 walks belongs to one of these 6");
}

}  // namespace
}  // namespace inknav::task
