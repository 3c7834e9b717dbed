// SPDX-License-Identifier: MIT
// Pictures in the learner's memory against the views of a simulator that was asked for none.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/philox.h"
#include "base/scoped_environment.h"
#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

using namespace testing;  // NOLINT: test helpers
using base::DevicePicture;
using base::PictureValue;
using nav::Action;

constexpr int kAgents = 5;
constexpr std::size_t kFrame = 16 * 12;

/// [kAgents, 12, 16] f32.
DevicePicture picture_of(std::vector<float>& values) {
  values.assign(kAgents * kFrame, -1.0f);
  return {.data = values.data(), .image_stride = kFrame};
}

SimulatorSettings seeing_settings(bool map) {
  SimulatorSettings settings = small_settings(kAgents);
  settings.sensors.min_depth = 0.4f;
  settings.sensors.max_depth = 4.0f;
  settings.mapper.enabled = map;
  return settings;
}

void place_all(Simulator& simulator) {
  for (int agent = 0; agent < kAgents; ++agent) {
    simulator.place(
        agent, 0, pose_at(2.0f + 0.4f * static_cast<float>(agent), 4.0f, 40.0f * static_cast<float>(agent)));
  }
}

/// A step of all agents; those of `mask` are observed, and some of them are placed anew.
void walk(Simulator& simulator, std::uint32_t step) {
  std::array<Action, kAgents> actions{};
  std::array<std::uint8_t, kAgents> mask{};
  for (std::uint32_t i = 0; i < kAgents; ++i) {
    base::PhiloxStream stream({9, i, 0, step, base::Purpose::kTest});
    actions[i] = static_cast<Action>(stream.uniform_int(1, 3));
    mask[i] = stream.uniform() < 0.4f ? 1 : 0;
  }
  simulator.step(actions);
  simulator.observe({});
  if (mask[step % kAgents] == 0) return;
  simulator.place(static_cast<int>(step % kAgents), 0, pose_at(3.0f, 4.0f, 17.0f * static_cast<float>(step)));
  mask = {};
  mask[step % kAgents] = 1;
  simulator.observe(mask);
}

class BoundDepth : public ::testing::TestWithParam<render::Backend> {};
INSTANTIATE_TEST_SUITE_P(Backends, BoundDepth,
                         ::testing::Values(render::Backend::kBundle, render::Backend::kWideBvh));

TEST_P(BoundDepth, HoldWhatTheViewWouldHoldAndLeaveTheMapAsItIs) {
  base::ThreadPool pool(2);
  for (const bool map : {false, true}) {
    SimulatorSettings settings = seeing_settings(map);
    settings.backend = GetParam();
    const auto plain = make(settings, pool), bound = make(settings, pool);
    std::vector<float> values;
    ASSERT_TRUE(bound->bind_picture("depth", picture_of(values)));
    place_all(*plain);
    place_all(*bound);
    const std::int64_t before = bound->render_counters().bytes_down;
    std::int64_t differing = 0;
    for (std::uint32_t step = 0; step < 30; ++step) {
      walk(*plain, step);
      walk(*bound, step);
      ASSERT_EQ(std::memcmp(values.data(), plain->depth().data, plain->depth().num_bytes()), 0) << step;
      differing += values[0] != values[kFrame] ? 1 : 0;
      if (map) {
        ASSERT_EQ(
            std::memcmp(bound->occupancy().data, plain->occupancy().data, plain->occupancy().num_bytes()), 0);
      }
    }
    EXPECT_GT(differing, 10) << "the agents see different things";
    const std::int64_t down = bound->render_counters().bytes_down - before;
    EXPECT_EQ(down > 0, map) << "the map is made on the host, nothing else is";
    EXPECT_GT(plain->render_counters().bytes_down, 30 * static_cast<std::int64_t>(kAgents * kFrame * 4) - 1);
    EXPECT_EQ(bound->render_counters().views, plain->render_counters().views);
  }
}

TEST(BoundPictures, ColourAndDepthShareATensorInTheLearnersType) {
  base::ThreadPool pool(2);
  SimulatorSettings settings = seeing_settings(false);
  settings.sensors.rgb = true;
  const auto plain = make(settings, pool), bound = make(settings, pool);
  place_all(*plain);
  place_all(*bound);
  walk(*plain, 0);
  walk(*bound, 0);
  // [N, H, W, 4] bf16; the present pictures are there as soon as they are bound.
  std::vector<std::uint16_t> tensor(kAgents * kFrame * 4);
  DevicePicture picture{
      .data = tensor.data(), .value = PictureValue::kBf16, .image_stride = 4 * kFrame, .pixel_stride = 4};
  ASSERT_TRUE(bound->bind_picture("rgb", picture));
  picture.data = tensor.data() + 3;
  ASSERT_TRUE(bound->bind_picture("depth", picture));
  for (std::uint32_t step = 0; step < 5; ++step) {
    const float* depth = plain->depth().as<float>();
    const std::uint8_t* rgb = plain->rgb().as<std::uint8_t>();
    for (std::size_t p = 0; p < kAgents * kFrame; ++p) {
      for (std::size_t c = 0; c < 3; ++c)
        ASSERT_EQ(tensor[4 * p + c], render::bf16_of(render::coded_colour(rgb[3 * p + c])));
      ASSERT_EQ(tensor[4 * p + 3], render::bf16_of(depth[p]));
    }
    walk(*plain, step);
    walk(*bound, step);
  }
}

TEST(BoundPictures, GoBackToTheViewAndComeBackWithAState) {
  base::ThreadPool pool(1);
  const auto plain = make(seeing_settings(true), pool), bound = make(seeing_settings(true), pool);
  place_all(*plain);
  place_all(*bound);
  plain->observe({});
  bound->observe({});
  std::vector<float> values;
  ASSERT_TRUE(bound->bind_picture("depth", picture_of(values)));
  walk(*plain, 1);
  walk(*bound, 1);
  const std::vector<std::uint8_t> state = bound->save_state();
  EXPECT_EQ(state, plain->save_state());
  const std::vector<float> then = values;
  walk(*bound, 2);
  EXPECT_NE(values, then);
  ASSERT_TRUE(bound->restore_state(state).ok());
  EXPECT_EQ(values, then);
  ASSERT_TRUE(bound->bind_picture("depth", {}));
  EXPECT_EQ(hash_of(*bound), hash_of(*plain));
  walk(*bound, 2);
  EXPECT_EQ(values, then) << "nobody writes there any more";
  EXPECT_TRUE(bound->bind_picture("depth", {})) << "taking back what is not bound does no harm";
}

TEST(BoundPictures, AreRefusedWhereTheHostMakesThemOrTheRendererCannotWrite) {
  base::ThreadPool pool(1);
  std::vector<float> values;
  const DevicePicture picture = picture_of(values);
  SimulatorSettings settings = seeing_settings(false);
  const auto plain = make(settings, pool);
  EXPECT_FALSE(plain->bind_picture("rgb", picture)) << "no such camera";
  EXPECT_FALSE(plain->bind_picture("gps", picture));
  DevicePicture other = picture;
  other.value = PictureValue::kU8;
  EXPECT_FALSE(plain->bind_picture("depth", other));
  other = picture;
  other.gpu = 0;
  EXPECT_FALSE(plain->bind_picture("depth", other)) << "the CPU does not write into a GPU";
  settings.sensors.rgb = true;
  settings.sensors.rgb_noise.model = ColourNoise::kGaussian;
  const auto noisy = make(settings, pool);
  EXPECT_FALSE(noisy->bind_picture("rgb", picture));
  EXPECT_TRUE(noisy->bind_picture("depth", picture)) << "only the colours are noisy";
  EXPECT_FALSE(make(blind_settings(kAgents), pool)->bind_picture("depth", picture));
  place_all(*plain);
  plain->observe({});
  EXPECT_GE(plain->depth().as<float>()[0], 0.0f);
  EXPECT_GT(plain->render_counters().bytes_down, 0) << "after a refusal all is as before";
}

/// A GPU played by a plug-in without CUDA: 1 m everywhere.
TEST(BoundPictures, OfAPolicyOfDepthAloneNothingComesDownFromTheDevice) {
  if (!std::filesystem::exists(INKNAV_FAKE_CUDA))
    GTEST_SKIP() << INKNAV_FAKE_CUDA << " is not on this machine";
  const base::ScopedEnvironment named("INKNAV_CUDA_PLUGIN", INKNAV_FAKE_CUDA);
  const base::ScopedEnvironment works("INKNAV_FAKE_CUDA_FAULT", "none");
  base::ThreadPool pool(1);
  constexpr std::int64_t kImages = kAgents * kFrame * sizeof(float);
  for (const bool map : {false, true}) {
    SimulatorSettings settings = seeing_settings(map);
    settings.backend = render::Backend::kCuda;
    const auto simulator = make(settings, pool);
    place_all(*simulator);
    simulator->observe({});
    EXPECT_EQ(simulator->render_counters().bytes_down, kImages) << "before they are bound";
    std::vector<float> values;
    DevicePicture picture = picture_of(values);
    EXPECT_FALSE(simulator->bind_picture("depth", picture)) << "host memory is not the device's";
    picture.gpu = 0;
    ASSERT_TRUE(simulator->bind_picture("depth", picture));
    const std::int64_t before = simulator->render_counters().bytes_down;
    for (int i = 0; i < 10; ++i) simulator->observe({});
    EXPECT_EQ(simulator->render_counters().bytes_down - before, map ? 10 * kImages : 0);
    EXPECT_EQ(simulator->render_counters().bytes_up, 64 * kAgents * 12) << "64 bytes a view";
    // (1 - 0.4) / (4 - 0.4), in f32 as the sensor has it
    EXPECT_EQ(values, std::vector<float>(kAgents * kFrame, (1.0f - 0.4f) / (4.0f - 0.4f)));
  }
}

}  // namespace
}  // namespace inknav::sim
