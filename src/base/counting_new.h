// SPDX-License-Identifier: MIT
#pragma once
// Replaces the global operator new of a test program by one that counts (base/allocation_count.h). It defines
// functions: exactly one source file of a program includes it.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "base/allocation_count.h"

namespace inknav::base::testing {

inline std::atomic<std::size_t> allocation_count{0};

inline void* counted_memory(std::size_t size, std::size_t alignment = 1) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  const std::size_t wanted = size > 0 ? size : 1;
  void* memory = alignment <= alignof(std::max_align_t)
                     ? std::malloc(wanted)
                     : std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

std::size_t num_allocations() { return allocation_count.load(std::memory_order_relaxed); }

}  // namespace inknav::base::testing

void* operator new(std::size_t size) { return inknav::base::testing::counted_memory(size); }
void* operator new[](std::size_t size) { return inknav::base::testing::counted_memory(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return inknav::base::testing::counted_memory(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return inknav::base::testing::counted_memory(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
