// SPDX-License-Identifier: MIT
#include "nav/allocation_count_test.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

namespace {
std::atomic<std::size_t> count{0};

void* counted(std::size_t size) {
  count.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace inknav::nav::testing {

std::size_t num_allocations() { return count.load(std::memory_order_relaxed); }

TEST(AllocationCount, CountsNew) {
  const std::size_t before = num_allocations();
  auto memory = std::make_unique<int>(1);
  EXPECT_GT(num_allocations(), before);
}

}  // namespace inknav::nav::testing
