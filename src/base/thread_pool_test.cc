// SPDX-License-Identifier: MIT
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace inknav::base {
namespace {

class ThreadPoolTest : public ::testing::TestWithParam<int> {};

// Law: every index is visited exactly once, in chunks of at most `grain`, by a worker that exists.
TEST_P(ThreadPoolTest, EveryIndexOnce) {
  ThreadPool pool(GetParam());
  ASSERT_EQ(pool.num_threads(), GetParam());
  for (const std::int64_t n : {0, 1, 2, 7, 64, 1000, 12345}) {
    for (const std::int64_t grain : {1, 3, 64, 100000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(n));
      pool.parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end, int worker) {
        ASSERT_LT(begin, end);
        ASSERT_LE(end - begin, grain);
        ASSERT_EQ(begin % grain, 0);
        ASSERT_GE(worker, 0);
        ASSERT_LT(worker, GetParam());
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& count : visits) ASSERT_EQ(count.load(), 1);
    }
  }
}

// Law: what a body writes to its own indices does not depend on the number of threads.
TEST_P(ThreadPoolTest, ResultsDoNotDependOnTheThreads) {
  constexpr std::int64_t kCount = 5000;
  const auto value = [](std::int64_t i) {
    return static_cast<float>(i) * 0.37f + 1.0f / static_cast<float>(i + 1);
  };
  std::vector<float> expected(kCount);
  for (std::int64_t i = 0; i < kCount; ++i) expected[static_cast<std::size_t>(i)] = value(i);
  ThreadPool pool(GetParam());
  std::vector<float> found(kCount);
  pool.parallel_for(kCount, 16, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) found[static_cast<std::size_t>(i)] = value(i);
  });
  EXPECT_EQ(found, expected);
}

// Law: no two chunks run at the same time with the same worker number.
TEST_P(ThreadPoolTest, AWorkersScratchIsItsOwn) {
  ThreadPool pool(GetParam());
  std::vector<std::atomic<int>> inside(static_cast<std::size_t>(GetParam()));
  std::atomic<int> overlaps{0};
  for (int repeat = 0; repeat < 20; ++repeat) {
    pool.parallel_for(200, 1, [&](std::int64_t, std::int64_t, int worker) {
      auto& flag = inside[static_cast<std::size_t>(worker)];
      if (flag.fetch_add(1) != 0) ++overlaps;
      volatile int spin = 0;
      for (int i = 0; i < 100; ++i) spin = spin + i;
      flag.fetch_sub(1);
    });
  }
  EXPECT_EQ(overlaps.load(), 0);
}

// Many short calls after each other: no call returns before its chunks are done, none runs chunks of another.
TEST_P(ThreadPoolTest, ManyShortCalls) {
  ThreadPool pool(GetParam());
  std::vector<std::int64_t> sums(64);
  for (std::int64_t round = 1; round <= 3000; ++round) {
    pool.parallel_for(64, 1, [&](std::int64_t begin, std::int64_t, int) {
      sums[static_cast<std::size_t>(begin)] += round;
    });
  }
  for (const std::int64_t sum : sums) ASSERT_EQ(sum, 3000 * 3001 / 2);
}

TEST_P(ThreadPoolTest, PoolsComeAndGo) {
  for (int i = 0; i < 50; ++i) {
    ThreadPool pool(GetParam());
    std::atomic<int> count{0};
    if (i % 2 == 0) pool.parallel_for(10, 1, [&](std::int64_t, std::int64_t, int) { ++count; });
    EXPECT_EQ(count.load(), i % 2 == 0 ? 10 : 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest, ::testing::Values(1, 2, 4));

TEST(ThreadPool, OneThreadRunsOnTheCaller) {
  ThreadPool pool(1);
  std::set<std::thread::id> seen;
  pool.parallel_for(10, 1, [&](std::int64_t, std::int64_t, int) { seen.insert(std::this_thread::get_id()); });
  EXPECT_EQ(seen, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(ThreadPoolDeathTest, MisuseIsABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(ThreadPool(0), "check failed");
  EXPECT_DEATH(
      {
        ThreadPool pool(2);
        pool.parallel_for(8, 1, [&](std::int64_t, std::int64_t, int) {
          pool.parallel_for(8, 1, [](std::int64_t, std::int64_t, int) {});
        });
      },
      "check failed");
}

TEST(ThreadPool, AvailableCores) { EXPECT_GE(available_cores(), 1); }

}  // namespace
}  // namespace inknav::base
