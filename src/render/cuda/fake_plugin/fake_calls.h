// SPDX-License-Identifier: MIT
#pragma once
// What the fake plug-in was asked for since it was opened or since somebody zeroed it. A test finds it by its
// name in the library that is open already; one thread at a time. Nothing of it is in the real plug-in.

#include <cstdint>

#include "render/cuda/cuda_abi.h"

namespace inknav::render {

struct FakeCalls {
  int images = 0;  // create_images
  int enqueued = 0;
  int marked = 0;
  int waited = 0;  // wait_views of a batch that was marked
  int to_host = 0;
  void* stream = nullptr;   // of the last pictures
  CudaTargets targets{};    // of the last enqueue
  std::uint32_t views = 0;  // of the last batch
};

inline constexpr const char* kFakeCalls = "inknav_fake_cuda_calls";
using FakeCallsEntry = FakeCalls* (*)();

}  // namespace inknav::render
