// SPDX-License-Identifier: MIT
#include "task/demonstration_prefetch.h"

#include <utility>

namespace inknav::task {

DemonstrationPrefetch::DemonstrationPrefetch(const DemonstrationSet& set, int num_workers) : set_(set) {
  for (int i = 0; i < num_workers; ++i) workers_.emplace_back([this] { work(); });
}

DemonstrationPrefetch::~DemonstrationPrefetch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

base::Result<std::shared_ptr<Demonstration>> DemonstrationPrefetch::load(std::size_t index) const {
  INKNAV_ASSIGN_OR_RETURN(Demonstration walk, set_.load(index));
  return std::make_shared<Demonstration>(std::move(walk));
}

void DemonstrationPrefetch::want(std::size_t index) {
  if (workers_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (wanted_[index].takers++ == 0) queue_.push_back(index);
  }
  changed_.notify_all();
}

base::Result<std::shared_ptr<Demonstration>> DemonstrationPrefetch::take(std::size_t index) {
  std::unique_lock lock(mutex_);
  const auto found = wanted_.find(index);
  if (found == wanted_.end()) {
    lock.unlock();
    return load(index);
  }
  changed_.wait(lock, [&] { return found->second.walk.has_value(); });
  base::Result<std::shared_ptr<Demonstration>> walk = *found->second.walk;
  if (--found->second.takers == 0) wanted_.erase(found);
  return walk;
}

void DemonstrationPrefetch::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    if (ending_) return;
    const std::size_t index = queue_.front();
    queue_.pop_front();
    lock.unlock();
    auto walk = load(index);
    lock.lock();
    wanted_[index].walk = std::move(walk);
    changed_.notify_all();
  }
}

}  // namespace inknav::task
