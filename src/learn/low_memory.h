// SPDX-License-Identifier: MIT
#pragma once
// What to do when memory runs out inside libtorch or the standard library: tell it from other faults, give
// back what is only cached, try once more.

#include <exception>

namespace c10 {
struct DeviceAllocator;
}

namespace inknav::learn {

/// c10::OutOfMemoryError (devices), libtorch's "can't allocate memory" (host), what CUDA and its libraries
/// say when they get none themselves, std::bad_alloc, and a base::Fault of kDeviceMemory.
bool is_out_of_memory(const std::exception& fault);

/// libtorch's, of all GPUs; null where it has none.
c10::DeviceAllocator* gpu_allocator();

/// Gives freed memory back: libtorch's cache of the devices that are in use, and the heap.
void release_cached_memory();

/// work(), and once more when memory ran out in it; the second failure, and any other, is the caller's.
/// `work` must leave nothing half done that a second run would do twice.
template <typename Work>
auto with_second_try(Work&& work) {
  try {
    return work();
  } catch (const std::exception& fault) {
    if (!is_out_of_memory(fault)) throw;
  }
  release_cached_memory();
  return work();
}

}  // namespace inknav::learn
