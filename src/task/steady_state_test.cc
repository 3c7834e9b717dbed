// SPDX-License-Identifier: MIT
// Steady state: what a step may not do once the environment has warmed up. This file replaces the global
// operator new of the whole test program by one that counts.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <vector>

#include "base/counting_new.h"
#include "base/hash.h"
#include "base/philox.h"
#include "task/navigation_env.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

using base::testing::num_allocations;
using testing::small_env;
using testing::TestDataset;

/// While it lives no file can be opened.
class NoFiles {
 public:
  NoFiles() {
    INKNAV_CHECK(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit none{0, before_.rlim_max};
    INKNAV_CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoFiles() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoFiles(const NoFiles&) = delete;
  NoFiles& operator=(const NoFiles&) = delete;

 private:
  rlimit before_{};
};

struct Tally {
  std::size_t step_allocations = 0;
  std::size_t reset_allocations = 0;  // all episodes in the caches
  std::int64_t ended = 0;
  base::Hash128 hash;
};

Tally play(int threads, bool without_files) {
  static TestDataset* data = [] {
    static TestDataset made(6);
    made.draw_all();
    return &made;
  }();
  base::ThreadPool pool(threads);
  NavigationEnvSettings settings = small_env(8);
  settings.with_drawings = true;
  settings.simulator.sensors.rgb = true;
  settings.max_episode_steps = 40;
  auto made = NavigationEnv::create(settings, data->dataset(), pool);
  INKNAV_CHECK(made.ok(), made.error().message);
  NavigationEnv& env = **made;
  env.reset();
  std::vector<std::int32_t> actions(8);
  Tally result;
  base::Hasher hasher;
  for (std::uint32_t step = 0; step < 1200; ++step) {
    base::PhiloxStream stream({9, 0, 0, step, base::Purpose::kTest});
    for (std::int32_t& action : actions) {
      const float u = stream.uniform();
      action = u < 0.01f ? 0 : u < 0.7f ? 1 : u < 0.85f ? 2 : 3;
    }
    const bool warm = step >= 600;  // every episode has been run several times
    const std::size_t before = num_allocations();
    {
      const std::unique_ptr<NoFiles> guard(without_files && warm ? new NoFiles() : nullptr);
      const std::size_t inside = num_allocations();
      env.step(actions);
      if (warm) result.step_allocations += num_allocations() - inside;
      if (warm) result.ended += static_cast<std::int64_t>(env.finished().size());
      const std::size_t between = num_allocations();
      env.reset_done();
      if (warm) result.reset_allocations += num_allocations() - between;
    }
    INKNAV_CHECK(num_allocations() >= before);
    const base::TensorView planes = env.observation("drawing_planes");
    hasher.update(planes.data, planes.num_bytes());
    const base::TensorView map = env.observation("occupancy");
    hasher.update(map.data, map.num_bytes());
  }
  result.hash = hasher.digest();
  return result;
}

TEST(SteadyState, NoAllocationInAStepNorInAResetToAKnownEpisode) {
  for (const int threads : {1, 2}) {
    const Tally result = play(threads, false);
    EXPECT_EQ(result.step_allocations, 0u) << threads;
    EXPECT_EQ(result.reset_allocations, 0u) << threads;
    EXPECT_GT(result.ended, 100);
    EXPECT_GT(num_allocations(), 1000u);  // the counter counts: creation is in it
  }
}

TEST(SteadyState, NoFileIsOpenedOnceEpisodesAreKnown) {
  const Tally with_files = play(1, false), without = play(1, true);
  EXPECT_EQ(with_files.hash, without.hash);
}

}  // namespace
}  // namespace inknav::task
