// SPDX-License-Identifier: MIT
#pragma once
// CountedMemory: how many bytes libtorch holds on this thread's account while the object lives, and the most
// it held. Counts every tensor that is allocated on the host meanwhile, until it is freed; those from before
// do not count. What a library takes behind libtorch's back does not either. Threads: the one that made it.

#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <utility>

namespace inknav::learn {

class CountedMemory {
 public:
  CountedMemory()
      : counter_(std::make_shared<Counter>()), guard_(c10::DebugInfoKind::PROFILER_STATE, counter_) {}
  ~CountedMemory() { FLAGS_caffe2_log_level = log_level_; }
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;

  std::uint64_t held_bytes() const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(counter_->held, 0));
  }
  std::uint64_t most_bytes() const { return static_cast<std::uint64_t>(counter_->most); }

 private:
  struct Counter final : c10::MemoryReportingInfoBase {
    void reportMemoryUsage(void* place, std::int64_t bytes, std::size_t, std::size_t,
                           c10::Device device) override {
      if (!device.is_cpu()) return;
      // What libtorch says of a tensor from before may be the size of another one that lay there once.
      if (bytes > 0) {
        places.insert(place);
      } else if (places.erase(place) == 0) {
        return;
      }
      held += bytes;
      most = std::max(most, held);
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::unordered_set<const void*> places;  // of what is held
    std::int64_t held = 0;
    std::int64_t most = 0;
  };
  // libtorch warns of tensors from before that are freed; that is as it should be.
  int log_level_ = std::exchange(FLAGS_caffe2_log_level, c10::GLOG_ERROR);
  std::shared_ptr<Counter> counter_;
  c10::DebugInfoGuard guard_;
};

}  // namespace inknav::learn
