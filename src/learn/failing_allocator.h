// SPDX-License-Identifier: MIT
#pragma once
// Tests only: libtorch's memory of the host runs out on demand.
//
//   FailingAllocator memory;             // in place of libtorch's own while the object lives
//   memory.fail_at(7);                   // the seventh allocation from here fails, once
//   memory.fail_above(1 << 20);          // every allocation of more bytes fails
// Threads: one.

#include <c10/core/CPUAllocator.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

namespace inknav::learn::testing {

class FailingAllocator final : public c10::Allocator {
 public:
  FailingAllocator() : real_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this); }
  ~FailingAllocator() override { c10::SetCPUAllocator(real_); }
  FailingAllocator(const FailingAllocator&) = delete;
  FailingAllocator& operator=(const FailingAllocator&) = delete;

  c10::DataPtr allocate(std::size_t bytes) override {
    ++count_;
    largest_ = std::max(largest_, bytes);
    if (count_ == fails_at_ || bytes > above_) {
      ++failures_;
      // Both ways in which it happens: a device's and the standard library's.
      if (failures_ % 2 == 0) throw std::bad_alloc();
      TORCH_CHECK_WITH(OutOfMemoryError, false, "injected: out of memory");
    }
    return real_->allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return real_->raw_deleter(); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

  void fail_at(std::int64_t number) {
    count_ = 0;
    fails_at_ = number;
  }
  void fail_above(std::size_t bytes) { above_ = bytes; }
  void never_fail() {
    fails_at_ = 0;
    above_ = kNever;
  }
  std::int64_t failures() const { return failures_; }
  /// Largest allocation since the last call.
  std::size_t take_largest() { return std::exchange(largest_, 0); }

 private:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  c10::Allocator* real_;
  std::int64_t count_ = 0;
  std::int64_t fails_at_ = 0;  // 0: none does
  std::size_t above_ = kNever;
  std::size_t largest_ = 0;
  std::int64_t failures_ = 0;
};

}  // namespace inknav::learn::testing
