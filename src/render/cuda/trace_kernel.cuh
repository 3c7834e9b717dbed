// SPDX-License-Identifier: MIT
#pragma once
// The tracing kernel: one thread a pixel, one warp 8 x 4 pixels, one block a few warps of one view, as many
// as its form says (kCudaKernels). All forms give the same images.

#include <cuda_runtime.h>

#include "render/cuda/cuda_abi.h"
#include "render/cuda/device_scene.cuh"

namespace inknav::render {

/// Everything in device memory; an image that is null is not made.
struct TraceArguments {
  const CudaView* views;
  const DeviceScene* scenes;
  CudaTargets targets;

  bool depth_wanted() const { return targets.depth != nullptr || targets.pictures.depth.data != nullptr; }
  bool rgb_wanted() const { return targets.rgb != nullptr || targets.pictures.rgb.data != nullptr; }
};

/// Renders `count` views on `stream`; does not wait. Without colours the kernel that never shades. `form` is
/// an index of kCudaKernels.
cudaError_t launch_trace(cudaStream_t stream, std::uint32_t form, const CudaCamera& camera,
                         const TraceArguments& arguments, std::uint32_t count);

}  // namespace inknav::render
