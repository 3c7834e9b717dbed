// SPDX-License-Identifier: MIT
// Pictures that an environment leaves in somebody else's memory, of every kind of environment: after steps,
// at the end of episodes and after resets what the fields of a twin hold.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/philox.h"
#include "task/habitat/habitat_testing.h"
#include "task/navigation_env.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

constexpr int kEnvs = 4;
constexpr std::size_t kPixels = 12 * 8;

std::unique_ptr<NavigationEnv> make(NavigationEnvSettings settings, const Dataset& dataset,
                                    base::ThreadPool& pool) {
  settings.simulator.sensors.rgb = true;
  settings.max_episode_steps = 4;
  return testing::make_env(settings, dataset, pool);
}

/// Binds depth and colour of one environment, walks with both, and compares after every change.
void expect_alike(NavigationEnv& bound, NavigationEnv& plain) {
  std::vector<float> depth(kEnvs * kPixels, -1.0f);
  std::vector<std::uint8_t> rgb(3 * kEnvs * kPixels);
  ASSERT_TRUE(bound.bind_picture("depth", {.data = depth.data(), .image_stride = kPixels}));
  ASSERT_TRUE(bound.bind_picture("rgb", {.data = rgb.data(),
                                         .value = base::PictureValue::kU8,
                                         .image_stride = 3 * kPixels,
                                         .pixel_stride = 3}));
  EXPECT_FALSE(bound.bind_picture("gps", {.data = depth.data()}));
  const auto alike = [&] {
    const base::TensorView d = plain.observation("depth"), c = plain.observation("rgb");
    return d.num_bytes() == depth.size() * sizeof(float) &&
           std::memcmp(d.data, depth.data(), d.num_bytes()) == 0 && c.num_bytes() == rgb.size() &&
           std::memcmp(c.data, rgb.data(), rgb.size()) == 0;
  };
  bound.reset();
  plain.reset();
  EXPECT_TRUE(alike());
  int changed_by_reset = 0;
  std::vector<std::int32_t> actions(kEnvs);
  for (std::uint32_t step = 0; step < 12; ++step) {
    for (std::uint32_t i = 0; i < kEnvs; ++i) {
      base::PhiloxStream stream({2, i, 0, step, base::Purpose::kTest});
      actions[i] =
          stream.uniform() < 0.1f ? kStopAction : static_cast<std::int32_t>(stream.uniform_int(1, 3));
    }
    bound.step(actions);
    plain.step(actions);
    EXPECT_TRUE(alike()) << "final observations of what ended, step " << step;
    const std::vector<float> final = depth;
    bound.reset_done();
    plain.reset_done();
    EXPECT_TRUE(alike()) << step;
    changed_by_reset += final != depth ? 1 : 0;
  }
  EXPECT_GT(changed_by_reset, 0);
  const auto state = bound.save_state();
  EXPECT_TRUE(bound.restore_state(state).ok());
  EXPECT_TRUE(alike()) << "after a resume";
  EXPECT_DEATH(bound.observation("depth"), "the field goes to bound memory");
  ASSERT_TRUE(bound.bind_picture("depth", {}));
  const base::TensorView again = bound.observation("depth");
  EXPECT_EQ(std::memcmp(again.data, plain.observation("depth").data, again.num_bytes()), 0);
}

TEST(BoundPictures, OfADrawnMapAreThoseOfTheFields) {
  testing::TestDataset data(3);
  for (const bool map : {true, false}) {
    NavigationEnvSettings settings = testing::small_env(kEnvs);
    settings.simulator.mapper.enabled = map;
    base::ThreadPool pool(1);
    const auto bound = make(settings, data.dataset(), pool), plain = make(settings, data.dataset(), pool);
    expect_alike(*bound, *plain);
  }
}

TEST(BoundPictures, OfHabitatsTasksAreThoseOfTheFields) {
  base::ThreadPool pool(1);
  const NavigationEnvSettings settings = habitat::testing::habitat_env(kEnvs);
  const Dataset dataset = habitat::testing::shared_rooms().dataset();
  const auto bound = make(settings, dataset, pool), plain = make(settings, dataset, pool);
  expect_alike(*bound, *plain);
}

}  // namespace
}  // namespace inknav::task
