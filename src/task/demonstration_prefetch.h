// SPDX-License-Identifier: MIT
#pragma once
// DemonstrationPrefetch: walks that will be needed are read and unpacked ahead of time, on threads of their
// own, so that training does not wait for the disk. What is read does not depend on when.
//
//   prefetch.want(next);                    // for each walk, once
//   auto walk = prefetch.take(next);        // waits if it is not there yet; reads it itself if nobody wanted
//   it
// Threads: want() and take() from one thread. Memory: the walks that are wanted and not yet taken.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "task/demonstration_reader.h"

namespace inknav::task {

class DemonstrationPrefetch {
 public:
  /// `num_workers` 0: everything is read by take(). `set` must outlive it.
  DemonstrationPrefetch(const DemonstrationSet& set, int num_workers);
  ~DemonstrationPrefetch();
  DemonstrationPrefetch(const DemonstrationPrefetch&) = delete;
  DemonstrationPrefetch& operator=(const DemonstrationPrefetch&) = delete;

  void want(std::size_t index);
  base::Result<std::shared_ptr<Demonstration>> take(std::size_t index);

 private:
  struct Wanted {
    int takers = 0;
    std::optional<base::Result<std::shared_ptr<Demonstration>>> walk;
  };
  base::Result<std::shared_ptr<Demonstration>> load(std::size_t index) const;
  void work();

  const DemonstrationSet& set_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> queue_;
  std::map<std::size_t, Wanted> wanted_;
  bool ending_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace inknav::task
