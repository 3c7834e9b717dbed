// SPDX-License-Identifier: MIT
#include "learn/low_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <malloc.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <new>
#include <string_view>

#include "base/fault.h"

namespace inknav::learn {

namespace {

// What has no error of its own: the host's allocator; pinned memory, modules and graphs of CUDA; its
// libraries.
constexpr std::array<std::string_view, 4> kWords = {"can't allocate memory", "CUDA error: out of memory",
                                                    "CUBLAS_STATUS_ALLOC_FAILED",
                                                    "CUDNN_STATUS_ALLOC_FAILED"};

}  // namespace

bool is_out_of_memory(const std::exception& fault) {
  if (dynamic_cast<const std::bad_alloc*>(&fault) != nullptr) return true;
  if (const auto* told = dynamic_cast<const base::Fault*>(&fault))
    return told->error().code == base::ErrorCode::kDeviceMemory;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&fault) != nullptr) return true;
  const std::string_view words = fault.what();
  return std::any_of(kWords.begin(), kWords.end(),
                     [words](std::string_view some) { return words.find(some) != std::string_view::npos; });
}

c10::DeviceAllocator* gpu_allocator() {
  if (!at::hasCUDA()) return nullptr;
  return dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::DeviceType::CUDA));
}

void release_cached_memory() {
  c10::DeviceAllocator* const cache = gpu_allocator();
  if (cache != nullptr && cache->initialized()) cache->emptyCache();
  ::malloc_trim(0);
}

}  // namespace inknav::learn
