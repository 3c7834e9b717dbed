// SPDX-License-Identifier: MIT
// A step with any command, its pictures and foreign views take no memory once all has been done once. This
// file replaces the global operator new of the whole test program by one that counts.
#include <gtest/gtest.h>

#include <vector>

#include "base/counting_new.h"
#include "base/philox.h"
#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

using namespace testing;  // NOLINT: test helpers
using base::testing::num_allocations;

TEST(SteadyState, CommandsNoiseAndViewsAllocateNothing) {
  base::ThreadPool pool(2);
  SimulatorSettings settings = small_settings(8);
  settings.sensors.rgb = true;
  settings.sensors.rgb_noise.model = ColourNoise::kPoisson;
  settings.sensors.camera_orientation = {-0.3f, 0.0f, 0.0f};
  settings.motion.noise.robot = NoisyRobot::kLoCoBot;
  const auto simulator = make(settings, pool);
  for (int i = 0; i < 8; ++i) simulator->place(i, 0, pose_at(1.0f + static_cast<float>(i), 4.0f, 0.0f));
  const std::vector<BodyView> views(3, BodyView{0, pose_at(2.0f, 4.0f, 30.0f), {}});
  std::vector<float> depth(3 * 16 * 12);
  std::vector<std::uint8_t> rgb(3 * 16 * 12 * 3);
  std::vector<Command> commands(8);
  const auto play = [&](std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t step = from; step < to; ++step) {
      for (std::uint32_t i = 0; i < 8; ++i) {
        base::PhiloxStream stream({1, i, 0, step, base::Purpose::kTest});
        commands[i] = {.action = static_cast<BodyAction>(stream.uniform_int(0, 7)),
                       .linear = stream.uniform(-1, 1),
                       .angular = stream.uniform(-1, 1),
                       .position = base::Vec3(stream.uniform(0.5f, 11.5f), 0.2f, 4.0f)};
      }
      simulator->step(commands);
      simulator->observe({});
      simulator->render_views(views, {depth.data(), rgb.data()});
    }
  };
  play(0, 5);
  const std::size_t before = num_allocations();
  play(5, 105);
  EXPECT_EQ(num_allocations() - before, 0u);
  std::vector<float> picture(8 * 16 * 12);
  ASSERT_TRUE(simulator->bind_picture("depth", {.data = picture.data(), .image_stride = 16 * 12}));
  play(105, 106);
  const std::size_t bound = num_allocations();
  play(106, 206);
  EXPECT_EQ(num_allocations() - bound, 0u) << "with pictures in the learner's memory";
  { const std::vector<int> counted(100); }
  EXPECT_GT(num_allocations(), before) << "the count counts";
}

}  // namespace
}  // namespace inknav::sim
