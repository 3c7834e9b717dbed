// SPDX-License-Identifier: MIT
#pragma once
// ThreadPool: a fixed set of threads that run index ranges. The caller takes part, so ThreadPool(1) has no
// thread of its own and runs everything on the calling thread.
//
// parallel_for cuts [0, n) into fixed chunks and hands them out dynamically; which thread runs a chunk is
// not determined, so a body must write only to what belongs to its indices (results then never depend on
// the number of threads). `worker` in [0, num_threads()) names scratch space of the running thread.
// No allocation per call. One parallel_for at a time per pool; calls from inside a body are a bug.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace inknav::base {

class ThreadPool {
 public:
  /// num_threads >= 1, the calling thread included.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_threads() const { return static_cast<int>(threads_.size()) + 1; }

  /// Calls body(begin, end, worker) over chunks of at most `grain` indices of [0, n).
  template <typename Body>
  void parallel_for(std::int64_t n, std::int64_t grain, Body&& body) {
    using Stored = std::remove_reference_t<Body>;
    run(
        n, grain,
        [](void* context, std::int64_t begin, std::int64_t end, int worker) {
          (*static_cast<Stored*>(context))(begin, end, worker);
        },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Trampoline = void (*)(void* context, std::int64_t begin, std::int64_t end, int worker);
  void run(std::int64_t n, std::int64_t grain, Trampoline trampoline, void* context);
  void work(int worker);
  void take_chunks(int worker);

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable finish_;
  std::uint64_t generation_ = 0;
  int running_ = 0;
  bool stop_ = false;

  Trampoline trampoline_ = nullptr;
  void* context_ = nullptr;
  std::int64_t count_ = 0;
  std::int64_t grain_ = 1;
  std::atomic<std::int64_t> next_{0};
};

/// Number of threads worth starting: cores by affinity mask and control groups (usable_cores), at least 1.
int available_cores();

}  // namespace inknav::base
