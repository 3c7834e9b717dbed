// SPDX-License-Identifier: MIT
#include "learn/low_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <malloc.h>
#include <torch/torch.h>

#include <new>
#include <string_view>

#include "base/fault.h"

namespace inknav::learn {

bool is_out_of_memory(const std::exception& fault) {
  if (dynamic_cast<const std::bad_alloc*>(&fault) != nullptr) return true;
  if (const auto* told = dynamic_cast<const base::Fault*>(&fault))
    return told->error().code == base::ErrorCode::kDeviceMemory;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&fault) != nullptr) return true;
  // The host's allocator has no error of its own.
  return std::string_view(fault.what()).find("can't allocate memory") != std::string_view::npos;
}

void release_cached_memory() {
  if (at::hasCUDA()) {
    auto* cache = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::DeviceType::CUDA));
    if (cache != nullptr && cache->initialized()) cache->emptyCache();
  }
  ::malloc_trim(0);
}

}  // namespace inknav::learn
