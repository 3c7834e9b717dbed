// SPDX-License-Identifier: MIT
#include "base/thread_pool.h"

#include <algorithm>

#include "base/check.h"
#include "base/control_group.h"

namespace inknav::base {

ThreadPool::ThreadPool(int num_threads) {
  INKNAV_CHECK(num_threads >= 1, num_threads);
  for (int worker = 1; worker < num_threads; ++worker) {
    threads_.emplace_back([this, worker] { work(worker); });
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run(std::int64_t n, std::int64_t grain, Trampoline trampoline, void* context) {
  INKNAV_CHECK(grain >= 1, grain);
  if (n <= 0) return;
  if (threads_.empty() || n <= grain) {
    for (std::int64_t begin = 0; begin < n; begin += grain)
      trampoline(context, begin, std::min(n, begin + grain), 0);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    INKNAV_CHECK(running_ == 0, running_);
    trampoline_ = trampoline;
    context_ = context;
    count_ = n;
    grain_ = grain;
    next_.store(0, std::memory_order_relaxed);
    running_ = static_cast<int>(threads_.size());
    ++generation_;
  }
  start_.notify_all();
  take_chunks(0);
  std::unique_lock lock(mutex_);
  finish_.wait(lock, [this] { return running_ == 0; });
}

void ThreadPool::take_chunks(int worker) {
  for (;;) {
    const std::int64_t begin = next_.fetch_add(grain_, std::memory_order_relaxed);
    if (begin >= count_) return;
    trampoline_(context_, begin, std::min(count_, begin + grain_), worker);
  }
}

void ThreadPool::work(int worker) {
  std::uint64_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stop_ || generation_ != seen; });
      if (stop_) return;
      seen = generation_;
    }
    take_chunks(worker);
    {
      std::lock_guard lock(mutex_);
      if (--running_ == 0) finish_.notify_one();
    }
  }
}

int available_cores() { return usable_cores(affinity_cores(), control_group_limits()); }

}  // namespace inknav::base
