// SPDX-License-Identifier: MIT
#include "learn/diffusion/allocation_count_test.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

namespace {
std::atomic<std::size_t> count{0};

void* counted(std::size_t size, std::size_t alignment = 0) {
  count.fetch_add(1, std::memory_order_relaxed);
  const std::size_t wanted = size > 0 ? size : 1;
  void* memory = alignment == 0
                     ? std::malloc(wanted)
                     : std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace inknav::learn::testing {

std::size_t num_allocations() { return count.load(std::memory_order_relaxed); }

TEST(AllocationCount, CountsNew) {
  const std::size_t before = num_allocations();
  auto memory = std::make_unique<int>(1);
  EXPECT_GT(num_allocations(), before);
}

}  // namespace inknav::learn::testing
