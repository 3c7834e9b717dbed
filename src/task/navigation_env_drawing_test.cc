// SPDX-License-Identifier: MIT
// Drawings in the environment: whose picture is shown, the controls, and what is known about it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "sketch/drawing_file.h"
#include "sketch/synthesis.h"
#include "sketch/variation.h"
#include "task/drawing_store.h"
#include "task/navigation_env.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

using testing::small_env;
using testing::TestDataset;

TestDataset& shared_data() {
  static TestDataset* data = [] {
    static TestDataset made(6);
    made.draw_all();
    return &made;
  }();
  return *data;
}

NavigationEnvSettings drawn_env(int num_envs, DrawingMode mode) {
  NavigationEnvSettings settings = small_env(num_envs);
  settings.with_drawings = true;
  settings.drawing_mode = mode;
  settings.max_episode_steps = 3;
  return settings;
}

std::unique_ptr<NavigationEnv> make(const NavigationEnvSettings& settings, base::ThreadPool& pool) {
  return testing::make_env(settings, shared_data().dataset(), pool);
}

std::vector<std::uint8_t> planes_of(const VectorEnv& env, std::size_t e) {
  const base::TensorView view = env.observation("drawing_planes");
  const auto size = static_cast<std::size_t>(view.shape[1] * view.shape[2] * view.shape[3]);
  const std::uint8_t* data = view.as<std::uint8_t>() + e * size;
  return {data, data + size};
}

TEST(NavigationEnvDrawing, ShowsThePictureOfTheEpisodeAndNamesItBySerial) {
  base::ThreadPool pool(1);
  const auto env = make(drawn_env(4, DrawingMode::kOwn), pool);
  env->reset();
  std::map<std::int64_t, std::vector<std::uint8_t>> seen;
  const std::vector<std::int32_t> turn(4, 2);
  for (int step = 0; step < 40; ++step) {
    for (std::size_t e = 0; e < 4; ++e) {
      const std::int64_t serial = env->observation("drawing_serial").as<std::int64_t>()[e];
      const std::int64_t episode = env->observation("episode_index").as<std::int64_t>()[e];
      EXPECT_EQ(serial, episode + 1);
      const auto planes = planes_of(*env, e);
      const auto [entry, fresh] = seen.try_emplace(serial, planes);
      EXPECT_EQ(entry->second, planes);  // equal serials have equal planes
      if (!fresh) continue;
      const auto path =
          drawing_path(shared_data().dataset(), env->episodes()[static_cast<std::size_t>(episode)]);
      EXPECT_EQ((*load_drawing(path, 32))->planes.planes, planes);
    }
    env->step(turn);
    env->reset_done();
  }
  EXPECT_GT(seen.size(), 6u);
}

TEST(NavigationEnvDrawing, MarksAreWhereTheyWereDrawn) {
  base::ThreadPool pool(1);
  const auto env = make(drawn_env(1, DrawingMode::kOwn), pool);
  env->reset();
  const float* marks = env->observation("drawing_marks").as<float>();
  EXPECT_EQ(marks[7], 1.0f);
  EXPECT_NEAR(marks[0], 25.0f / 128.0f, 0.03f);
  EXPECT_NEAR(marks[1], 105.0f / 128.0f, 0.03f);
  EXPECT_EQ(marks[6], 1.0f);
  EXPECT_NEAR(marks[4], 105.0f / 128.0f, 0.03f);
  EXPECT_NEAR(marks[5], 35.0f / 128.0f, 0.03f);
}

TEST(NavigationEnvDrawing, WrongComesFromAnotherSceneAndNoneIsWhite) {
  base::ThreadPool pool(1);
  const auto own = make(drawn_env(6, DrawingMode::kOwn), pool);
  const auto wrong = make(drawn_env(6, DrawingMode::kWrong), pool);
  const auto none = make(drawn_env(6, DrawingMode::kNone), pool);
  for (NavigationEnv* env : {own.get(), wrong.get(), none.get()}) env->reset();
  for (std::size_t e = 0; e < 6; ++e) {
    const std::int64_t episode = own->observation("episode_index").as<std::int64_t>()[e];
    EXPECT_EQ(wrong->observation("episode_index").as<std::int64_t>()[e], episode);  // the same episodes
    const std::int64_t other = wrong->observation("drawing_serial").as<std::int64_t>()[e] - 1;
    EXPECT_NE(own->episodes()[static_cast<std::size_t>(other)].scene_id,
              own->episodes()[static_cast<std::size_t>(episode)].scene_id);
    EXPECT_EQ(wrong->observation("paper_truth").as<float>()[7 * e], 0.0f);
    EXPECT_EQ(none->observation("drawing_serial").as<std::int64_t>()[e], 0);
    const auto planes = planes_of(*none, e);
    EXPECT_TRUE(std::all_of(planes.begin(), planes.end(), [](std::uint8_t ink) { return ink == 0; }));
    for (std::size_t k = 0; k < 8; ++k)
      EXPECT_EQ(none->observation("drawing_marks").as<float>()[8 * e + k], 0.0f);
  }
}

TEST(NavigationEnvDrawing, NoneNeedsNoPictures) {
  base::ThreadPool pool(1);
  TestDataset bare(2);
  EXPECT_TRUE(NavigationEnv::create(drawn_env(1, DrawingMode::kNone), bare.dataset(), pool).ok());
}

/// Gives all drawings of `data` a truth and returns it.
std::vector<sketch::Correspondence> synthesize_truths(TestDataset& data) {
  data.draw_all();
  const Dataset& dataset = data.dataset();
  sketch::WallMap walls;
  walls.walls = {{{0, 0}, {12, 0}}, {{12, 0}, {12, 8}}, {{12, 8}, {0, 8}}, {{0, 8}, {0, 0}}};
  walls.bounds.extend({0, 0, 0});
  walls.bounds.extend({12, 0, 8});
  std::vector<sketch::Correspondence> truths;
  for (const Episode& episode : dataset.episodes) {
    sketch::SynthesisInput input;
    input.walls = &walls;
    input.route = episode.reference_path;
    input.start = episode.start;
    input.goal = episode.goals[0].position;
    const auto drawn = sketch::synthesize(input, {}, 3, 4);
    truths.push_back(drawn.correspondence);
    INKNAV_CHECK(sketch::save_drawing_file(truth_path(drawing_path(dataset, episode)),
                                           {drawn.drawing, drawn.correspondence})
                     .ok());
  }
  return truths;
}

TEST(NavigationEnvDrawing, TruthOfASyntheticDrawingFollowsTheAgent) {
  base::ThreadPool pool(1);
  TestDataset data(2);
  const std::vector<sketch::Correspondence> truths = synthesize_truths(data);
  auto made = NavigationEnv::create(drawn_env(3, DrawingMode::kOwn), data.dataset(), pool);
  ASSERT_TRUE(made.ok()) << made.error().message;
  NavigationEnv& env = **made;
  env.reset();
  const std::vector<std::int32_t> actions = {1, 2, 3};
  for (int step = 0; step < 10; ++step) {
    for (std::size_t e = 0; e < 3; ++e) {
      const float* truth = env.observation("paper_truth").as<float>() + 7 * e;
      const std::int64_t episode = env.observation("episode_index").as<std::int64_t>()[e];
      const base::Pose pose = env.episode_view(static_cast<int>(e)).pose_world_agent;
      const sketch::Correspondence& map = truths[static_cast<std::size_t>(episode)];
      const base::Vec2 place(pose.position.x, pose.position.z);
      EXPECT_EQ(truth[0], 1.0f);
      EXPECT_NEAR(truth[1], map.to_paper(place).x, 1e-6f);
      EXPECT_NEAR(truth[2], map.to_paper(place).y, 1e-6f);
      // Differences over 2 cm to the right and forward; what bends within them is the tolerance.
      for (int axis = 0; axis < 2; ++axis) {
        const base::Vec3 shift = 0.01f * (pose.rotation * (axis == 0 ? base::Vec3(1.0f, 0.0f, 0.0f)
                                                                     : base::Vec3(0.0f, 0.0f, -1.0f)));
        const base::Vec2 d(shift.x, shift.z);
        const base::Vec2 wanted = (map.to_paper(place + d) - map.to_paper(place - d)) / 0.02f;
        EXPECT_NEAR(truth[3 + 2 * axis], wanted.x, 2e-3f);
        EXPECT_NEAR(truth[4 + 2 * axis], wanted.y, 2e-3f);
      }
    }
    env.step(actions);
    env.reset_done();
  }
}

TEST(NavigationEnvDrawing, InTrainingEveryEpisodeMayShowAVariedDrawing) {
  base::ThreadPool pool(1);
  TestDataset data(2);
  const std::vector<sketch::Correspondence> truths = synthesize_truths(data);
  NavigationEnvSettings settings = drawn_env(3, DrawingMode::kOwn);
  settings.drawing_variation = 1.0f;
  const auto create = [&] {
    return std::move(NavigationEnv::create(settings, data.dataset(), pool)).value();
  };
  const auto env = create(), resumed = create();
  env->reset();
  std::map<std::int64_t, std::vector<std::uint8_t>> seen;
  std::array<std::int64_t, 3> last{-1, -1, -1};
  std::array<std::uint32_t, 3> begun{};
  const std::vector<std::int32_t> actions = {1, 2, 3};
  for (int step = 0; step < 24; ++step) {
    for (std::size_t e = 0; e < 3; ++e) {
      const std::int64_t serial = env->observation("drawing_serial").as<std::int64_t>()[e];
      begun[e] += serial != last[e] ? 1 : 0;
      last[e] = serial;
      const auto [entry, fresh] = seen.try_emplace(serial, planes_of(*env, e));
      EXPECT_EQ(entry->second, planes_of(*env, e));
      // The place on the paper is that of the drawing, moved as the picture was.
      const auto episode = static_cast<std::size_t>(env->observation("episode_index").as<std::int64_t>()[e]);
      const auto drawn = load_drawing(drawing_path(data.dataset(), env->episodes()[episode]), 32);
      const sketch::Variation variation(
          (*drawn)->planes, 1.0f,
          {settings.seed, static_cast<std::uint32_t>(e), begun[e], 0, base::Purpose::kAugmentation});
      const base::Pose pose = env->episode_view(static_cast<int>(e)).pose_world_agent;
      const base::Vec2 place(pose.position.x, pose.position.z);
      const auto paper = [&](const base::Vec2& at) {
        return variation.to_varied(truths[episode].to_paper(at));
      };
      const float* truth = env->observation("paper_truth").as<float>() + 7 * e;
      EXPECT_NEAR(truth[1], paper(place).x, 1e-6f);
      EXPECT_NEAR(truth[2], paper(place).y, 1e-6f);
      const base::Vec3 forward = 0.01f * (pose.rotation * base::Vec3(0.0f, 0.0f, -1.0f));
      const base::Vec2 d(forward.x, forward.z), wanted = (paper(place + d) - paper(place - d)) / 0.02f;
      EXPECT_NEAR(truth[5], wanted.x, 2e-3f);  // the tolerance as above
      EXPECT_NEAR(truth[6], wanted.y, 2e-3f);
      const float* marks = env->observation("drawing_marks").as<float>() + 8 * e;
      EXPECT_EQ(marks[0], variation.apply((*drawn)->planes.start).position.x);
    }
    if (step == 10) {
      ASSERT_TRUE(resumed->restore_state(env->save_state()).ok());
      for (std::size_t e = 0; e < 3; ++e) EXPECT_EQ(planes_of(*resumed, e), planes_of(*env, e));
      for (const char* field : {"paper_truth", "drawing_marks"}) {
        const base::TensorView one = env->observation(field), other = resumed->observation(field);
        const auto count = static_cast<std::size_t>(one.shape[0] * one.shape[1]);
        EXPECT_TRUE(std::equal(one.as<float>(), one.as<float>() + count, other.as<float>())) << field;
      }
    }
    env->step(actions);
    env->reset_done();
  }
  EXPECT_EQ(seen.size(), begun[0] + begun[1] + begun[2]);  // no serial twice
  EXPECT_GT(seen.size(), 12u);                             // more than there are drawings
  std::set<std::string> pictures;
  for (const auto& [serial, planes] : seen) pictures.emplace(planes.begin(), planes.end());
  EXPECT_EQ(pictures.size(), seen.size());  // nor any picture

  settings.shuffle = false;  // an evaluation takes drawings as they are
  const auto evaluation = create();
  evaluation->reset();
  EXPECT_EQ(evaluation->observation("drawing_serial").as<std::int64_t>()[0], 1);
}

TEST(NavigationEnvDrawing, ADamagedTruthIsUnknownNotWrong) {
  TestDataset data(1);
  data.draw_all();
  const auto picture = drawing_path(data.dataset(), data.dataset().episodes[0]);
  ASSERT_TRUE(base::write_text_atomic(truth_path(picture), "{\"format\": \"inknav-drawing\"").ok());
  const auto drawing = load_drawing(picture, 16);
  ASSERT_TRUE(drawing.ok());
  EXPECT_TRUE((*drawing)->correspondence.empty());
}

}  // namespace
}  // namespace inknav::task
